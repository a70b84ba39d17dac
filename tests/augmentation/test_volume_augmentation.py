"""Volumes vary as the amounts say, the same for the same keys, and masks lie where their volumes do."""

import numpy as np
import pytest
import torch

from convsight.augmentation import (
    Batch,
    BoxTarget,
    DenseTarget,
    MaskTarget,
    PointTarget,
    TargetKind,
    Variation,
    VolumeAugmentation,
    Whole,
)
from convsight.rng import RngKeys

SIDES = (10, 12, 14)


def blocks(count: int = 6) -> Batch:
    """Volumes of two bright blocks, and which voxels are of them."""
    masks = torch.zeros(count, *SIDES, dtype=torch.uint8)
    masks[:, 3:6, 4:8, 2:6], masks[:, 6:8, 5:7, 8:12] = 1, 2
    return Batch({"volume": masks[:, None].float() / 2}, {"mask": masks, "class": torch.arange(count)})


def varied(variation: Variation, epoch: int = 0, batch: Batch | None = None, first: int = 0) -> Batch:
    kinds = {"mask": MaskTarget(255), "class": Whole()}
    batch = batch or blocks()
    keys = RngKeys(1, epoch, np.arange(first, first + len(batch)))
    return VolumeAugmentation(variation, kinds, ())(batch, keys, 0.5)


def test_nothing_changes_without_variation() -> None:
    found, whole = varied(Variation()), blocks()
    assert (found.image == whole.image).all()
    assert (found.targets["mask"] == whole.targets["mask"]).all()


@pytest.mark.parametrize(
    "variation",
    [
        Variation(shift=0.2),
        Variation(rotate=20),
        Variation(zoom=0.2),
        Variation(flip_horizontal=True, flip_vertical=True),
        Variation(True, True, 0.1, 0.1, 10),
    ],
)
def test_masks_follow_their_volumes(variation: Variation) -> None:
    found = varied(variation)
    masks = found.targets["mask"]
    assert masks.dtype == torch.uint8
    assert (masks != blocks().targets["mask"]).any()
    known = masks != 255
    inside = known & (torch.nn.functional.avg_pool3d(masks[:, None].float(), 3, 1, 1)[:, 0] == masks)
    assert inside.float().mean() > 0.3  # away from borders, where linear and nearest differ
    assert torch.allclose(found.image[:, 0][inside] * 2, masks[inside].float(), atol=1e-4)
    assert found.targets["class"].tolist() == list(range(6))


def test_what_comes_from_outside_is_unknown() -> None:
    found = varied(
        Variation(shift=0.3), batch=Batch({"volume": torch.ones(8, 1, *SIDES)}, {"mask": torch.zeros(8, *SIDES)})
    )
    assert set(found.targets["mask"].flatten().tolist()) == {0, 255}
    assert torch.allclose(found.image, torch.ones(1))


def test_flips_are_exact_and_even() -> None:
    found, whole = varied(Variation(flip_horizontal=True), batch=blocks(64)), blocks(64)
    turned = [bool((one == other.flip(-1)).all()) for one, other in zip(found.image, whole.image, strict=True)]
    kept = [bool((one == other).all()) for one, other in zip(found.image, whole.image, strict=True)]
    assert sum(turned) + sum(kept) == 64
    assert 20 < sum(turned) < 44


def test_turns_are_of_voxels() -> None:
    """A quarter about the axis of depth takes rows to columns, though the sides differ."""
    volume = torch.zeros(1, 1, 3, 9, 15)
    volume[0, 0, :, 4, 9] = 1  # 2 to the right of the middle
    maps = VolumeAugmentation(Variation(rotate=90), {}, ())
    drawn = torch.zeros(1, 12)
    drawn[0, 2] = 1
    found = maps._moved(volume, maps._maps(drawn, volume.shape[2:]))
    [place] = (found[0, 0, 1] > 0.5).nonzero().tolist()
    assert place in ([2, 7], [6, 7])


def test_keys_alone_decide() -> None:
    variation = Variation(True, False, 0.1, 0.1, 10, 0.2)
    assert (varied(variation).image == varied(variation).image).all()
    assert (varied(variation).image != varied(variation, epoch=1).image).any()
    alone = Batch({"volume": blocks().image[3:4]}, {})
    assert torch.allclose(varied(variation, batch=alone, first=3).image, varied(variation).image[3:4], atol=1e-6)


def test_light_changes_volumes_alone() -> None:
    found, whole = varied(Variation(light=0.3)), blocks()
    assert (found.targets["mask"] == whole.targets["mask"]).all()
    middles = found.image.mean(dim=(1, 2, 3, 4)) / whole.image.mean(dim=(1, 2, 3, 4))
    assert len(set(middles.tolist())) == 6
    assert ((middles > 0.7) & (middles < 1.4)).all()


@pytest.mark.parametrize("kind", [BoxTarget(), PointTarget(), DenseTarget()])
def test_targets_that_would_stay_where_they_were_are_refused(kind: TargetKind) -> None:
    with pytest.raises(TypeError, match=f"the target places of volumes is a {type(kind).__name__}"):
        VolumeAugmentation(Variation(shift=0.1), {"places": kind}, ())
