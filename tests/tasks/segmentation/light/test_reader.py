"""Predictions are those of the original's pixels, whatever was done to it before the network saw it."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional as F

from convsight.card import Card
from convsight.inputs import ImageInput, VolumeInput
from convsight.results import ClassMap, InvalidOutputError
from convsight.targets import Palette
from convsight.tasks import reader_of
from convsight.tasks.full_size import most_probable

CLASSES = ("red", "green", "blue")
EXIF_TURN = 6  # of the orientations: the file lies on its side


def card(**image: object) -> Card:
    spec = ImageInput(**{"height": 64, "width": 96, "mean": (0.0,) * 3, "std": (1.0,) * 3} | image)
    return Card(task="segmentation", net="unet-s", target=Palette.of(CLASSES), input=spec)


def scene(width: int, height: int) -> np.ndarray:
    """Blue, a red block in the corner at the top left, a green one at the bottom right."""
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 2] = 255
    image[: height // 3, : width // 3] = (255, 0, 0)
    image[height - height // 4 :, width - width // 4 :] = (0, 255, 0)
    return image


def read(described: Card, file: Path) -> ClassMap:
    """What is said of a file by a network for which the colours of pixels are the probabilities of classes."""
    loaded = described.input.load(file)
    found = reader_of(described).read({"probabilities": loaded.array.transpose(2, 0, 1) / 255.0}, loaded.size)
    assert isinstance(found, ClassMap)
    return found


@pytest.mark.parametrize("fit", ["squash", "pad", "crop"])
@pytest.mark.parametrize(("width", "height"), [(96, 64), (300, 200), (201, 331), (50, 30), (640, 90)])
@pytest.mark.parametrize("exif", [False, True])
def test_classes_lie_where_the_original_has_them(tmp_path: Path, fit: str, width: int, height: int, exif: bool) -> None:
    upright, orientation = scene(width, height), Image.Exif()
    orientation[0x0112] = EXIF_TURN if exif else 1
    kept = np.rot90(upright) if exif else upright
    Image.fromarray(np.ascontiguousarray(kept)).save(tmp_path / "scene.png", exif=orientation)
    described = card(fit=fit)
    found = read(described, tmp_path / "scene.png")
    assert found.indices.shape == (height, width)
    columns, rows = (placement.seen() for placement in described.input.geometry((width, height)).placements)
    seen = np.zeros((height, width), np.bool_)
    seen[rows, columns] = True
    assert (found.indices[~seen] == found.ignore_index).all()
    if fit != "crop":
        assert seen.all()
        assert [int(found.indices[y, x]) for y, x in ((0, 0), (0, -1), (-1, 0), (-1, -1))] == [0, 2, 2, 1]
    # Borders may move by the half of a pixel of the coarser of the two.
    wrong = seen & (found.indices != upright.argmax(axis=2))
    reach = max(1, round(0.51 * max(width / 96, height / 64, *([height / 64, width / 96] if fit == "pad" else []))))
    near = _near_borders(upright.argmax(axis=2), reach)
    assert not (wrong & ~near).any()


def _near_borders(indices: np.ndarray, reach: int) -> np.ndarray:
    found = np.zeros(indices.shape, np.bool_)
    for axis in (0, 1):
        length = indices.shape[axis]
        changes = np.diff(indices, axis=axis) != 0
        for step in range(-reach, reach + 1):
            lines = np.nonzero(changes)
            moved = [lines[0].copy(), lines[1].copy()]
            moved[axis] = (moved[axis] + step + (step <= 0) * 0).clip(0, length - 1)
            found[tuple(moved)] = True
            moved[axis] = (moved[axis] + 1).clip(0, length - 1)
            found[tuple(moved)] = True
    return found


@pytest.mark.parametrize("size", [(96, 64), (300, 201), (31, 77)])
@pytest.mark.parametrize("coarser", [1, 4])
def test_probabilities_are_interpolated_as_torch_does(size: tuple[int, int], coarser: int) -> None:
    logits = torch.randn(1, 5, 64 // coarser, 96 // coarser, generator=torch.Generator().manual_seed(0))
    probabilities = (3 * logits).softmax(dim=1)
    expected = F.interpolate(probabilities, size=size[::-1], mode="bilinear", align_corners=False)[0]
    found = most_probable(probabilities[0].numpy(), card(fit="squash").input.geometry(size), 255)
    largest, second = expected.topk(2, dim=0).values
    sure = (largest - second) > 1e-5
    np.testing.assert_array_equal(found.indices[sure], expected.argmax(dim=0)[sure])
    np.testing.assert_allclose(found.scores, largest, atol=1e-3)
    np.testing.assert_allclose(found.leads, largest - second, atol=1e-3)


def test_the_classes_of_a_volume_lie_in_its_middle() -> None:
    spec = VolumeInput(depth=4, height=6, width=8, channels=1, mean=(0.0,), std=(1.0,))
    described = Card(task="segmentation", net="unet-3d", target=Palette.of(("air", "bone")), input=spec)
    truth = np.random.default_rng(0).random((6, 5, 8)) > 0.5
    inside = spec.geometry((8, 5, 6)).mask(truth.astype(np.uint8))
    found = reader_of(described).read({"probabilities": np.stack([1.0 - inside, inside])}, (8, 5, 6))
    assert isinstance(found, ClassMap)
    np.testing.assert_array_equal(found.indices[1:5], truth[1:5])
    assert (found.indices[[0, 5]] == 255).all()


@pytest.mark.parametrize("wrong", [np.nan, -0.2, 1.5])
def test_what_is_no_probability_is_refused(wrong: float) -> None:
    probabilities = np.full((3, 64, 96), 1 / 3)
    probabilities[1, 5, 7] = wrong
    with pytest.raises(InvalidOutputError, match="must lie in"):
        reader_of(card()).read({"probabilities": probabilities}, (96, 64))
