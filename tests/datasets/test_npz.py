import io
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from convsight.datasets import read_dataset
from convsight.errors import UserError
from convsight.targets import counts_by_class

Arrays = dict[str, NDArray[Any]]


@pytest.fixture
def arrays() -> Arrays:
    """Three splits of grey images, 4 x 5, of three classes."""
    made: Arrays = {}
    for number, split in enumerate(("train", "val", "test")):
        made[f"{split}_images"] = np.full((6, 4, 5), number, np.uint8)
        made[f"{split}_labels"] = np.array([[0], [1], [2], [2], [1], [0]], np.uint8)
    return made


@pytest.fixture
def save(tmp_path: Path) -> Callable[[Arrays], Path]:
    def write(arrays: Arrays, name: str = "scans.npz") -> Path:
        path = tmp_path / name
        np.savez_compressed(path, **arrays)  # type: ignore[arg-type]
        return path

    return write


Save = Callable[..., Path]


def refused(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        read_dataset(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_three_splits(arrays: Arrays, save: Save) -> None:
    dataset = read_dataset(save(arrays))
    assert dataset.name == "scans"
    assert list(dataset.splits) == ["train", "val", "test"]
    assert dataset.target.names == ("0", "1", "2")
    assert not dataset.classes_named
    np.testing.assert_array_equal(np.asarray(dataset.split("val").images), arrays["val_images"])
    assert list(dataset.split("val").targets.lines()) == ["0", "1", "2", "2", "1", "0"]
    assert dataset.split("val").names[-1] == "val/00005"


def test_colour_and_flat_labels(arrays: Arrays, save: Save) -> None:
    for split in ("train", "val", "test"):
        arrays[f"{split}_images"] = np.zeros((6, 4, 5, 3), np.uint8)
        arrays[f"{split}_labels"] = arrays[f"{split}_labels"].ravel().astype(np.int64)
    assert np.asarray(read_dataset(save(arrays)).split("train").images).shape == (6, 4, 5, 3)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, ">u2"])
@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 1), (4, 5, 2), (5, 5, 4), (20, 30, 13), (9, 9, 200)])
def test_any_channels_and_depths(arrays: Arrays, save: Save, dtype: Any, shape: tuple[int, ...]) -> None:
    images = np.arange(6 * np.prod(shape)).reshape(6, *shape).astype(dtype)
    found = np.asarray(read_dataset(save(arrays | {"train_images": images})).split("train").images)
    assert found.dtype == np.dtype(dtype).newbyteorder("=")
    assert (found == images).all()


@pytest.mark.parametrize(
    ("file", "classes"),
    [("breastmnist.npz", ("malignant", "normal, benign")), ("PneumoniaMNIST_64.npz", ("normal", "pneumonia"))],
)
def test_medmnist_sets_are_recognised_by_name(arrays: Arrays, save: Save, file: str, classes: tuple[str, ...]) -> None:
    for split in ("train", "val", "test"):
        arrays[f"{split}_labels"] %= 2
    dataset = read_dataset(save(arrays, file))
    assert dataset.target.names == classes
    assert dataset.classes_named


def test_other_arrays_are_not_read(arrays: Arrays, save: Save) -> None:
    assert len(read_dataset(save(arrays | {"extra": np.array([object()])})).splits) == 3


def test_pneumoniamnist(shared_data: Callable[[str], Path]) -> None:
    dataset = read_dataset(shared_data("pneumoniamnist") / "pneumoniamnist_rebuilt.npz")
    assert dataset.target.names == ("normal", "pneumonia")
    counts = {name: counts_by_class(split.targets) for name, split in dataset.splits.items()}
    assert counts == {
        "train": {"normal": 1214, "pneumonia": 3494},
        "val": {"normal": 135, "pneumonia": 389},
        "test": {"normal": 234, "pneumonia": 390},
    }
    # The published mean of the training images.
    assert np.asarray(dataset.split("train").images).mean() / 255 == pytest.approx(0.5719, abs=1e-4)


