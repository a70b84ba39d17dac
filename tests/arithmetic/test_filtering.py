"""Images filtered: the grey levels, the responses and what the eye is shown."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional as F

from convsight.arithmetic import KERNELS, find_kernel
from convsight.arithmetic.filtering import DEFAULT, filter_image, for_the_eye
from convsight.errors import UserError


@pytest.fixture
def image(tmp_path: Path) -> Path:
    file = tmp_path / "noise.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (9, 12, 3), dtype=np.uint8)).save(file)
    return file


def test_a_real_photo_as_by_pytorch(shared_data: Callable[[str], Path]) -> None:
    file = shared_data("coco_permissive") / "images" / "000000000072.jpg"
    found = filter_image(file, sorted(KERNELS), stride=2, padding=1)
    grey = torch.from_numpy(np.asarray(Image.open(file).convert("L")).astype(np.float64))
    for one in found.filtered:
        weight = torch.from_numpy(one.kernel.weights.astype(np.float64))
        expected = F.conv2d(grey[None, None], weight[None, None], stride=2, padding=1)
        assert (one.smallest, one.largest) == pytest.approx((expected.min().item(), expected.max().item()))
        assert one.shown.shape == expected.shape[2:]
        assert one.operation == "cross-correlation"


def test_the_default_kernels_without_a_name(image: Path) -> None:
    assert tuple(one.kernel.name for one in filter_image(image).filtered) == DEFAULT


def test_the_identity_shows_the_image(image: Path) -> None:
    found = filter_image(image, ["identity"], padding="same")
    assert np.array_equal(found.filtered[0].shown, np.asarray(Image.open(image).convert("L")))


def test_edges_are_shown_by_their_size() -> None:
    shown, rule = for_the_eye(np.array([[-400, 100], [0, 400]]), KERNELS["sobel-x"])
    assert (shown.tolist(), rule) == ([[255, 64], [0, 255]], "|response| * 255/400")
    shown, rule = for_the_eye(np.zeros((2, 2)), KERNELS["sobel-x"])
    assert (shown.tolist(), rule) == ([[0, 0], [0, 0]], "0 everywhere")
    assert shown.dtype == np.uint8


def test_other_responses_are_clipped_not_wrapped() -> None:
    shown, rule = for_the_eye(np.array([[-3.0, 254.6, 300.0]]), find_kernel("1 1"))
    assert (shown.tolist(), rule) == ([[0, 255, 255]], "clipped to 0..255")


def test_no_kernel_is_applied_where_one_is_wrong(image: Path) -> None:
    with pytest.raises(UserError, match="unknown kernel 'blurr'"):
        filter_image(image, ["blur", "blurr"])
