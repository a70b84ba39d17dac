import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from convsight.datasets import UNSPLIT, Dataset, Split, cut_splits, fingerprint, read_dataset
from convsight.errors import UserError
from convsight.results import Labels
from convsight.targets import Classes, NumberTargets

MakeImages = Callable[..., Path]
NAMES = [f"{kind}/{number}.png" for kind in ("cat", "dog") for number in range(4)]


@pytest.fixture
def data(make_images: MakeImages) -> Dataset:
    return read_dataset(make_images(*NAMES))


def arrays(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], labels: list[int]) -> Dataset:
    split = Split(UNSPLIT, pixels, Labels(np.array(labels), ("a", "b")), [f"all/{i}" for i in range(len(labels))])
    return Dataset("x", "x.npz", "classification", Classes(names=("a", "b")), {UNSPLIT: split})


def test_is_128_bits_in_hexadecimal(data: Dataset) -> None:
    assert len(bytes.fromhex(fingerprint(data))) == 16


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_does_not_depend_on_workers_order_splits_or_place(data: Dataset, make_images: MakeImages, workers: int) -> None:
    first = fingerprint(data)
    assert fingerprint(data, workers=workers) == first
    reversed_split = data.split(UNSPLIT).select(np.arange(8)[::-1])
    assert fingerprint(data.with_splits({UNSPLIT: reversed_split}), workers=workers) == first
    assert fingerprint(cut_splits(data, 0.25, 0.25, 0), workers=workers) == first
    moved = read_dataset(make_images(*NAMES, root="elsewhere"))
    assert fingerprint(moved, workers=workers) == first


def test_one_byte_of_one_file_counts(data: Dataset) -> None:
    first = fingerprint(data)
    path = Path(str(data.split(UNSPLIT).images[5]))
    path.write_bytes(path.read_bytes() + b"\0")
    assert fingerprint(data) != first


def test_names_labels_and_classes_count(data: Dataset) -> None:
    split = data.split(UNSPLIT)
    found = {fingerprint(data)}
    found.add(fingerprint(data.with_splits({UNSPLIT: replace(split, names=[*split.names[:-1], "dog/5.png"])})))
    labels = Labels(np.array([1, 0, 0, 0, 1, 1, 1, 1]), data.target.names)
    found.add(fingerprint(data.with_splits({UNSPLIT: replace(split, targets=labels)})))
    found.add(fingerprint(replace(data, target=Classes(names=("cat", "dog", "elk")))))
    found.add(fingerprint(data.with_splits({UNSPLIT: split.without([0])})))
    assert len(found) == 5


def test_contents_of_two_images_are_not_exchanged(data: Dataset) -> None:
    first = fingerprint(data)
    one, two = (Path(str(data.split(UNSPLIT).images[i])) for i in (0, 1))
    content = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(content)
    assert fingerprint(data) != first


def test_pixels_and_their_shape_count() -> None:
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    other = pixels.copy()
    other[1, 2, 3] += 1
    found = {fingerprint(arrays(each, [0, 1])) for each in (pixels, other, pixels.reshape(2, 4, 3))}
    assert len(found) == 3
    # The same values in another memory layout are the same images.
    assert fingerprint(arrays(np.asfortranarray(pixels), [0, 1])) == fingerprint(arrays(pixels, [0, 1]))


def test_is_the_same_for_ever() -> None:
    assert fingerprint(arrays(np.zeros((2, 1, 1), np.uint8), [0, 1])) == "664b168940eb873b4270369cf43ad11b"


def test_units_count() -> None:
    def fingerprint_in(unit: str) -> str:
        target = NumberTargets(names=("height",), units=(unit,))
        split = Split(UNSPLIT, np.zeros((2, 1, 1), np.uint8), target.of_array(np.arange(2.0)), ["0", "1"])
        return fingerprint(Dataset("x", "x.npz", "heights", target, {UNSPLIT: split}))

    assert len({fingerprint_in(unit) for unit in ("", "m", "cm")}) == 3


def test_a_file_that_vanished_is_named(data: Dataset) -> None:
    path = Path(str(data.split(UNSPLIT).images[5]))
    path.unlink()
    with pytest.raises(UserError, match=r"cannot read .*dog/1\.png: No such file"):
        fingerprint(data)


def test_progress_counts_every_image(data: Dataset) -> None:
    counts: list[int] = []
    fingerprint(data, progress=counts.append)
    assert sum(counts) == len(NAMES)


def test_small_files_read_at_once_and_large_ones_in_parts_have_the_same_digest(
    data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = fingerprint(data)
    monkeypatch.setattr(sys.modules[fingerprint.__module__], "content_of_small", lambda path: None)
    assert fingerprint(data) == at_once
