import gzip
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from convsight.datasets import UNSPLIT, read_dataset
from convsight.errors import UserError
from convsight.targets import counts_by_class

WriteIdx = Callable[..., Path]
PIXELS = np.arange(6 * 4 * 5, dtype=np.uint8).reshape(6, 4, 5)
CLOTHES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")


@pytest.fixture
def folder(tmp_path: Path, write_idx: WriteIdx) -> Path:
    """Six training and two test images, 4 x 5, of two classes."""
    data = tmp_path / "shapes"
    write_idx(data / "train-images-idx3-ubyte", PIXELS)
    write_idx(data / "train-labels-idx1-ubyte", [0, 1, 0, 1, 1, 0])
    write_idx(data / "t10k-images-idx3-ubyte", PIXELS[:2] + 100)
    write_idx(data / "t10k-labels-idx1-ubyte", [1, 0])
    return data


def compress(path: Path) -> Path:
    packed = path.with_name(path.name + ".gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    return packed


def refused(folder: Path) -> str:
    with pytest.raises(UserError) as caught:
        read_dataset(folder)
    return str(caught.value)


def test_two_splits(folder: Path) -> None:
    dataset = read_dataset(folder)
    assert dataset.name == "shapes"
    assert list(dataset.splits) == ["train", "test"]
    np.testing.assert_array_equal(np.asarray(dataset.split("train").images), PIXELS)
    np.testing.assert_array_equal(np.asarray(dataset.split("test").images), PIXELS[:2] + 100)
    assert list(dataset.split("test").targets.lines()) == ["1", "0"]
    assert dataset.split("test").names == ["test/00000", "test/00001"]
    assert dataset.target.names == ("0", "1")
    assert not dataset.classes_named


def test_other_spellings_and_gzip(folder: Path) -> None:
    plain = read_dataset(folder)
    for file in folder.iterdir():
        file.rename(folder / file.name.replace("-idx", ".idx").replace("t10k", "test"))
    for file in list(folder.iterdir())[:2]:
        compress(file)
    other = read_dataset(folder)
    for name, split in plain.splits.items():
        np.testing.assert_array_equal(np.asarray(split.images), np.asarray(other.split(name).images))
        assert counts_by_class(split.targets) == counts_by_class(other.split(name).targets)


def test_of_a_file_and_its_packed_copy_the_file_is_read(folder: Path) -> None:
    for file in list(folder.iterdir()):
        (folder / f"{file.name}.gz").write_text("not read")
    assert len(read_dataset(folder).split("train")) == 6


def test_a_single_pair_is_one_uncut_split(folder: Path) -> None:
    for file in folder.glob("train-*"):
        file.unlink()
    dataset = read_dataset(folder)
    assert list(dataset.splits) == [UNSPLIT]
    assert len(dataset.split(UNSPLIT)) == 2


@pytest.mark.parametrize("name", ["classes.txt", "labels.txt"])
def test_class_names_beside_the_files(folder: Path, name: str) -> None:
    (folder / name).write_text("\ufeffcircle\r\n square \n\n", encoding="utf-8")
    dataset = read_dataset(folder)
    assert dataset.target.names == ("circle", "square")
    assert dataset.classes_named
    assert list(dataset.split("test").targets.lines()) == ["square", "circle"]


def test_fashion_mnist(shared_data: Callable[[str], Path]) -> None:
    dataset = read_dataset(shared_data("fashion_mnist"))
    assert dataset.target.names == CLOTHES
    assert dataset.classes_named
    assert {name: len(split) for name, split in dataset.splits.items()} == {"train": 60_000, "test": 10_000}
    assert set(counts_by_class(dataset.split("train").targets).values()) == {6000}
    # The first training image of Fashion-MNIST is an ankle boot; the mean is the published one.
    assert dataset.split("train").targets[0].summary().startswith("Ankle boot")
    assert np.asarray(dataset.split("train").images).mean() / 255 == pytest.approx(0.2860, abs=1e-4)


@pytest.mark.parametrize("part", ["train", "t10k"])
def test_either_part_of_fashion_mnist_is_recognised(
    shared_data: Callable[[str], Path], tmp_path: Path, part: str
) -> None:
    for kind in ("images-idx3", "labels-idx1"):
        shutil.copy(shared_data("fashion_mnist") / f"{part}-{kind}-ubyte.gz", tmp_path)
    assert read_dataset(tmp_path).target.names == CLOTHES


def test_mnist_is_recognised(shared_data: Callable[[str], Path]) -> None:
    dataset = read_dataset(shared_data("mnist"))
    assert dataset.target.names == tuple("0123456789")
    assert dataset.classes_named
    assert len(dataset.split(UNSPLIT)) == 10_000


class TestBadFiles:
    def test_a_file_cut_short(self, folder: Path) -> None:
        file = folder / "train-images-idx3-ubyte"
        file.write_bytes(file.read_bytes()[:-7])
        assert f"{file}: its header promises 120 bytes of images but there are 113" in refused(folder)

    def test_a_file_cut_in_its_header(self, folder: Path) -> None:
        file = folder / "train-labels-idx1-ubyte"
        file.write_bytes(file.read_bytes()[:6])
        assert f"{file} is cut short: it ends within its header" in refused(folder)

    def test_an_empty_file(self, folder: Path) -> None:
        (folder / "train-labels-idx1-ubyte").write_bytes(b"")
        assert "it starts with nothing" in refused(folder)

    def test_a_file_longer_than_its_header_says(self, folder: Path) -> None:
        file = folder / "train-images-idx3-ubyte"
        file.write_bytes(file.read_bytes() + b"\0")
        assert "promises 120 bytes of images but there are more" in refused(folder)

    @pytest.mark.parametrize("keep", [-20, -9, -1])
    def test_a_gzip_file_cut_short(self, folder: Path, keep: int) -> None:
        packed = compress(folder / "train-images-idx3-ubyte")
        packed.write_bytes(packed.read_bytes()[:keep])
        message = refused(folder)
        assert f"{packed}: its header promises 120 bytes of images but there are only" in message
        assert "before it breaks off" in message

    def test_a_gzip_file_cut_in_its_own_header(self, folder: Path) -> None:
        packed = compress(folder / "train-images-idx3-ubyte")
        packed.write_bytes(packed.read_bytes()[:5])
        assert f"{packed} cannot be read: " in refused(folder)

    def test_a_damaged_gzip_file(self, folder: Path) -> None:
        packed = compress(folder / "train-images-idx3-ubyte")
        content = bytearray(packed.read_bytes())
        content[30] ^= 255
        packed.write_bytes(content)
        assert str(packed) in refused(folder)

    def test_a_text_file_called_gz(self, folder: Path) -> None:
        (folder / "train-images-idx3-ubyte").unlink()
        (folder / "train-images-idx3-ubyte.gz").write_text("not found")
        assert "train-images-idx3-ubyte.gz cannot be read: Not a gzipped file" in refused(folder)

    def test_a_gzip_bomb_is_not_unpacked(self, folder: Path) -> None:
        # 64 MB of zeros behind a header that promises 120 bytes.
        file = folder / "train-images-idx3-ubyte"
        file.write_bytes(file.read_bytes()[:16] + bytes(64_000_000))
        compress(file)
        assert "promises 120 bytes of images but there are more" in refused(folder)

    @pytest.mark.parametrize("packed", [False, True])
    def test_a_header_that_promises_the_moon(self, folder: Path, packed: bool) -> None:
        file = folder / "train-images-idx3-ubyte"
        file.write_bytes(struct.pack(">BBBB3I", 0, 0, 8, 3, 2**32 - 1, 2**32 - 1, 2**32 - 1) + bytes(100))
        if packed:
            file = compress(file)
        message = refused(folder)
        assert str(file) in message
        assert "but there are at most" in message

    def test_images_beyond_memory(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("convsight.memory._UNKNOWN_BYTES", 100)
        monkeypatch.setattr("convsight.memory._MEMINFO", folder / "none")
        monkeypatch.setattr("convsight.memory._CONTAINER_LIMIT", folder / "none")
        monkeypatch.setattr("os.sysconf_names", {})
        assert "GiB of memory" in refused(folder)

    def test_another_type_of_values(self, folder: Path) -> None:
        file = folder / "train-images-idx3-ubyte"
        file.write_bytes(b"\0\0\x0d\3" + file.read_bytes()[4:])
        assert f"{file}: type code 13 and 3 axes" in refused(folder)

    def test_images_and_labels_swapped(self, folder: Path) -> None:
        images, labels = folder / "train-images-idx3-ubyte", folder / "train-labels-idx1-ubyte"
        images.rename(folder / "x")
        labels.rename(images)
        (folder / "x").rename(labels)
        assert "images need type code 8 (unsigned byte) and 3" in refused(folder)

    def test_another_file(self, folder: Path) -> None:
        (folder / "train-images-idx3-ubyte").write_text("<html>404 not found, sorry</html>")
        assert "is no IDX file" in refused(folder)

    def test_labels_missing(self, folder: Path) -> None:
        (folder / "t10k-labels-idx1-ubyte").unlink()
        assert "t10k-images-idx3-ubyte has no file of labels beside it" in refused(folder)

    def test_images_missing(self, folder: Path) -> None:
        (folder / "t10k-images-idx3-ubyte").unlink()
        assert "t10k-labels-idx1-ubyte has no file of images beside it" in refused(folder)

    def test_another_count_of_labels(self, folder: Path, write_idx: WriteIdx) -> None:
        write_idx(folder / "train-labels-idx1-ubyte", [0, 1, 0])
        message = refused(folder)
        assert "train-images-idx3-ubyte holds 6 images" in message
        assert "train-labels-idx1-ubyte 3 labels" in message

    def test_a_test_label_beyond_those_of_training(self, folder: Path, write_idx: WriteIdx) -> None:
        file = write_idx(folder / "t10k-labels-idx1-ubyte", [1, 7])
        assert f"{file}: label 7 of image 1 is out of range" in refused(folder)
        assert "expected 0 to 1, by the training labels" in refused(folder)

    def test_a_label_beyond_the_names(self, folder: Path, write_idx: WriteIdx) -> None:
        (folder / "classes.txt").write_text("circle\nsquare\n")
        file = write_idx(folder / "train-labels-idx1-ubyte", [0, 1, 2, 1, 2, 0])
        assert f"{file}: label 2 of image 2 is out of range (as are 1 more); expected 0 to 1" in refused(folder)

    def test_a_name_without_images(self, folder: Path) -> None:
        (folder / "classes.txt").write_text("circle\nsquare\nstar\n")
        assert "the class 'star' has no image" in refused(folder)

    @pytest.mark.parametrize("content", ["", "circle\n\nsquare", "circle\ncircle"])
    def test_names_that_are_no_list(self, folder: Path, content: str) -> None:
        (folder / "classes.txt").write_text(content)
        assert "classes.txt: expected one class name a line" in refused(folder)

    def test_names_in_another_encoding(self, folder: Path) -> None:
        (folder / "classes.txt").write_bytes("Käse\nBrot".encode("utf-16"))
        assert "classes.txt cannot be read" in refused(folder)

    def test_no_images(self, folder: Path, write_idx: WriteIdx) -> None:
        write_idx(folder / "t10k-images-idx3-ubyte", np.zeros((0, 4, 5), np.uint8))
        write_idx(folder / "t10k-labels-idx1-ubyte", [])
        assert "the split 'test' holds no image" in refused(folder)

    def test_one_class(self, folder: Path, write_idx: WriteIdx) -> None:
        write_idx(folder / "train-labels-idx1-ubyte", [0] * 6)
        write_idx(folder / "t10k-labels-idx1-ubyte", [0, 0])
        assert "one class only: '0'" in refused(folder)
