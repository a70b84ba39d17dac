"""Smaller images are what Pillow makes of them, and targets that have pixels go along."""

import numpy as np
import pytest
import torch
from PIL import Image

from convsight.augmentation import Batch, BoxTarget, DenseTarget, MaskTarget, Unchanged, Whole
from convsight.augmentation.smaller import smaller, smaller_batch


@pytest.mark.parametrize(("height", "width", "side"), [(40, 40, 28), (32, 32, 24), (51, 70, 20), (16, 16, 16)])
def test_smaller_images_are_antialiased_as_by_pillow(height: int, width: int, side: int) -> None:
    images = np.random.default_rng(side).random((2, 3, height, width), np.float32)
    found = smaller(torch.from_numpy(images), side).numpy()
    for image, small in zip(images.reshape(-1, height, width), found.reshape(-1, side, side), strict=True):
        wanted = Image.fromarray(image).resize((side, side), Image.Resampling.BILINEAR)
        np.testing.assert_allclose(small, np.asarray(wanted), atol=1e-5)


def test_details_too_small_to_be_shown_become_grey() -> None:
    stripes = torch.zeros(1, 1, 32, 32)
    stripes[..., ::2] = 1
    torch.testing.assert_close(smaller(stripes, 16)[..., 2:-2], torch.full((1, 1, 16, 12), 0.5), atol=1e-6, rtol=0)


def test_targets_with_pixels_become_smaller_and_the_others_stay() -> None:
    mask = torch.arange(12).repeat_interleave(4).expand(1, 48, 48)
    targets = {
        "mask": mask,
        "sharp": torch.rand(1, 3, 96, 96),
        "boxes": torch.tensor([[[0.5, 0.5, 0.5, 0.5]]]),  # too thin to be kept by a warp
        "labels": torch.tensor([[3]]),
        "class": torch.tensor([7]),
    }
    kinds = {"mask": MaskTarget(), "sharp": DenseTarget(), "boxes": BoxTarget(), "class": Whole()}
    batch = Batch({"image": torch.rand(1, 3, 48, 48), "age": torch.tensor([[41.0]])}, targets)
    found = smaller_batch(batch, 24, Unchanged((), ("image",), kinds))
    assert torch.equal(found.image, smaller(batch.image, 24))
    assert torch.equal(found.inputs["age"], batch.inputs["age"])
    assert torch.equal(found.targets["mask"], torch.arange(12).repeat_interleave(2).expand(1, 24, 24))
    assert torch.equal(found.targets["sharp"], smaller(targets["sharp"], 48))
    for name in ("boxes", "labels", "class"):
        assert torch.equal(found.targets[name], targets[name])


def test_a_target_that_would_not_be_whole_pixels_is_refused() -> None:
    batch = Batch({"image": torch.rand(1, 3, 48, 48)}, {"mask": torch.zeros(1, 12, 12, dtype=torch.long)})
    with pytest.raises(ValueError, match=r"12, 12.* from .48, 48. to .30, 30.*whole pixels"):
        smaller_batch(batch, 30, Unchanged((), ("image",), {"mask": MaskTarget()}))
