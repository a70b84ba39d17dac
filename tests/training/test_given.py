"""A program's own network, loss, optimizer, augmentation and callbacks: what they do, and what they cannot do."""

import random
import traceback
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.conftest import trained_once
from tests.training.same_bits import assert_same_bits
from torch import Tensor, nn
from torch.nn import functional as F

import convsight
from convsight.augmentation import Batch
from convsight.errors import UserError
from convsight.nets.catalogue import NetShape, build_net
from convsight.rng import RngKeys
from convsight.run import Run
from convsight.training.callbacks import AfterEpoch, AfterStep
from convsight.training.checkpoint import read_checkpoint
from convsight.training.given import taken

TEXT = "conv 8 3x3 same | batchnorm | relu | dropout 0.2 | globalavg | dense classes"
FAST: dict[str, Any] = {"epochs": 2, "batch": 16, "quiet": True, "precision": "float32", "size": 16, "seed": 3}


class Net(nn.Module):
    """As CONTRIBUTING has them: made of a shape."""

    def __init__(self, shape: NetShape) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(shape.channels, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU())
        self.dropout = nn.Dropout(0.2)
        self.head = nn.Linear(6, shape.outputs)

    def forward(self, images: Tensor) -> Tensor:
        found: Tensor = self.head(self.dropout(self.features(images).mean(dim=(2, 3))))
        return found


class Other(Net):
    """The same weights behind one layer more."""

    def __init__(self, shape: NetShape) -> None:
        super().__init__(shape)
        self.more = nn.ReLU()


Other.__name__ = "Net"


def loss(outputs: Tensor, targets: Tensor) -> Tensor:
    return F.cross_entropy(outputs, targets, label_smoothing=0.1)


def nadam(weights: list[nn.Parameter]) -> torch.optim.Optimizer:
    return torch.optim.NAdam(weights, lr=2e-3)


def noisy(batch: Batch, keys: RngKeys) -> Batch:
    strength = 0.1 * random.random() * np.random.rand()
    return Batch({"image": batch.image + strength * torch.randn_like(batch.image)}, batch.targets)


class Counting(torch.optim.Optimizer):
    """Plain gradient descent that slows down by numbers it counts, of weights and of groups."""

    def __init__(self, weights: list[nn.Parameter], lr: float = 0.01) -> None:
        super().__init__(weights, {"lr": lr, "slower": 1.0, "pair": (1, 2)})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for weight in group["params"]:
                state = self.state[weight]
                state["times"] = state.get("times", 0) + 1
                state["sum"] = state.get("sum", torch.zeros_like(weight)) + weight.grad
                weight.sub_(group["lr"] * group["slower"] * state["sum"] / state["times"])
            group["slower"] *= 0.9
            assert isinstance(group["pair"], tuple)


OBJECTS: dict[str, Any] = {"net": Net, "loss": loss, "optimizer": nadam, "augmentation": noisy}


def data() -> tuple[Any, Any]:
    """Dark and bright images of colours."""
    levels = np.arange(60) % 2
    images = np.random.default_rng(0).integers(0, 120, (60, 16, 16, 3)) + levels[:, None, None, None] * 60
    return images.astype(np.uint8), levels


