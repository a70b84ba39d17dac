import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.datasets.boxes.saying import boxes, refused, told

from convsight.datasets import read_dataset

MakeImage = Callable[..., Path]


@pytest.fixture
def yolo(image: MakeImage, tmp_path: Path) -> Path:
    """Two training images, of which b shows nothing, and one to validate; 40 x 30 px."""
    folder = tmp_path / "set"
    for name in ("train/a", "train/b", "val/c"):
        image(f"set/images/{name}.png")
        (folder / "labels" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "labels" / f"{name}.txt").write_text(
            "" if name.endswith("b") else "1 0.5 0.5 0.25 0.2\n0 0.5 0.5 1 1\n"
        )
    (folder / "data.yaml").write_text("train: images/train\nval: images/val\nnames: [cat, dog]\n")
    return folder


def described(folder: Path, text: str) -> Path:
    (folder / "data.yaml").write_text(text)
    return folder


def labelled(folder: Path, text: str) -> Path:
    (folder / "labels/train/a.txt").write_text(text)
    return folder


@pytest.mark.parametrize("name", ["", "data.yaml"])
def test_boxes_in_pixels(yolo: Path, name: str) -> None:
    dataset = read_dataset(yolo / name)
    assert (dataset.task, dataset.target.names, list(dataset.splits)) == ("detection", ("cat", "dog"), ["train", "val"])
    assert told(dataset, "images/train/a.png", "train") == [("dog", [15, 12, 25, 18]), ("cat", [0, 0, 40, 30])]
    assert told(dataset, "images/train/b.png", "train") == []
    assert (dataset.notes, dataset.findings) == ((), ())


def test_an_image_turned_by_its_orientation(yolo: Path) -> None:
    from PIL import Image

    turn = Image.Exif()
    turn[0x0112] = 6
    Image.new("RGB", (40, 30)).save(yolo / "images/train/a.png", exif=turn)
    dataset = read_dataset(yolo)
    assert boxes(dataset, "images/train/a.png", "train").size == (30, 40)
    assert told(dataset, "images/train/a.png", "train")[1] == ("cat", [0, 0, 30, 40])


@pytest.mark.parametrize(
    "text",
    [
        "path: .\ntrain: images/train\nval: [images/val]\nnames: {0: cat, 1: dog}\nnc: 2",
        "path: /another/machine\ntrain: ../images/train\nval: ../images/val\nnames:\n  - cat\n  - dog\n",
        "train: train.txt\nvalidation: images\\\\val\nnames:\n  0: cat\n  1: dog  # barks\ndownload: |\n  a: lines\n",
    ],
)
def test_spellings(yolo: Path, text: str) -> None:
    (yolo / "train.txt").write_text("./images/train/a.png\n\nimages/train/b.png\n")
    dataset = read_dataset(described(yolo, text))
    assert dataset.target.names == ("cat", "dog")
    assert {name: len(split) for name, split in dataset.splits.items()} == {"train": 2, "val": 1}


def test_an_alias_for_a_text(yolo: Path) -> None:
    assert list(read_dataset(described(yolo, "train: &here images\nval: *here\nnames: [cat, dog]")).splits) == ["train"]


def test_names_that_yaml_would_call_false_or_numbers(yolo: Path) -> None:
    assert read_dataset(described(yolo, "train: images\nnames: [no, 1e3]")).target.names == ("no", "1e3")


def test_numbers_where_there_are_no_names(yolo: Path) -> None:
    dataset = read_dataset(described(yolo, "train: images\nnc: 2"))
    assert (dataset.target.names, dataset.classes_named) == (("0", "1"), False)


def test_class_numbers_with_gaps(yolo: Path) -> None:
    labelled(yolo, "7 .5 .5 .5 .5\n")
    dataset = read_dataset(described(yolo, "train: images/train\nnames: {3: fox, 7: cat}"))
    assert dataset.target.names == ("cat",)
    assert told(dataset, "images/train/a.png", "train") == [("cat", [10, 7.5, 30, 22.5])]


def test_outlines_give_their_bounding_box_and_area(yolo: Path) -> None:
    dataset = read_dataset(labelled(yolo, "0 0 0 0.5 0 0.5 0.5\n1 0.5 0.5 0.25 0.2"))
    found = boxes(dataset, "images/train/a.png", "train")
    assert found.xyxy.tolist()[0] == [0, 0, 20, 15]
    assert found.areas.tolist() == pytest.approx([150, 60])  # half of 20 x 15, and 10 x 6
    assert "outlines, of which the bounding box was taken: 1" in dataset.notes


def test_keypoints_are_left_out(yolo: Path) -> None:
    labelled(yolo, "0 0.5 0.5 0.5 0.5 0.1 0.1 2 0.2 0.2 2\n")
    described(yolo, "train: images/train\nnames: [cat]\nkpt_shape: [2, 3]")
    assert told(read_dataset(yolo), "images/train/a.png", "train") == [("cat", [10, 7.5, 30, 22.5])]


