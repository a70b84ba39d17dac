"""Whatever varies, image, mask, boxes, points and target image of a sample show the same thing at the same place."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.augmentation.scene import IGNORED, KINDS, agreement, scene
from torch import Tensor

from convsight.augmentation import Batch, ImageAugmentation, TargetKind, Variation, Warp
from convsight.augmentation.warp_steps import Flip, HeightWidth, WarpStep
from convsight.rng import RngKeys

_ALONE = {
    "left to right": Variation(flip_horizontal=True),
    "upside down": Variation(flip_vertical=True),
    "shift": Variation(shift=0.2),
    "zoom": Variation(zoom=0.3),
    "rotate": Variation(rotate=180),
    "shift between pixels": Variation(shift=0.2, zoom=1e-6),
}
_TOGETHER = Variation(True, True, shift=0.1, zoom=0.3, rotate=25)
_COUNT = 24
_KEYS = RngKeys(0, 0, np.arange(_COUNT))


def _varied(variation: Variation, kinds: Mapping[str, TargetKind], size: HeightWidth, keys: RngKeys = _KEYS) -> Batch:
    return ImageAugmentation(variation, kinds, ())(scene(len(keys.samples), *size), keys, 0.0)


def _upright(variation: Variation) -> bool:
    return not variation.rotate


@pytest.mark.parametrize("size", [(40, 40), (41, 57), (64, 37)])
@pytest.mark.parametrize("variation", [Variation(), *_ALONE.values(), _TOGETHER], ids=["none", *_ALONE, "together"])
def test_everything_lands_at_the_same_place(variation: Variation, size: HeightWidth) -> None:
    counted = agreement(_varied(variation, KINDS, size), _upright(variation))
    assert counted.points > 2 * _COUNT
    assert counted.boxes > 2 * _COUNT
    assert counted.pixels > 40 * _COUNT


@settings(max_examples=60, deadline=None)
@given(
    variation=st.builds(
        Variation,
        st.booleans(),
        st.booleans(),
        shift=st.floats(0, 0.4),
        zoom=st.floats(0, 0.4),
        rotate=st.sampled_from([0.0, 0.0, 5.0, 45.0, 180.0]),
    ),
    size=st.tuples(st.integers(24, 70), st.integers(24, 70)),
    seed=st.integers(0, 2**32 - 1),
    epoch=st.integers(0, 1000),
)
def test_everything_lands_at_the_same_place_whatever_is_drawn(
    variation: Variation, size: HeightWidth, seed: int, epoch: int
) -> None:
    agreement(_varied(variation, KINDS, size, RngKeys(seed, epoch, np.arange(6))), _upright(variation))


@dataclass(frozen=True)
class _Faulty(TargetKind):
    """A kind that follows another warp than the image does, or lands a pixel beside."""

    kind: TargetKind
    fault: str
    has_pixels: ClassVar[bool] = False

    def warped(self, name: str, targets: Mapping[str, Tensor], warp: Warp, size: HeightWidth) -> dict[str, Tensor]:
        followed = Warp(tuple(step for step in warp.steps if not self._left_out(step)))
        found = self.kind.warped(name, targets, followed, size)
        if self.fault == "a pixel beside":
            values = found[name]
            off = values.roll(1, dims=-1) if self.kind.has_pixels else values + 1 / size[1]
            return found | {name: off}
        return found

    def _left_out(self, step: WarpStep) -> bool:
        if self.fault == "not upside down":
            return isinstance(step, Flip) and step.axis == "vertical"
        if self.fault == "not mirrored":
            return isinstance(step, Flip) and step.axis == "horizontal"
        return self.fault == "not moved" and not isinstance(step, Flip)


@pytest.mark.parametrize("fault", ["not upside down", "not mirrored", "not moved", "a pixel beside"])
@pytest.mark.parametrize("name", list(KINDS))
def test_a_fault_in_any_one_is_seen(name: str, fault: str) -> None:
    for variation in (_TOGETHER, Variation(True, True, shift=0.1)):
        kinds = {**KINDS, name: _Faulty(KINDS[name], fault)}
        with pytest.raises(AssertionError):
            agreement(_varied(variation, kinds, (41, 57)), _upright(variation))


def test_images_of_other_sizes_go_along() -> None:
    """A target image of twice the size, and a mask of half the size, show the same as those of the input's size."""
    batch = scene(_COUNT, 40, 56)
    doubled = batch.image.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
    halved = torch.arange(20 * 28).reshape(1, 20, 28).expand(_COUNT, -1, -1)
    fine = halved.repeat_interleave(2, dim=1).repeat_interleave(2, dim=2)
    more = Batch(batch.inputs, {"doubled": doubled, "halved": halved, "fine": fine})
    kinds = {"doubled": KINDS["sharp"], "halved": KINDS["mask"], "fine": KINDS["mask"]}
    variation = Variation(True, True, shift=0.2)
    found = ImageAugmentation(variation, kinds, ())(more, RngKeys(1, 0, np.arange(_COUNT)), 0.0)
    again = found.image.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
    # Nothing but the border is continued in another way.
    inside = (found.targets["fine"] != IGNORED).repeat_interleave(2, dim=1).repeat_interleave(2, dim=2)
    torch.testing.assert_close(found.targets["doubled"].movedim(1, 3)[inside], again.movedim(1, 3)[inside])
    corners = found.targets["fine"][:, 1::2, 1::2]
    known = (corners != IGNORED) & (found.targets["halved"] != IGNORED)
    assert known.sum() > _COUNT * 200
    # A shift by an odd number of pixels is half a pixel of the mask, where either of two is the nearest.
    rows, columns = (found.targets["halved"] // 28 - corners // 28, found.targets["halved"] % 28 - corners % 28)
    assert int(rows[known].abs().max()) <= 1
    assert int(columns[known].abs().max()) <= 1
