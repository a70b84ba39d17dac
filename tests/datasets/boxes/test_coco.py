import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.datasets.boxes.saying import boxes, refused, told

from convsight.datasets import UNSPLIT, read_dataset
from convsight.datasets.checks import check_judgeable
from convsight.errors import UserError

MakeImage = Callable[..., Path]
Document = dict[str, list[dict[str, Any]]]


@pytest.fixture
def document(image: MakeImage) -> Document:
    """Two images, of which one shows a cat and a dog; category ids with gaps, not in order."""
    for name in ("a.png", "b.png"):
        image(f"set/images/{name}")
    return {
        "images": [
            {"id": 7, "file_name": "a.png", "width": 40, "height": 30},
            {"id": 3, "file_name": "b.png", "width": 40, "height": 30},
        ],
        "annotations": [
            {"id": 1, "image_id": 7, "category_id": 90, "bbox": [1, 2, 10, 20.5], "area": 77.5, "iscrowd": 0},
            {"id": 2, "image_id": 7, "category_id": 4, "bbox": [5, 5, 8, 8], "iscrowd": 1},
        ],
        "categories": [{"id": 90, "name": "dog"}, {"id": 4, "name": "cat"}, {"id": 50, "name": "fox"}],
    }


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def write(document: Any, name: str = "set/boxes.json") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        return path

    return write


def test_boxes_areas_crowds_and_an_image_without_boxes(document: Document, write: Callable[..., Path]) -> None:
    dataset = read_dataset(write(document))
    assert (dataset.task, dataset.name, dataset.target.names) == ("detection", "boxes", ("cat", "dog"))
    assert told(dataset, "images/a.png") == [("dog", [1, 2, 11, 22.5]), ("cat", [5, 5, 13, 13])]
    assert told(dataset, "images/b.png") == []
    found = boxes(dataset, "images/a.png")
    assert (found.size, found.areas.tolist(), found.crowd.tolist()) == ((40, 30), [77.5, 64], [False, True])
    assert dataset.notes == ("1 class is named but never used, and left out: fox",)


def test_category_ids_with_gaps_give_indices_without(document: Document, write: Callable[..., Path]) -> None:
    document["categories"].pop()
    dataset = read_dataset(write(document))
    assert dataset.target.names == ("cat", "dog")  # by id: 4, 90
    assert boxes(dataset, "images/a.png").labels.tolist() == [1, 0]


def test_one_class_is_enough(document: Document, write: Callable[..., Path]) -> None:
    document["annotations"].pop()
    dataset = read_dataset(write(document))
    assert dataset.target.names == ("dog",)
    assert [finding.kind for finding in dataset.findings] == ["one-class"]


@pytest.mark.parametrize(
    ("names", "split"),
    [
        (("annotations/instances_train2017.json", "train2017/{}"), "train"),
        (("annotations/instances_val.json", "images/val/{}"), "val"),
        (("instances_test.json", "test/{}"), "test"),
        (("valid/_annotations.coco.json", "valid/{}"), "val"),
        (("instances.json", "images/{}"), UNSPLIT),
        (("annotations/instances.json", "images/{}"), UNSPLIT),
        (("_annotations.coco.json", "{}"), UNSPLIT),
    ],
)
def test_layouts(
    document: Document,
    write: Callable[..., Path],
    image: MakeImage,
    names: tuple[str, str],
    split: str,
    tmp_path: Path,
) -> None:
    write(document, f"laid/{names[0]}")
    for name in ("a.png", "b.png"):
        image(f"laid/{names[1].format(name)}")
    dataset = read_dataset(tmp_path / "laid")
    assert list(dataset.splits) == [split]
    assert dataset.split(split).names == [names[1].format("a.png"), names[1].format("b.png")]


@pytest.mark.parametrize(
    ("file", "images", "split"),
    [
        ("annotations/train.json", "train/{}", "train"),
        ("annotations/my_val.json", "images/{}", "val"),
        ("annotations/default.json", "images/{}", UNSPLIT),
        ("train.json", "images/{}", "train"),
        ("labels.json", "data/{}", UNSPLIT),  # FiftyOne's COCODetectionDataset
        ("result.json", "images/{}", UNSPLIT),  # Label Studio's
    ],
)
def test_files_of_other_names(
    document: Document, write: Callable[..., Path], image: MakeImage, file: str, images: str, split: str
) -> None:
    for name in ("a.png", "b.png"):
        image(f"laid/{images.format(name)}")
    write({"info": {}, "licenses": []} | document, f"laid/{file}")
    write({"captions": []}, "laid/annotations/captions_train.json")
    dataset = read_dataset(write("{}", "laid/notes.json").parent)
    assert list(dataset.splits) == [split]
    assert dataset.split(split).names == [images.format("a.png"), images.format("b.png")]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([{"id": 1, "data": {}, "annotations": []}], "it looks like a list of tasks of Label Studio: export them"),
        ([{"image": "a.png", "label": []}], "it looks like a list of tasks of Label Studio"),
        ({"shapes": [], "imagePath": "a.png"}, "it is labelme's about one image: name the folder that holds it"),
        ({"samples": []}, "it looks like a dataset of FiftyOne"),
        ({"a.png1": {"regions": []}}, "it looks like a project of the VGG Image Annotator"),
    ],
)
def test_json_of_other_tools_is_told(write: Callable[..., Path], content: Any, words: str) -> None:
    assert f"boxes.json is no COCO file: expected an object with images, annotations, categories; {words}" in refused(
        write(content)
    )