class TestKeypointsWithoutAWord:
    def test_with_visibility(self, yolo: Path) -> None:
        labelled(yolo, "0 0.5 0.5 0.5 0.5 0.1 0.9 2 0.5 0.6 0\n")
        (yolo / "labels/val/c.txt").unlink()
        dataset = read_dataset(yolo)
        assert told(dataset, "images/train/a.png", "train") == [("cat", [10, 7.5, 30, 22.5])]
        words = "the lines of the label files look like boxes with key points, which are passed over"
        assert words in dataset.notes

    def test_of_odd_number(self, yolo: Path) -> None:
        labelled(yolo, "0 0.5 0.5 0.5 0.5 0.5 0.6 1\n")
        (yolo / "labels/val/c.txt").unlink()
        assert told(read_dataset(yolo), "images/train/a.png", "train") == [("cat", [10, 7.5, 30, 22.5])]

    def test_without_visibility(self, yolo: Path) -> None:
        labelled(yolo, "0 0.5 0.5 0.5 0.5 0.4 0.6 0.5 0.5\n" * 8)
        (yolo / "labels/val/c.txt").unlink()
        assert told(read_dataset(yolo), "images/train/a.png", "train")[0] == ("cat", [10, 7.5, 30, 22.5])

    @pytest.mark.parametrize(
        "text",
        [
            "0 .1 .1 .2 .1 .2 .2 .1 .2\n" * 8 + "0 .7 .7 .9 .7 .9 .9 .7 .9\n",  # outlines of four corners
            "0 .5 .5 .5 .5 .4 .6 .5 .5\n" * 8 + "0 .5 .5 .5 .5 .4 .6\n",  # not equally long
            "0 .5 .5 .5 .5 .4 .6 .5 .5\n" * 2,  # too few to tell
        ],
    )
    def test_outlines_stay_outlines(self, yolo: Path, text: str) -> None:
        (yolo / "labels/val/c.txt").unlink()
        dataset = read_dataset(labelled(yolo, text))
        assert f"outlines, of which the bounding box was taken: {len(text.splitlines())}" in dataset.notes


class TestPlacesOfLabels:
    def test_beside_images_in_a_folder_of_that_name(self, yolo: Path) -> None:
        (yolo / "labels/train/a.txt").rename(yolo / "images/train/a.txt")
        dataset = read_dataset(yolo)
        assert len(boxes(dataset, "images/train/a.png", "train")) == 2
        assert dataset.notes == ()

    def test_of_data_that_lie_below_such_a_folder(self, yolo: Path, tmp_path: Path) -> None:
        (tmp_path / "images").mkdir()
        folder = yolo.rename(tmp_path / "images/set")
        (folder / "images").rename(folder / "pictures")
        for name in ("train/a", "train/b", "val/c"):
            (folder / f"labels/{name}.txt").rename(folder / f"pictures/{name}.txt")
        described(folder, "train: pictures/train\nval: pictures/val\nnames: [cat, dog]")
        assert len(boxes(read_dataset(folder), "pictures/train/a.png", "train")) == 2


def test_a_missing_label_file_is_an_image_without_boxes(yolo: Path) -> None:
    (yolo / "labels/train/b.txt").unlink()
    dataset = read_dataset(yolo)
    assert told(dataset, "images/train/b.png", "train") == []
    assert dataset.notes == ("images without a label file count as images without boxes: 1",)


def test_validation_images_that_are_those_of_training_are_none(yolo: Path) -> None:
    dataset = read_dataset(described(yolo, "train: images/train\nval: images/train\nnames: [cat, dog]"))
    assert list(dataset.splits) == ["train"]
    assert dataset.notes == ("val names the same images as train, so it would judge nothing; left out",)


def test_images_of_one_name_in_two_folders(yolo: Path) -> None:
    (yolo / "images/val/c.png").rename(yolo / "images/val/a.png")
    (yolo / "labels/val/c.txt").rename(yolo / "labels/val/a.txt")
    names = [name for split in read_dataset(yolo).splits.values() for name in split.names]
    assert names == ["images/train/a.png", "images/train/b.png", "images/val/a.png"]


def test_an_unreadable_image_is_left_to_who_decodes_it(yolo: Path) -> None:
    (yolo / "images/train/a.png").write_bytes(b"no image")
    (yolo / "labels/train/b.txt").write_text("0 .5 .5 .5 .5\n1 .5 .5 .5 .5")
    assert told(read_dataset(yolo), "images/train/a.png", "train") == []


