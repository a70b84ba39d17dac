import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.datasets.masks.conftest import Write
from tests.datasets.masks.said import indices, kinds, refused, things

from convsight.datasets import read_as_it_is, read_dataset
from convsight.datasets.masks.adopt import with_classes, with_segments, with_things
from convsight.results import ids_to_rgb
from convsight.targets import Palette

Text = Callable[[str, str], Path]

IDS = np.array([[70000, 70000, 3, 3, 0, 0], [70000, 70000, 3, 3, 0, 0], [500, 500, 500, 500, 500, 500]] * 1)


@pytest.fixture
def document() -> dict[str, Any]:
    return {
        "images": [{"id": 5, "file_name": "a.png", "width": 6, "height": 3}],
        "annotations": [
            {
                "image_id": 5,
                "file_name": "a.png",
                "segments_info": [
                    {"id": 70000, "category_id": 1, "iscrowd": 0},
                    {"id": 3, "category_id": 1, "iscrowd": 1},
                    {"id": 500, "category_id": 9, "iscrowd": 0},
                ],
            }
        ],
        "categories": [
            {"id": 9, "name": "sky", "isthing": 0, "color": [1, 2, 3]},
            {"id": 1, "name": "cat", "isthing": 1, "color": [4, 5, 6]},
        ],
    }


@pytest.fixture
def panoptic(tmp_path: Path, write: Write, text: Text, document: dict[str, Any]) -> Path:
    write("val2017/a.png", np.zeros((3, 6, 3)))
    write("annotations/panoptic_val2017/a.png", ids_to_rgb(IDS))
    text("annotations/panoptic_val2017.json", json.dumps(document))
    return tmp_path


def test_segments(panoptic: Path) -> None:
    for path in (panoptic, panoptic / "annotations/panoptic_val2017.json"):
        dataset = read_dataset(path)
        target = dataset.target
        assert isinstance(target, Palette)
        assert (dataset.task, target.names, target.things) == ("panoptic", ("cat", "sky"), ("cat",))
        assert target.colours == ((4, 5, 6), (1, 2, 3))
        (split,) = dataset.splits.values()
        found: Any = split.targets[0]
        assert (found.ids == IDS).all()
        told = dict(zip(found.numbers.tolist(), found.labels.tolist(), strict=True))
        assert told == {70000: 0, 3: 0, 500: 1}
        assert found.crowd[found.numbers == 3].all()
        assert split.targets.to_find() == 2
    assert list(read_dataset(panoptic).splits) == ["val"]


def test_what_segments_tell_of_things_and_classes(panoptic: Path) -> None:
    dataset = read_dataset(panoptic)
    assert with_segments(dataset) is dataset
    classes = with_classes(dataset)
    assert classes is not None
    name = "val2017/a.png"
    assert indices(classes, name) == np.select([IDS == 500, IDS == 0], [1, 255], 0).tolist()
    single = with_things(dataset)
    assert single is not None
    assert single.target.names == ("cat",)
    assert things(single, name) == [("cat", [2, 0, 4, 2], 4), ("cat", [0, 0, 2, 2], 4)]


def test_what_is_wrong(panoptic: Path, write: Write, text: Text, document: dict[str, Any]) -> None:
    write("annotations/panoptic_val2017/a.png", ids_to_rgb(IDS + 1))
    refused(panoptic, "holds the numbers 1, 4, 501, 70001 (first at 4 px across, 0 px down)", "does not list")
    assert kinds(panoptic) == ["ids-outside-the-classes"]
    write("annotations/panoptic_val2017/a.png", IDS % 200)
    refused(panoptic, "is not in colour; a panoptic PNG holds numbers as red + 256 green + 65,536 blue")
    write("annotations/panoptic_val2017/a.png", ids_to_rgb(IDS[:2]))
    refused(panoptic, "is 6 x 2 px, but its image a.png is 6 x 3 px")
    document["annotations"][0]["segments_info"][0]["category_id"] = 77
    text("annotations/panoptic_val2017.json", json.dumps(document))
    refused(panoptic, "is of no category that is listed")
    document["annotations"][0]["file_name"] = "z.png"
    text("annotations/panoptic_val2017.json", json.dumps(document))
    refused(panoptic, "no such file: z.png")


def test_the_sample_of_the_format(shared_data: Callable[[str], Path]) -> None:
    dataset = read_as_it_is(shared_data("coco_panoptic_sample"))
    document = json.loads((Path(dataset.source) / "panoptic_examples.json").read_text())
    assert (len(dataset.target.names), len(dataset.splits["all"])) == (133, 2)
    for row, annotation in enumerate(document["annotations"]):
        found: Any = dataset.splits["all"].targets[row]
        areas = {each.number: each.area for each in found.segments}
        assert areas == {each["id"]: each["area"] for each in annotation["segments_info"]}


def test_a_json_of_boxes_stays_one_of_boxes(shared_data: Callable[[str], Path]) -> None:
    dataset = read_as_it_is(shared_data("coco_permissive") / "instances.json")
    assert dataset.task == "detection"
