"""One of two processes: `python -m tests.training.processes.worker FOLDER` leaves what it found there, by its rank."""

import faulthandler
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from safetensors.torch import save_file
from tests.training.heard import Heard
from tests.training.processes.parts import ROWS, normalised, rows, trained
from torch import Tensor, nn

from convsight.augmentation import Batch
from convsight.errors import UserError
from convsight.progress import Listener
from convsight.training import train as training
from convsight.training.clock import Clock
from convsight.training.fit import fit
from convsight.training.processes.processes import Processes
from convsight.training.processes.start import joined
from convsight.training.step import prepared

FORMATS = [(torch.float32, 2), (torch.float32, 3), (torch.bfloat16, 2)]
# Number format, axes of the images, and rows of the batch: 4 and 3 of it, or one that both have.
KINDS = [(torch.float32, 1, ROWS), *((dtype, dims, whole) for dtype, dims in FORMATS for whole in (ROWS, 1))]


def batch_norm(p: Processes) -> dict[str, Tensor]:
    """Outputs, gradients and statistics of this process' rows; then of a batch of one, which all have."""
    found: dict[str, Tensor] = {}
    for dtype, dims, whole in KINDS:
        layer, (x, gradient) = normalised(dims), rows(dtype, dims)
        share = p.share(whole)
        own = x[share.rows].clone().requires_grad_()
        with p.step(share):
            out = layer(own)
            out.backward(gradient[share.rows] / share.copies)
        p.add_gradients(layer.parameters())
        assert own.grad is not None
        gradients = {f"{key}.grad": value.grad for key, value in layer.named_parameters()}
        its = {"out": out.detach(), "grad": own.grad * share.copies, **layer.state_dict(), **gradients}
        found |= {f"{dtype}-{dims}-{whole}/{key}": value for key, value in its.items() if value is not None}
    return found


def words(p: Processes) -> dict[str, Any]:
    """What is agreed on."""
    clock = Clock.for_epochs(3 + p.rank, 5)
    clock.deadline = 1e9 + p.rank
    p.follow(clock)
    layer = nn.Linear(2, 2)
    torch.nn.init.constant_(layer.weight, float(p.rank))
    unused = nn.Parameter(torch.ones(2))
    layer.bias.grad = torch.ones(2) if p.rank else None
    p.add_gradients([*layer.parameters(), unused])
    summed = None if layer.bias.grad is None else layer.bias.grad.tolist()
    p.take_weights(layer)
    taken = float(layer.weight.detach().sum())
    p.check_alike(layer)
    with torch.no_grad():
        layer.bias[0] += 1e-7 * p.rank
    try:
        p.check_alike(layer)
        drifted = ""
    except UserError as error:
        drifted = str(error)
    return {
        "remaining": clock.remaining,
        "deadline": clock.deadline,
        "gradients": [layer.weight.grad is None, summed, unused.grad is None],
        "taken": taken,
        "drifted": drifted,
        "of_all": _losses(p),
        "first": p.same([p.rank, "x"]),
        "made": p.from_first(lambda: os.environ["RANK"]),
        "words": [p.first_words("mine" if p.rank else ""), p.first_words("")],
        "seed": p.seed(5),
    }


def main(folder: Path) -> None:
    faulthandler.dump_traceback_later(250, exit=True)  # where it hangs is told
    rank = int(os.environ["RANK"])
    found: dict[str, Any] = {}
    with joined("cpu") as p:
        save_file(
            {name: value.contiguous() for name, value in batch_norm(p).items()}, folder / f"norm-{rank}.safetensors"
        )
        found["words"] = words(p)
    heard = Heard()
    found["run"] = str(trained(folder / "data", folder / "two", heard).path)
    trained(folder / "data", folder / "mixed", heard, own={"mixup": 0.4}, accumulate=1, epochs=1)
    found["heard"] = heard.said
    found["bad"] = _failing(lambda: trained(folder / "data", folder / "bad", heard, net="resnet81"))
    found["elsewhere"] = _failing(_fail_elsewhere)
    with patch("convsight.training.fit.prepared", _infinite_in_one):
        found["infinite"] = _failing(lambda: trained(folder / "data", folder / "infinite", heard))
    (folder / f"found-{rank}.json").write_text(json.dumps(found))
    _lose_one(folder, rank)


def _losses(p: Processes) -> list[float]:
    """Of a batch of seven: 4 rows cost 1, 3 rows 8."""
    with p.step(p.share(ROWS)):
        found = p.of_all({"total": torch.tensor(8.0 if p.rank else 1.0), "part": torch.tensor(7.0)})
    return [float(value) for value in found.values()]


def _failing(call: Callable[[], object]) -> list[str]:
    try:
        call()
    except UserError as error:
        return [type(error).__name__, str(error)]
    return []


def _fail_elsewhere() -> None:
    """What only process 1 finds wrong, while the first waits for it."""
    with joined("cpu") as p:
        if not p.is_first:
            raise UserError("only here")
        p.first_words("")


def _infinite_in_one(t: Any, loaded: Any, side: int | None = None) -> Batch:
    batch = prepared(t, loaded, side)
    if not t.processes.is_first:
        batch.image[0] = torch.nan
    return batch


def _lose_one(folder: Path, rank: int) -> None:
    """Train, and kill process 1 in the middle of the second epoch."""

    def killed(t: Any, listener: Listener) -> None:
        step = t.learner.step

        def last(batch: Any, update: Any) -> Any:
            if rank and t.epoch == 1:
                os.kill(os.getpid(), signal.SIGKILL)
            return step(batch, update)

        t.learner.step = last
        fit(t, listener)

    with patch.object(training, "fit", killed):
        lost = _failing(lambda: trained(folder / "data", folder / "lost", Heard()))
    (folder / f"lost-{rank}.txt").write_text(lost[1])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
