"""What is to be learnt of each pixel."""

from typing import Any

import numpy as np
import pytest

from convsight.datasets import Examples, ImageStore, Split
from convsight.errors import UserError
from convsight.images import ResizeMode
from convsight.inputs import ImageInput
from convsight.results import Boxes
from convsight.results.instance_lists import InstanceLists
from convsight.results.masks import Mask, mask_column
from convsight.tasks import target_tensors
from convsight.tasks.instances.instance_net import IGNORE
from convsight.tasks.instances.instance_tensors import InstanceTensors, pixels_of

CLASSES = ("cat", "dog")


def things(size: tuple[int, int] = (40, 40), **more: Any) -> Boxes:
    """A large dog, and a small cat over it."""
    masks = [Mask(4, 4, np.ones((24, 24), bool)), Mask(8, 8, np.ones((8, 8), bool))]
    return Boxes.of(CLASSES, size, [m.xyxy for m in masks], [1, 0], columns={"mask": mask_column(masks)}, **more)


def examples(boxes: Boxes, fit: ResizeMode = "squash", height: int = 20) -> Examples:
    spec = ImageInput(height=height, width=20, fit=fit, mean=(0.5,) * 3, std=(0.25,) * 3)
    split = Split("train", np.zeros((2, 40, 40, 3), np.uint8), InstanceLists([lambda: boxes] * 2, CLASSES), ["a", "b"])
    return Examples(ImageStore.read(split, spec)[0], split.targets)


def test_smaller_things_lie_on_top() -> None:
    ids, classes = pixels_of(things())
    assert ids[10, 10] == 1
    assert classes[10, 10] == 1
    assert ids[5, 5] == 2
    assert classes[5, 5] == 2
    assert ids[0, 0] == classes[0, 0] == 0


def test_they_have_the_size_of_the_input() -> None:
    taken = InstanceTensors.of(examples(things())).take(np.array([1, 0]))
    assert {name: tuple(each.shape) for name, each in taken.items()} == {
        "ids": (2, 20, 20),
        "classes": (2, 20, 20),
        "depths": (2, 1, 20, 20),
    }
    np.testing.assert_array_equal(taken["ids"][0], pixels_of(things())[0][::2, ::2])
    assert float(taken["depths"][0, 0][taken["ids"][0] == 1].max()) == 1


def test_crowds_and_borders_are_unknown() -> None:
    crowd = InstanceTensors.of(examples(things(crowd=[True, False]), "pad", height=30)).take(np.array([0]))
    classes = crowd["classes"][0]
    assert (classes[:5] == IGNORE).all()  # the border
    assert classes[5 + 2, 2] == IGNORE
    assert classes[5 + 4, 4] == 1
    assert classes[5, 0] == 0
    assert not crowd["ids"][0, 5 + 2, 2]


def test_without_room_they_are_made_when_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    held = InstanceTensors.of(examples(things())).take(np.array([1]))
    monkeypatch.setattr(target_tensors, "available_memory_bytes", lambda: 1000)
    made = InstanceTensors.of(examples(things()))
    assert isinstance(made, InstanceTensors)
    assert all((held[name] == each).all() for name, each in made.take(np.array([1])).items())


def test_masks_of_another_size_are_refused() -> None:
    with pytest.raises(UserError, match="of 44 x 40 px, its image of 40 x 40"):
        InstanceTensors.of(examples(things((44, 40))))
