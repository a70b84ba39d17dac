"""Lists of images with a class each."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from convsight.datasets import UNSPLIT, Dataset, read_dataset
from convsight.errors import UserError

MakeImages = Callable[..., Path]


def told(dataset: Dataset, split: str = UNSPLIT) -> dict[str, str]:
    """The class of each image."""
    chosen = dataset.split(split)
    return {name: chosen.targets[row].name for row, name in enumerate(chosen.names)}  # type: ignore[attr-defined]


def test_a_list_a_split_with_names_of_the_classes(make_images: MakeImages) -> None:
    folder = make_images("n1/a.jpg", "n1/b c.jpg", "n2/a.jpg", "n2/d.jpg")
    (folder / "synsets.txt").write_text("n01440764 tench, Tinca tinca\ngreat white shark\n")
    (folder / "train.txt").write_text("n1/a.jpg 0\n\nn1/b c.jpg 1\n")
    (folder / "val.txt").write_text("n2/a.jpg 1\n/n2/d.jpg\t0\n")
    dataset = read_dataset(folder)
    assert dataset.target.names == ("great white shark", "tench, Tinca tinca")
    assert told(dataset, "train") == {"n1/a.jpg": "tench, Tinca tinca", "n1/b c.jpg": "great white shark"}
    assert told(dataset, "val") == {"n2/a.jpg": "great white shark", "n2/d.jpg": "tench, Tinca tinca"}


def test_one_list_of_words_or_of_numbers_without_names(make_images: MakeImages) -> None:
    folder = make_images("all/a.jpg", "all/b.jpg")
    for name, said in (("words.txt", ("cat", "dog")), ("numbers.txt", ("7", "12"))):
        (folder / name).write_text(f"all/a.jpg {said[0]}\nall/b.jpg {said[1]}\n")
        dataset = read_dataset(folder / name)
        assert dataset.target.names == said
        assert told(dataset) == {"all/a.jpg": said[0], "all/b.jpg": said[1]}


def test_the_samples_of_another_tool(shared_data: Callable[[str], Path], tmp_path: Path) -> None:
    """Two of its four images are there."""
    folder = shared_data("format_samples") / "imagenet_txt_dataset" / "basic"
    with pytest.raises(UserError, match=r"train\.txt, line 3: no such file: 3\.jpg \(2 of 4 images are not there\)"):
        read_dataset(folder)
    for name in ("1", "2", "3", "4"):
        Image.new("RGB", (5, 5)).save(tmp_path / f"{name}.jpg")
    for name in ("train.txt", "synsets.txt"):
        (tmp_path / name).write_text((folder / name).read_text())
    expected = {"1.jpg": "label_0", "2.jpg": "label_5", "3.jpg": "label_3", "4.jpg": "label_5"}
    assert told(read_dataset(tmp_path), "train") == expected


def test_the_numbers_of_imagenets_kit(make_images: MakeImages) -> None:
    folder = make_images(*(f"val/ILSVRC2012_val_{number:08d}.JPEG" for number in (1, 2, 10)))
    kit = folder / "ILSVRC2012_devkit_t12" / "data"
    kit.mkdir(parents=True)
    (kit / "ILSVRC2012_validation_ground_truth.txt").write_text("2\n1\n2\n")
    assert list(told(read_dataset(folder)).values()) == ["2", "1", "2"]
    (folder / "synset_words.txt").write_text("n01440764 tench\nn01443537 goldfish\n")
    assert list(told(read_dataset(folder)).values()) == ["goldfish", "tench", "goldfish"]
    (kit / "ILSVRC2012_validation_ground_truth.txt").write_text("2\n1\n")
    with pytest.raises(UserError, match=r"holds 2 classes, but .* 3 images"):
        read_dataset(folder)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("a.jpg 0\nb.jpg\n", r"train\.txt, line 2: 'b\.jpg'; expected an image and its class"),
        ("a.jpg 0\na.jpg 1\n", r"a\.jpg is labelled 'dog' here but 'cat' in train\.txt, line 1"),
        ("a.jpg 0\nb.jpg 2\n", "line 2: class '2' is out of range; 2 classes have a name"),
        (f"a.jpg 0\nb.jpg {'9' * 5000}\n", "is out of range"),
    ],
)
def test_what_is_wrong_is_named(make_images: MakeImages, lines: str, words: str) -> None:
    folder = make_images("a.jpg", "b.jpg")
    (folder / "classes.txt").write_text("cat\ndog\n")
    (folder / "train.txt").write_text(lines)
    with pytest.raises(UserError, match=words) as caught:
        read_dataset(folder)
    assert len(str(caught.value)) < 1_000


@pytest.mark.parametrize("line", ["cat/a.jpg", "cat/a.jpg cat/a_mask.png", "0 0.5 0.5 0.1 0.1", ""])
def test_other_texts_leave_a_folder_one_of_class_folders(make_images: MakeImages, line: str) -> None:
    folder = make_images("cat/a.jpg", "dog/b.jpg")
    (folder / "train.txt").write_text(f"{line}\n")
    assert read_dataset(folder).target.names == ("cat", "dog")