def trained(place: Path, **choices: Any) -> Run:
    return convsight.train(data(), run=place, **{**FAST, "export": False, **choices})


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of all four objects, exported with its proof; not to be changed."""
    make = partial(convsight.train, data(), **OBJECTS, **FAST)
    return trained_once(tmp_path_factory, "own-objects", lambda place: make(run=place))


def test_the_card_names_what_was_given_and_the_graph_needs_none_of_it(own: Run) -> None:
    net, *others = own.card.training["given"]
    assert net == "net Net"
    assert [words.split("-")[0] for words in others] == ["loss loss", "optimizer nadam", "augmentation noisy"]
    assert own.card.net.startswith("own:Net-")
    images, _ = data()
    exported, passed = convsight.load(own.path), convsight.load(own.path, net=Net)
    assert (exported.engine.name, passed.engine.name) == ("openvino", "torch")
    one, other = (model.predict(images[0]).to_json()["labels"] for model in (exported, passed))
    assert [each["probability"] for each in one] == pytest.approx([each["probability"] for each in other], abs=2e-3)
    judged = [convsight.evaluate(own.path, data(), quiet=True, net=net).metrics for net in (None, Net)]
    assert judged[0]["test/accuracy"].value == judged[1]["test/accuracy"].value


@pytest.mark.slow
def test_files_of_a_programs_network_ask_for_it_or_for_the_graph(own: Run, tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"its network Net is of the program .*: give it again, net=\.\.\. .*model\.onnx"
    ):
        convsight.load(own.model_file)
    with pytest.raises(UserError, match="layers or shapes of weights differ"):
        convsight.load(own.path, net=lambda shape: build_net(TEXT, shape))
    exported = convsight.export(own.path, out=tmp_path / "again.onnx", data=data(), net=Net, quiet=True)
    assert all(proof.holds for proof in exported.card.proofs[:1])


def test_own_objects_that_do_what_ours_do_train_to_the_same_bits(tmp_path: Path) -> None:
    ours = trained(tmp_path / "a", net=TEXT, optimizer="sgd", lr=0.01, weight_decay=0.0, label_smoothing=0.0)
    theirs = trained(
        tmp_path / "b",
        net=lambda shape: build_net(TEXT, shape),
        loss=nn.CrossEntropyLoss(),
        optimizer=partial(torch.optim.SGD, lr=0.01, momentum=0.9, nesterov=True, fused=True),
    )
    one, other = ours.checkpoint_file, theirs.checkpoint_file
    mine, its = (read_checkpoint(file) for file in (one, other))
    for part in ("learner", "ema"):
        assert mine.part(part), part
        pairs = zip(mine.part(part).values(), its.part(part).values(), strict=True)
        assert all(torch.equal(first, second) for first, second in pairs), part
    assert theirs.settings()[0].given[1] == "loss CrossEntropyLoss()"
    assert theirs.settings()[1]["lr"] == 0.01


def test_a_module_is_copied_and_keeps_its_own_weights(tmp_path: Path) -> None:
    net = Net(NetShape(2, 3, 16, 16))
    before = {name: value.clone() for name, value in net.state_dict().items()}
    runs = [trained(tmp_path / name, net=net, epochs=1) for name in "ab"]
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert_same_bits(*runs)
    assert convsight.load(runs[0].path, net=net).card.net == runs[0].card.net


def test_callbacks_that_draw_and_edit_change_no_bit(tmp_path: Path) -> None:
    steps: list[AfterStep] = []
    epochs: list[AfterEpoch] = []

    def on_step(told: AfterStep) -> None:
        steps.append(told)
        torch.manual_seed(0)
        np.random.seed(0)
        random.seed(0)
        torch.set_grad_enabled(False)
        for weights in told.network().parameters():
            weights.zero_()
        with pytest.raises(TypeError):
            told.losses["total"] = 0.0  # type: ignore[index]

    def on_epoch(told: AfterEpoch) -> None:
        epochs.append(told)
        torch.rand(5)
        torch.set_default_dtype(torch.float64)
        told.network().train()(torch.zeros(2, 3, 16, 16, dtype=torch.float32))

    assert_same_bits(
        trained(tmp_path / "a", **OBJECTS), trained(tmp_path / "b", **OBJECTS, on_step=on_step, on_epoch=on_epoch)
    )
    assert [told.step for told in steps] == list(range(1, 7))
    assert [told.epoch for told in epochs] == [1, 2]
    assert epochs[0].row["epoch"] == 1
    assert steps[-1].losses["total"] > 0
    assert not steps[0].network().training


def test_an_error_of_a_callback_stops_and_keeps_and_is_shown(tmp_path: Path) -> None:
    def failing(told: AfterStep) -> None:
        if told.step == 4:
            raise ValueError("mine")

    with pytest.raises(ValueError, match="mine") as raised:
        trained(tmp_path / "a", **OBJECTS, on_step=failing)
    assert any(frame.name == "failing" for frame in traceback.extract_tb(raised.value.__traceback__))
    stopped = Run(tmp_path / "a")
    assert "convsight.resume(" in (stopped.path / "log.txt").read_text()
    convsight.resume(stopped.path, data=data(), quiet=True, **OBJECTS)
    assert_same_bits(stopped, trained(tmp_path / "b", **OBJECTS))


def test_an_optimizer_that_keeps_plain_numbers_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    def stop(told: AfterStep) -> None:
        if told.step == 4:  # within an epoch
            raise InterruptedError

    with pytest.raises(InterruptedError):
        trained(tmp_path / "a", optimizer=Counting, net=Net, on_step=stop)
    convsight.resume(tmp_path / "a", data=data(), quiet=True, optimizer=Counting, net=Net)
    assert_same_bits(Run(tmp_path / "a"), trained(tmp_path / "b", optimizer=Counting, net=Net))


def test_a_run_goes_on_with_the_same_objects_alone(own: Run) -> None:
    go_on = partial(convsight.resume, own.path, data=data(), epochs=3, quiet=True)
    with pytest.raises(
        UserError, match=r"was trained with the loss loss of a program: .*convsight\.resume\(.*loss=\.\.\."
    ):
        go_on(**{**OBJECTS, "loss": None})
    with pytest.raises(UserError, match=r"loss=\.\.\.: .* was trained with loss-\w+, and what is given is not that"):
        go_on(**{**OBJECTS, "loss": nn.CrossEntropyLoss()})
    with pytest.raises(UserError, match="layers or shapes of weights differ"):
        go_on(**{**OBJECTS, "net": Other})
    with pytest.raises(TypeError, match=r"size=3: of objects of your own there are net, loss"):
        go_on(size=3)


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "outputs": ({"net": Net(NetShape(7, 3, 16, 16))}, r"answers \(2, 7\) for 2 images, and 2 classes need \(2, 2\)"),
    "channels": (
        {"net": Net(NetShape(2, 1, 16, 16))},
        r"cannot take images as this training has them, \(2, 3, 16, 16\)",
    ),
    "no module": ({"net": lambda shape: shape.outputs}, "gives int, and not a torch.nn.Module"),
    "idle loss": ({"loss": loss, "label_smoothing": 0.2}, r"label_smoothing=\.\.\. does nothing beside loss="),
    "idle optimizer": (
        {"optimizer": nadam, "weight_decay": 0.1},
        r"weight_decay=\.\.\. does nothing beside optimizer=",
    ),
    "idle variation": ({"augmentation": noisy, "mixup": 0.2}, r"mixup=\.\.\. does nothing beside augmentation="),
    "no scalar": ({"loss": lambda outputs, targets: outputs}, r"a tensor of shape \(16, 2\), not a scalar tensor"),
    "cut off": ({"loss": lambda outputs, targets: outputs.detach().mean()}, "depends on the network's outputs"),
    "learning": ({"loss": nn.Sequential(nn.Linear(2, 2))}, "has weights of its own"),
    "closure": ({"optimizer": torch.optim.LBFGS}, "computes a step's loss several times"),
    "others": (
        {"optimizer": lambda weights: torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=1)},
        r"leaves \d+ of \d+ weights out, and moves 1 others",
    ),
    "not one": ({"optimizer": lambda weights: 3}, "gives int, and not a torch.optim.Optimizer"),
    "no batch": ({"augmentation": lambda batch, keys: batch.image}, "gives Tensor, and not a Batch"),
    "smaller": (
        {"augmentation": lambda batch, keys: Batch({"image": batch.image[..., 1:]}, batch.targets)},
        "expected",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_cannot_work_is_refused_before_the_first_step(what: str, tmp_path: Path) -> None:
    objects, reason = WRONG[what]
    with pytest.raises(UserError, match=reason):
        trained(tmp_path / "a", **objects)
    assert not (tmp_path / "a").exists()


def test_a_detector_takes_an_optimizer_and_refuses_networks_and_losses(tmp_path: Path) -> None:
    for objects in ({"net": Net}, {"loss": loss, "net": "yolo-n"}):
        with pytest.raises(UserError, match="leave your own out"):
            convsight.train("shapes", task="detection", run=tmp_path / "a", size=64, quiet=True, **objects)


def test_numbers_and_several_labels_take_own_losses(tmp_path: Path) -> None:
    seen: list[tuple[int, ...]] = []

    def absolute(outputs: Tensor, targets: Tensor) -> Tensor:
        seen.extend([outputs.shape, targets.shape])
        return (outputs - targets).abs().mean()

    images, levels = data()
    choices = {"loss": absolute, "export": False, **FAST}
    run = convsight.train((images, np.arange(60)), task="regression", run=tmp_path / "a", **choices)
    assert all(shape[1:] == (1,) for shape in seen)
    assert run.card.options["loss"] == "mse"
    rows = np.stack([levels, 1 - levels, np.arange(60) % 3 == 0], axis=1).astype(int)
    seen.clear()
    convsight.train((images, rows), run=tmp_path / "b", **choices)
    assert all(shape[1:] == (3,) for shape in seen)


def test_an_optimizer_that_is_made_already_is_told_how_to_be_given() -> None:
    made = torch.optim.SGD(nn.Linear(1, 1).parameters(), lr=0.1)
    with pytest.raises(TypeError, match=r"optimizer=SGD \( Parameter .*a function that makes one: optimizer=lambda"):
        taken({"optimizer": made})
