"""The contract: named inputs and targets in, the same out; nothing stays behind in silence."""

import numpy as np
import pytest
import torch
from tests.augmentation.scene import KINDS, scene

from convsight.augmentation import (
    Augmentation,
    Batch,
    BoxTarget,
    ImageAugmentation,
    MaskTarget,
    PointTarget,
    Unchanged,
    Variation,
    Whole,
)
from convsight.augmentation.smaller import smaller_batch
from convsight.rng import RngKeys

_KEYS = RngKeys(0, 0, np.arange(3))
_MOVING = Variation(True, True, shift=0.2, rotate=20, light=0.3, erase=0.2)


def test_a_sequence_stays_as_it_is() -> None:
    batch = Batch({"sequence": torch.rand(3, 7, 2)}, {"class": torch.arange(3)})
    assert Unchanged(("nothing varies: the inputs are no images",))(batch, _KEYS, 0.5) is batch
    assert len(batch) == 3


def test_a_target_without_a_kind_is_refused() -> None:
    batch = Batch({"image": torch.rand(3, 1, 8, 8)}, {"class": torch.arange(3), "depth": torch.rand(3, 8, 8)})
    with pytest.raises(ValueError, match="depth"):
        ImageAugmentation(_MOVING, {"class": Whole()}, ())(batch, _KEYS, 0.0)


def test_boxes_are_too_thin_by_the_height_and_width_of_the_images() -> None:
    boxes = torch.tensor([[[0.1, 0.1, 0.13, 0.9], [0.1, 0.1, 0.9, 0.13]]]).expand(3, 2, 4)  # 3 % of 50 px, of 100 px
    batch = Batch({"image": torch.rand(3, 1, 50, 100)}, {"boxes": boxes, "labels": torch.tensor([[5, 6]]).expand(3, 2)})
    found = ImageAugmentation(Variation(flip_horizontal=True), {"boxes": BoxTarget()}, ())(batch, _KEYS, 0.0)
    assert found.targets["labels"].tolist() == [[5, -1]] * 3


def test_all_images_share_one_geometry_and_other_inputs_stay() -> None:
    image = torch.rand(3, 2, 12, 16)
    batch = Batch({"left": image, "right": image.clone(), "age": torch.rand(3, 1)}, {})
    found = ImageAugmentation(_MOVING, {}, (), images=("left", "right"))(batch, _KEYS, 0.0)
    assert not torch.equal(found.inputs["left"], image)
    assert torch.equal(found.inputs["left"], found.inputs["right"])
    assert found.inputs["age"] is batch.inputs["age"]


def test_light_and_erasing_change_the_inputs_alone() -> None:
    image = torch.rand(3, 3, 12, 16)
    batch = Batch({"image": image}, {"mask": torch.ones(3, 12, 16, dtype=torch.long)})
    found = ImageAugmentation(Variation(light=0.5, erase=0.4), {"mask": MaskTarget()}, ())(batch, _KEYS, 0.0)
    assert not torch.equal(found.image, image)
    assert torch.equal(found.targets["mask"], batch.targets["mask"])


def test_reasons_do_not_make_a_variation_another() -> None:
    one, kinds = ImageAugmentation(_MOVING, {"boxes": BoxTarget()}, ("why",)), {"boxes": BoxTarget()}
    assert one.varies_like(ImageAugmentation(_MOVING, kinds, ("another reason",)))
    assert not one.varies_like(ImageAugmentation(Variation(), kinds, ("why",)))
    assert not one.varies_like(Unchanged(("why",)))


@pytest.mark.parametrize("variation", [Variation(), Variation(flip_horizontal=True)])
def test_networks_that_know_mirror_images_are_known(variation: Variation) -> None:
    assert ImageAugmentation(variation, {}, ()).mirrors is variation.flip_horizontal
    assert not Unchanged(()).mirrors
    assert isinstance(Unchanged(()), Augmentation)


def test_no_tensor_is_left_on_another_device() -> None:
    """PyTorch's device without memory stands for any that is not the processor."""
    batch = scene(3, 40, 48)
    there = Batch(
        *({name: values.to("meta") for name, values in each.items()} for each in (batch.inputs, batch.targets))
    )
    kinds = KINDS | {"points": PointTarget(flip_pairs=((0, 1),))}
    for variation in (Variation(True, True, shift=0.1, light=0.1, saturation=0.1, erase=0.1), _MOVING):
        augmentation = ImageAugmentation(variation, kinds, ())
        found = smaller_batch(augmentation(there, _KEYS, 0.0), 24, augmentation)
        assert {values.device.type for values in (*found.inputs.values(), *found.targets.values())} == {"meta"}
        assert found.image.shape == (3, 3, 24, 24)