def test_splits_share_their_classes(
    document: Document, write: Callable[..., Path], image: MakeImage, tmp_path: Path
) -> None:
    other = {
        "images": [{"id": 7, "file_name": "c.png"}],
        "annotations": [{"id": 1, "image_id": 7, "category_id": 1, "bbox": [0, 0, 3, 3]}],
        "categories": [{"id": 1, "name": "dog"}],
    }
    for split, content in (("train", document), ("test", other)):
        write(content, f"two/annotations/instances_{split}.json")
    for name in ("train/a.png", "train/b.png", "test/c.png"):
        image(f"two/{name}")
    dataset = read_dataset(tmp_path / "two")
    assert dataset.target.names == ("cat", "dog")
    assert told(dataset, "test/c.png", "test") == [("dog", [0, 0, 3, 3])]


def test_images_of_one_name_in_two_folders(document: Document, write: Callable[..., Path], image: MakeImage) -> None:
    for coco_image, folder in zip(document["images"], ("one", "two"), strict=True):
        coco_image["file_name"] = f"{folder}/same.png"
        image(f"set/{folder}/same.png")
    assert read_dataset(write(document)).split(UNSPLIT).names == ["one/same.png", "two/same.png"]


class TestIds:
    @pytest.mark.parametrize(("listed", "named"), [(7, "7"), ("7", 7), (7, 7.0), (7.0, "7"), ("7", "7")])
    def test_texts_and_fractions_that_mean_the_same(
        self, document: Document, write: Callable[..., Path], listed: Any, named: Any
    ) -> None:
        document["images"][0]["id"] = listed
        document["categories"][0]["id"] = listed
        for entry in document["annotations"]:
            entry["image_id"] = named
        document["annotations"][0]["category_id"] = named
        assert told(read_dataset(write(document)), "images/a.png")[0] == ("dog", [1, 2, 11, 22.5])

    @pytest.mark.parametrize("key", ["007", "7.5", "٧"])
    def test_other_texts(self, document: Document, write: Callable[..., Path], key: str) -> None:
        document["annotations"][0]["image_id"] = key
        assert f"annotation 1: image_id {key!r} is not among the images" in refused(write(document))

    @pytest.mark.parametrize("number", [0, 2])
    def test_an_unused_category_named_like_a_class(
        self, document: Document, write: Callable[..., Path], number: int
    ) -> None:
        document["categories"].insert(number, {"id": 0, "name": "dog", "supercategory": "none"})
        dataset = read_dataset(write(document))
        assert dataset.target.names == ("cat", "dog")
        assert "boxes.json: the category 0 is named 'dog' like another, and never used" in dataset.notes


@pytest.mark.parametrize("name", ["deep\\a.png", ".\\deep\\a.png"])
def test_names_as_windows_writes_them(
    document: Document, write: Callable[..., Path], image: MakeImage, name: str
) -> None:
    document["images"][0]["file_name"] = name
    image("set/images/deep/a.png")
    assert len(boxes(read_dataset(write(document)), "images/deep/a.png")) == 2


def test_crowds_alone_are_told(document: Document, write: Callable[..., Path]) -> None:
    for entry in document["annotations"]:
        entry["iscrowd"] = 1
    dataset = read_dataset(write(document))
    (finding,) = (each for each in dataset.findings if each.kind == "nothing-to-find")
    assert (finding.level, finding.brief in dataset.notes) == ("wrong", True)
    assert finding.words.startswith("all of 2 boxes are marked as crowds")
    with pytest.raises(UserError, match="2 boxes are marked as crowds or as difficult, which need not be found"):
        check_judgeable(dataset.source, dataset.split(UNSPLIT))


