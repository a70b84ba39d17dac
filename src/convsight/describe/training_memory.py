"""The memory of a training step, predicted by running one without numbers.

Forward pass, loss and gradients are run on PyTorch's meta device while every storage is counted from its birth to its
release, so what autograd keeps, what is written over and what is shared is what PyTorch itself keeps, overwrites and
shares. The optimizer's state is counted by what it keeps for each weight.
"""

import weakref
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from convsight.nets.dry_run.run import in_mode, type_of, without_numbers

# Copies of the trained weights that an optimizer keeps.
OPTIMIZER_COPIES = {"adamw": 2, "adam": 2, "muon": 1, "rmsprop": 1, "sgd": 1}


@dataclass(frozen=True)
class Memory:
    """Bytes of one training step in float32. `peak` is the most that lives at one moment.

    `activations` is what the forward pass leaves for the backward pass, the images included.
    """

    batch: int
    optimizer: str
    weights: int
    gradients: int
    optimizer_state: int
    activations: int
    peak: int

    def to_json(self) -> dict[str, Any]:
        """Every field by its name."""
        return asdict(self)


def training_memory(model: nn.Module, shape: Sequence[int], optimizer: str = "adamw") -> Memory:
    """The memory of a training step of `model` on images of `shape` (batch, channels, *sides).

    Counts what PyTorch allocates for tensors, not what libraries use as scratch or the process itself.

    >>> memory = training_memory(nn.Linear(1000, 10), (64, 1000))
    >>> memory.weights, memory.gradients, memory.optimizer_state
    (40040, 40040, 80080)
    """
    ledger = _Ledger()
    with in_mode(model, training=True), torch.random.fork_rng(devices=[]), torch.enable_grad(), ledger:
        weights = without_numbers(model)
        held = ledger.live
        images = torch.empty(*shape, device="meta", dtype=type_of(model))
        output = torch.func.functional_call(model, weights, (images,))
        del images  # autograd keeps them where they are needed
        loss = _loss(output)
        del output
        activations = ledger.live - held
        if loss.requires_grad:  # else nothing is trained
            loss.backward()  # type: ignore[no-untyped-call]
    trained = [value for value in weights.values() if value.requires_grad]
    sizes = [value.numel() * value.element_size() for value in trained]
    state = OPTIMIZER_COPIES[optimizer] * sum(sizes)
    # The state is there from the first step on; the step itself works on one weight after another.
    peak = max(ledger.peak + state, ledger.live + state + 2 * max(sizes, default=0))
    return Memory(shape[0], optimizer, held, sum(sizes), state, activations, peak)


def _loss(output: Any) -> Tensor:
    """A loss over whatever a network gives: cross-entropy of logits, else the sum of all it gives."""
    if isinstance(output, Tensor) and output.ndim == 2:
        return F.cross_entropy(output, torch.empty(len(output), dtype=torch.long, device="meta"))
    return torch.stack([tensor.float().sum() for tensor in _all_tensors(output)]).sum()


def _all_tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict | list | tuple):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _all_tensors(part)


class _Ledger(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the bytes of every storage between its birth and its release."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.live = 0
        self.peak = 0
        self._known: dict[int, weakref.ref[torch.UntypedStorage]] = {}

    def __torch_dispatch__(
        self, func: Any, types: Collection[type], args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        out = func(*args, **(kwargs or {}))
        for value in out if isinstance(out, tuple | list) else [out]:
            if isinstance(value, Tensor):
                self._enter(value.untyped_storage())
        return out

    def _enter(self, storage: torch.UntypedStorage) -> None:
        key, size = storage._cdata, storage.nbytes()
        if key in self._known:
            return

        def leave(_: Any) -> None:
            del self._known[key]
            self.live -= size

        self._known[key] = weakref.ref(storage, leave)
        self.live += size
        self.peak = max(self.peak, self.live)


def resident_bytes(what: str) -> int:
    """Bytes of this process in memory: now ("VmRSS") or at most so far ("VmHWM"). Linux only; 0 elsewhere."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(what)), 0)
