import numpy as np
import pytest
from PIL import Image
from tests.contracts.tasks import TaskContract

from convsight.card import Card
from convsight.errors import UserError
from convsight.images import ResizeMode
from convsight.inputs import ImageInput
from convsight.results import PanopticMap, PanopticMaps
from convsight.settings import TrainSettings
from convsight.targets import Palette
from convsight.tasks import task_of
from convsight.tasks.adoption import data_for
from convsight.tasks.capabilities import options_of
from convsight.tasks.panoptic.panoptic_tensors import IGNORE

NAMES, THINGS = ("background", "sky", "circle", "square"), (False, False, True, True)
TARGET = Palette.of(NAMES).model_copy(update={"things": NAMES[2:]})


def card(fit: ResizeMode = "squash") -> Card:
    sides = ImageInput(height=64, width=96, fit=fit, mean=(0.5,) * 3, std=(0.25,) * 3)
    options = options_of(task_of("panoptic"), TrainSettings.of(data="x"))
    return Card(task="panoptic", net="panoptic-unet", target=TARGET, input=sides, options=options)


def one(number: int, size: tuple[int, int] = (96, 64)) -> PanopticMap:
    """Two regions of stuff, and up to three things over them."""
    random = np.random.default_rng(number)
    ids = np.ones(size[::-1], np.int32)
    ids[:20] = 2
    labels = [0, 1]
    for _ in range(number % 4):
        left, top = random.integers(0, 70), random.integers(0, 40)
        labels.append(int(random.integers(2, 4)))
        ids[top : top + 16, left : left + 16] = len(labels)
    numbers = np.unique(ids)
    return PanopticMap.of(NAMES, THINGS, ids, numbers, np.array(labels)[numbers - 1])


def maps(count: int) -> PanopticMaps:
    return PanopticMaps([lambda number=number: one(number) for number in range(count)], NAMES, THINGS)  # type: ignore[misc]


class TestPanoptic(TaskContract):
    def card(self) -> Card:
        return card()

    def targets(self, count: int) -> PanopticMaps:
        return maps(count)


@pytest.mark.slow
class TestPaddedPanoptic(TestPanoptic):
    def card(self) -> Card:
        return card("pad")


def test_stuff_has_no_thing_and_what_is_unknown_no_class() -> None:
    contract = TestPanoptic()
    plain = one(3)
    crowd = PanopticMap.of(
        NAMES,
        THINGS,
        np.where(plain.ids == 2, 0, plain.ids),
        [1, 3, 4, 5],
        plain.labels[[0, 2, 3, 4]],
        crowd=[0, 1, 0, 0],
    )
    contract.targets = lambda count: PanopticMaps([lambda: crowd] * count, NAMES, THINGS)  # type: ignore[method-assign]
    taken = task_of("panoptic").targets(contract.examples(2)).take(np.arange(2))
    ids, classes = (taken[name][0].numpy() for name in ("ids", "classes"))
    assert (classes[plain.ids == 2] == IGNORE).all()
    assert (ids[np.isin(plain.ids, [1, 2, 3])] == 0).all()
    assert (ids[plain.ids == 4] > 0).all()
    assert (classes[plain.ids == 4] == plain.labels[3]).all()


def test_maps_of_another_size_are_refused() -> None:
    contract = TestPanoptic()
    contract.targets = lambda count: PanopticMaps([lambda: one(1, (90, 64))] * count, NAMES, THINGS)  # type: ignore[method-assign]
    with pytest.raises(UserError, match="of 90 x 64 px, its image of 96 x 64"):
        task_of("panoptic").targets(contract.examples(1))


def test_drawn_shapes_and_instances_are_adopted() -> None:
    found = data_for("shapes", "panoptic")
    assert found.task == "panoptic"
    assert found.target.names == ("background", "circle", "square", "star", "triangle")
    row, things = found.split("val").targets[3], data_for("shapes", "instances").split("val").targets[3]
    assert isinstance(row, PanopticMap)
    assert len(row.instances()) == len(things)  # type: ignore[arg-type]
    assert (row.ids > 0).all()
    assert data_for("digits", "panoptic").task == "classification"


def test_varied_targets_are_drawn() -> None:
    task, contract = task_of("panoptic"), TestPanoptic()
    targets = {name: each[3] for name, each in task.targets(contract.examples(4)).take(np.arange(4)).items()}
    drawn = task.draw_targets(Image.new("RGB", (192, 128)), targets, card())  # type: ignore[attr-defined]
    assert drawn.width >= 192