class TestRefused:
    def test_fractions(self, document: Document, write: Callable[..., Path]) -> None:
        for entry in document["annotations"]:
            entry["bbox"] = [0.25, 0.5, 0.5, 0.25]
        assert "annotation 1: dog (0.25, 0.5, 0.75, 0.75), as all of 2 boxes, lies" in refused(write(document))

    def test_a_number_of_many_digits(self, document: Document, write: Callable[..., Path]) -> None:
        assert "is no JSON text" in refused(write(json.dumps(document).replace("77.5", "7" * 100_000)))

    @pytest.mark.parametrize(
        ("where", "changes", "words"),
        [
            ("annotations", {"image_id": 99}, "annotation 1: image_id 99 is not among the images (their ids: 3 to 7"),
            ("annotations", {"image_id": None}, "annotation 1: image_id is None; expected a whole number"),
            (
                "annotations",
                {"category_id": 5},
                "annotation 1: category_id 5 is not among the categories (their ids: 4",
            ),
            ("annotations", {"bbox": [1, 2, 3]}, "annotation 1: bbox is [1, 2, 3]; expected four numbers"),
            ("annotations", {"bbox": [float("nan"), 2, 3, 4]}, "annotation 1: dog (nan, 2, nan, 6) on images/a.png"),
            ("annotations", {"bbox": [1, 2, float("inf"), 4]}, "annotation 1: dog (1, 2, inf, 6) on images/a.png"),
            ("images", {"file_name": "c.png"}, "image 7: no such file: c.png (1 of 2 images are not there)"),
            ("images", {"file_name": "b.png"}, "the images 7 and 3 have one file_name, b.png"),
            ("images", {"file_name": 5}, "image 7: file_name is 5"),
            ("images", {"id": 3}, "two images have the id 3: a.png and b.png"),
            ("categories", {"id": 4}, "the category id 4 is given to 'dog' and 'cat'"),
            ("categories", {"name": "cat"}, "the category 'cat' is there twice, with ids 90 and 4"),
            ("categories", {"name": ""}, "category 90: the name is ''"),
        ],
    )
    def test_a_field(
        self, document: Document, write: Callable[..., Path], where: str, changes: dict[str, Any], words: str
    ) -> None:
        document[where][0] |= changes
        path = write(document)
        message = refused(path)
        assert words in message
        assert str(path) in message

    def test_broken_json(self, write: Callable[..., Path]) -> None:
        assert "boxes.json, line 2, column 12: damaged JSON" in refused(write('{\n"images": [,]}'))

    @pytest.mark.parametrize("content", ["[]", "{}", '{"images": [1], "annotations": [], "categories": []}'])
    def test_json_of_something_else(self, write: Callable[..., Path], content: str) -> None:
        assert "boxes.json" in refused(write(content))

    def test_deep_json(self, write: Callable[..., Path]) -> None:
        assert "is no JSON text" in refused(write("[" * 100_000))

    def test_no_box_at_all(self, document: Document, write: Callable[..., Path]) -> None:
        document["annotations"] = []
        assert "no image has a box" in refused(write(document))

    def test_two_files_of_a_split(self, document: Document, write: Callable[..., Path], tmp_path: Path) -> None:
        write(document, "two/annotations/instances_train2014.json")
        write(document, "two/annotations/instances_train2017.json")
        assert "are both of the split 'train'" in refused(tmp_path / "two")

    def test_an_image_in_two_splits(
        self, document: Document, write: Callable[..., Path], image: MakeImage, tmp_path: Path
    ) -> None:
        for split in ("train", "val"):
            write(document, f"two/annotations/instances_{split}.json")
        for name in ("a.png", "b.png"):
            image(f"two/images/{name}")
        assert "images/a.png is in 'val' but also in 'train'" in refused(tmp_path / "two")


def test_annotation_ids_given_twice_are_told(document: Document, write: Callable[..., Path]) -> None:
    document["annotations"][1]["id"] = 1
    dataset = read_dataset(write(document))
    assert "boxes.json: 1 annotation ids are given more than once (1); all are used" in dataset.notes
    assert len(boxes(dataset, "images/a.png")) == 2


def test_real_boxes_are_those_of_the_file(shared_data: Callable[[str], Path]) -> None:
    folder = shared_data("coco_permissive")
    raw = json.loads((folder / "instances.json").read_text())
    names = {category["id"]: category["name"] for category in raw["categories"]}
    dataset = read_dataset(folder)
    split = dataset.split(UNSPLIT)
    assert len(split) == 33
    for coco_image in raw["images"]:
        expected = [entry for entry in raw["annotations"] if entry["image_id"] == coco_image["id"]]
        found = boxes(dataset, f"images/{coco_image['file_name']}")
        assert [dataset.target.names[label] for label in found.labels] == [
            names[each["category_id"]] for each in expected
        ]
        for box, entry in zip(found.xyxy, expected, strict=True):
            x, y, width, height = entry["bbox"]
            assert box.tolist() == pytest.approx([x, y, x + width, y + height], abs=1e-9)
        assert found.areas.tolist() == [entry["area"] for entry in expected]
        assert found.crowd.sum() == sum(entry["iscrowd"] for entry in expected)
    ids = {name: key for key, name in names.items()}
    assert [ids[name] for name in dataset.target.names] == sorted(ids[name] for name in dataset.target.names)