class TestBadArchives:
    def test_labels_missing(self, arrays: Arrays, save: Save) -> None:
        del arrays["val_labels"]
        assert "lacks the array 'val_labels'; it holds test_images" in refused(save(arrays))

    def test_other_names(self, save: Save) -> None:
        message = refused(save({"x_train": np.zeros(3), "y_train": np.zeros(3)}))
        assert "expected arrays called train_images" in message
        assert "it holds x_train, y_train" in message

    def test_no_arrays(self, save: Save) -> None:
        assert "it holds nothing" in refused(save({}))

    @pytest.mark.parametrize(
        "images",
        [
            np.zeros((6, 4, 5), np.float64),
            np.zeros((6, 4, 5), np.int16),
            np.zeros((6, 20), np.uint8),
            np.zeros((6, 4, 4, 4, 3, 2), np.uint8),
            np.zeros((6, 0, 5), np.uint8),
        ],
        ids=lambda array: f"{array.dtype}{array.shape}",
    )
    def test_images_of_another_type_or_shape(self, arrays: Arrays, save: Save, images: NDArray[Any]) -> None:
        message = refused(save(arrays | {"train_images": images}))
        assert f"train_images is {images.dtype} of shape {images.shape}" in message
        assert "expected uint8" in message

    @pytest.mark.parametrize("shape", [(3, 28, 32), (1, 28, 28), (27, 28, 28), (9, 28, 28)])
    def test_channels_that_stand_first_and_volumes(self, arrays: Arrays, save: Save, shape: tuple[int, ...]) -> None:
        message = refused(save(arrays | {"train_images": np.zeros((6, *shape), np.uint8)}))
        assert "its channels stand first, or it holds volumes" in message

    def test_cubes_are_volumes(self, arrays: Arrays, save: Save) -> None:
        cubes = {f"{split}_images": np.zeros((6, 8, 8, 8), np.uint8) for split in ("train", "val", "test")}
        assert np.asarray(read_dataset(save(arrays | cubes)).split("train").images[0]).shape == (8, 8, 8)

    @pytest.mark.parametrize(
        "labels",
        [np.zeros(6), np.zeros((6, 1, 1), np.uint8), np.array(["a"] * 6), np.array(1)],
        ids=lambda array: f"{array.dtype}{array.shape}",
    )
    def test_labels_of_another_type_or_shape(self, arrays: Arrays, save: Save, labels: NDArray[Any]) -> None:
        assert "train_labels is" in refused(save(arrays | {"train_labels": labels}))

    def test_several_labels_an_image(self, arrays: Arrays, save: Save) -> None:
        message = refused(save(arrays | {"train_labels": np.zeros((6, 14), np.uint8)}))
        assert "train_labels has 14 labels an image" in message

    def test_another_count_of_labels(self, arrays: Arrays, save: Save) -> None:
        message = refused(save(arrays | {"val_labels": np.zeros(4, np.uint8)}))
        assert "6 val_images but 4 val_labels" in message

    def test_a_label_beyond_those_of_training(self, arrays: Arrays, save: Save) -> None:
        arrays["test_labels"][4] = 9
        assert "test_labels: label 9 of image 4 is out of range" in refused(save(arrays))

    def test_a_negative_label(self, arrays: Arrays, save: Save) -> None:
        message = refused(save(arrays | {"train_labels": np.array([0, 1, 2, -1, 2, 2])}))
        assert "train_labels: label -1 of image 3 is out of range" in message

    def test_a_label_beyond_the_known_names(self, arrays: Arrays, save: Save) -> None:
        message = refused(save(arrays, "pneumoniamnist.npz"))
        assert "label 2 of image 2 is out of range (as are 1 more); expected 0 to 1, by the names" in message

    def test_labels_that_are_no_class_numbers(self, arrays: Arrays, save: Save) -> None:
        message = refused(save(arrays | {"train_labels": np.array([0, 1, 2, 3, 4, 2**63], np.uint64)}))
        assert f"label {2**63} of image 5 is out of range" in message

    def test_a_gap_in_the_numbers(self, arrays: Arrays, save: Save) -> None:
        for split in ("train", "val", "test"):
            arrays[f"{split}_labels"][arrays[f"{split}_labels"] == 1] = 2
        assert "the class '1' has no image" in refused(save(arrays))

    def test_objects_are_not_unpickled(self, arrays: Arrays, save: Save) -> None:
        message = refused(save(arrays | {"train_labels": np.array([print] * 6, dtype=object)}))
        assert "allow_pickle=False" in message

    @pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
    def test_a_file_cut_short(self, arrays: Arrays, save: Save, share: float) -> None:
        path = save(arrays)
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * share)])
        assert "is damaged or no NumPy archive" in refused(path)

    def test_damage_at_any_place_is_noticed_or_harmless(self, arrays: Arrays, save: Save) -> None:
        path = save(arrays)
        content = path.read_bytes()
        for place in range(0, len(content), 23):
            path.write_bytes(content[:place] + bytes([content[place] ^ 255]) + content[place + 1 :])
            with suppress(UserError):  # any other error fails the test
                read_dataset(path)

    def test_a_text_file(self, tmp_path: Path) -> None:
        path = tmp_path / "scans.npz"
        path.write_text("not found")
        assert "is damaged or no NumPy archive" in refused(path)

    def test_a_single_array(self, tmp_path: Path) -> None:
        path = tmp_path / "scans.npz"
        with path.open("wb") as file:
            np.save(file, np.zeros(3))
        assert "is damaged or no NumPy archive" in refused(path)

    def test_an_array_that_claims_to_be_huge(self, tmp_path: Path) -> None:
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(
            header, {"descr": "|u1", "fortran_order": False, "shape": (2**40, 2**10, 4)}
        )
        path = tmp_path / "scans.npz"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("train_images.npy", header.getvalue())
        assert "is damaged or no NumPy archive" in refused(path)

    def test_images_beyond_memory(self, arrays: Arrays, save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("convsight.datasets.npz.check_memory", _full)
        assert "of memory" in refused(save(arrays))


def _full(path: Path, needed_bytes: int) -> None:
    assert needed_bytes > 6 * 4 * 5 * 3
    raise UserError(f"{path} needs {needed_bytes} bytes of memory")