class TestRefused:
    @pytest.mark.parametrize(
        ("line", "words"),
        [
            ("2 .5 .5 .1 .1", "there is no class 2; data.yaml names 0 to 1"),
            ("-1 .5 .5 .1 .1", "there is no class -1"),
            ("0.5 .5 .5 .1 .1", "there is no class 0.5"),
            ("nan .5 .5 .1 .1", "there is no class nan"),
            ("cat .5 .5 .1 .1", "'cat' is not a number"),
            ("0 .5 .5 .1", "4 fields; expected 5"),
            ("0 .5 .5 .1 .1 .9", "6 fields"),
            ("0 .5 .5 .1 .1 .9 .9 .9", "8 fields"),
            ("0 20 15 10 6", "20 is no fraction of a side (0 to 1); divide pixels"),
            ("0 nan .5 .1 .1", "cat (nan, 13.5, nan, 16.5) on images/train/a.png is no box"),
            ("0 inf .5 .1 .1", "inf is no fraction"),
        ],
    )
    def test_a_line(self, yolo: Path, line: str, words: str) -> None:
        message = refused(labelled(yolo, f"0 .5 .5 .1 .1\n\n{line}\n"))
        assert words in message
        assert "labels/train/a.txt, line 3" in message.replace("\\", "/")

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("train: [images\nnames: [a]", "data.yaml, line 2: damaged YAML"),
            ("- a\n- b", "describes no data set"),
            ("train: images/train", "describes no data set"),
            ("names: [cat, dog]", "names no images"),
            ("train: {a: b}\nnames: [cat]", "train is {'a': 'b'}; expected a folder"),
            ("train: images/tain\nnames: [cat]", "train is 'images/tain', but there is no"),
            ("train: data.yaml\nnames: [cat]", "which is no folder and no .txt list"),
            ("train: labels\nnames: [cat]", "train (labels) holds no image"),
            ("train: images\nnames: [cat, dog]\nnc: 3", "nc is 3, but there are 2 names"),
            ("train: images\nnames: [cat, dog]\nnc: many", "nc is 'many'"),
            ("train: images\nnc: 99999999999", "nc is '99999999999'"),  # as many names would fill the memory
            ("train: images\nnames: {99999999999: cat}", "the class '99999999999' is named 'cat'"),
            ("train: images\nnames: [cat, cat]", "the name 'cat' is given to two classes"),
            ("train: images\nnames: {a: cat}", "the class 'a' is named 'cat'; expected a number"),
            ("train: images\nnames: [[cat]]", "the class 0 is named ['cat']"),
            ("train: images\nnames: cat", "names is 'cat'; expected a list"),
            (
                "train: images/train\nval: [images/train, images/val]\nnames: [cat, dog]",
                "is in 'val' but also in 'train'",
            ),
        ],
    )
    def test_a_description(self, yolo: Path, text: str, words: str) -> None:
        assert words in refused(described(yolo, text))

    def test_aliases_that_would_fill_the_memory(self, yolo: Path) -> None:
        levels = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
        bomb = f"a0: &a0 [{'x' * 50}]\n{levels}train: *a11\nnames: *a11\n"
        assert "data.yaml, line 2: damaged YAML: an alias for more than a text" in refused(described(yolo, bomb))

    def test_a_description_too_large(self, yolo: Path) -> None:
        assert "data.yaml is larger than 4 MiB" in refused(described(yolo, f"names: [{'cat,' * 1_100_000}]"))

    @pytest.mark.parametrize("text", ["nc: {}", "names: [cat]\ntrain: {}", "names: [[{}]]", "names: {{0: a, {}: b}}"])
    def test_long_values_are_not_repeated_whole(self, yolo: Path, text: str) -> None:
        assert len(refused(described(yolo, text.format("x" * 100_000)))) < 1_000

    def test_a_listed_image_that_is_not_there(self, yolo: Path) -> None:
        (yolo / "train.txt").write_text("images/train/a.png\n\nimages/train/z.png\n")
        described(yolo, "train: train.txt\nnames: [cat, dog]")
        assert "train.txt, line 3: no such file: z.png (1 of 2" in refused(yolo)

    def test_no_labels_at_all(self, yolo: Path) -> None:
        (yolo / "labels").rename(yolo / "elsewhere")
        assert "none of 3 images has a label file; expected labels/train/a.txt" in refused(yolo)


def test_what_systems_and_pipes_look_like_images_is_left_out(yolo: Path, image: MakeImage) -> None:
    image("set/images/train/@eaDir/a.png/thumb.png")
    image("set/images/.thumbnails/b.png")
    os.mkfifo(yolo / "images/train/pipe.png")
    dataset = read_dataset(yolo)
    assert list(dataset.split("train").names) == ["images/train/a.png", "images/train/b.png"]
    assert dataset.notes == ("left out, since a system or file server made them: 1 folder (images/train/@eaDir)",)


def test_a_folder_called_like_a_pattern(yolo: Path) -> None:
    place = yolo.rename(yolo.parent / "set [1]*")
    assert {name: len(split) for name, split in read_dataset(place).splits.items()} == {"train": 2, "val": 1}
