"""COCO's panoptic results, judged without a model: the panoptic quality that the same maps have, and clear errors."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.training.heard import Heard

from convsight.errors import UserError
from convsight.results import PanopticMap, ids_to_rgb
from convsight.runtime.answers import AnswerOptions, evaluate_answers
from convsight.tasks.panoptic.light.metrics import PanopticMetrics

NAMES, THINGS = ("sky", "road", "car"), (False, False, True)
KEYS = (11, 5, 33)  # ids of categories, in the order of their names
COUNT = 5


def _map(random: np.random.Generator) -> PanopticMap:
    """Blocks of sky, road and cars; some are of none."""
    blocks = random.integers(0, 6, (4, 5))
    ids = blocks.repeat(4, 0).repeat(4, 1)
    numbers = [number for number in np.unique(ids).tolist() if number]
    return PanopticMap.of(NAMES, THINGS, ids, numbers, [min(number - 1, 2) for number in numbers])


def _write(file: Path, maps: dict[str, PanopticMap], **more: Any) -> Path:
    """`maps` by the names of their images, as COCO has them."""
    file.with_suffix("").mkdir(parents=True)
    entries = []
    for number, (name, found) in enumerate(maps.items()):
        Image.fromarray(ids_to_rgb(found.ids * 300)).save(file.with_suffix("") / f"{name}.png")
        segments = [
            {"id": each * 300, "category_id": KEYS[label]}
            for each, label in zip(found.numbers.tolist(), found.labels.tolist(), strict=True)
        ]
        entries.append({"image_id": 70 + number, "file_name": f"{name}.png", "segments_info": segments})
    file.write_text(json.dumps({"annotations": entries, **more}))
    return file


@pytest.fixture
def truth(tmp_path: Path) -> tuple[Path, list[PanopticMap]]:
    random = np.random.default_rng(0)
    maps = [_map(random) for _ in range(COUNT)]
    named = {f"street{number}": found for number, found in enumerate(maps)}
    (tmp_path / "data" / "images").mkdir(parents=True)
    for name in named:
        Image.new("RGB", (20, 16)).save(tmp_path / "data" / "images" / f"{name}.jpg")
    categories = [
        {"id": key, "name": name, "isthing": int(thing)} for key, name, thing in zip(KEYS, NAMES, THINGS, strict=True)
    ]
    images = [{"id": 70 + number, "file_name": f"{name}.jpg"} for number, name in enumerate(named)]
    _write(tmp_path / "data" / "annotations" / "panoptic_val.json", named, images=images, categories=categories)
    return tmp_path / "data", maps


def judged(file: Path, truth: Path, **options: Any) -> tuple[dict[str, float], list[str]]:
    heard = Heard()
    found = evaluate_answers(file, truth, heard, AnswerOptions(**options))
    return {name: each.value for name, each in found.metrics.items()}, heard.said


def test_the_quality_is_that_of_the_same_maps(truth: tuple[Path, list[PanopticMap]], tmp_path: Path) -> None:
    data, maps = truth
    random = np.random.default_rng(1)
    said = [_map(random) if number % 2 else found for number, found in enumerate(maps)]
    file = _write(tmp_path / "said" / "results.json", {f"street{k}": found for k, found in enumerate(said)})
    metrics = PanopticMetrics(("road", "sky", "car"), (False, False, True))
    order = np.array([1, 0, 2])
    for true, found in zip(maps, said, strict=True):
        metrics.update(
            *(
                PanopticMap.of(metrics.classes, metrics.things, each.ids, each.numbers, order[each.labels])
                for each in (true, found)
            )
        )
    wanted = {f"val/{name}": each.value for name, each in metrics.compute(intervals=False).items()}
    found_numbers, _ = judged(file, data)
    assert found_numbers == pytest.approx(wanted, nan_ok=True)
    assert 0.2 < found_numbers["val/PQ"] < 0.95
    same, _ = judged(data / "annotations" / "panoptic_val.json", data)
    assert same["val/PQ"] == 1


def test_images_without_segments_count_and_are_told(truth: tuple[Path, list[PanopticMap]], tmp_path: Path) -> None:
    data, maps = truth
    file = _write(tmp_path / "said" / "results.json", {"street0": maps[0], "street1": maps[1]})
    numbers, notes = judged(file, data)
    assert 0 < numbers["val/PQ"] < 1
    assert "3 of 5 images have no answer, and count as images in which no pixel is of a segment" in " ".join(notes)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda entry: entry.update(image_id=3, file_name="no.png"), "unknown image_id '3'"),
        (lambda entry: entry["segments_info"][0].update(category_id=4), r"unknown category_id 4; known: 11, 5, 33"),
        (lambda entry: entry["segments_info"][0].pop("id"), "has no id from 1 on"),
        (lambda entry: entry["segments_info"].pop(), r"street0.png holds the ids \d+ which its JSON lacks"),
        (
            lambda entry: entry["segments_info"].append({"id": 7, "category_id": 5}),
            r"street0.png holds the ids 7 nowhere",
        ),
        (lambda entry: entry.pop("segments_info"), "expected a file_name and segments_info"),
    ],
)
def test_segments_that_cannot_be_judged_say_why(
    change: Any, words: str, truth: tuple[Path, list[PanopticMap]], tmp_path: Path
) -> None:
    data, maps = truth
    file = _write(tmp_path / "said" / "results.json", {"street0": maps[0]})
    document = json.loads(file.read_text())
    change(document["annotations"][0])
    file.write_text(json.dumps(document))
    with pytest.raises(UserError, match=words):
        judged(file, data)


def test_a_png_of_another_size_and_one_that_is_not_there(truth: tuple[Path, list[PanopticMap]], tmp_path: Path) -> None:
    data, maps = truth
    file = _write(tmp_path / "said" / "results.json", {"street0": maps[0]})
    png = file.with_suffix("") / "street0.png"
    Image.new("RGB", (20, 15)).save(png)
    with pytest.raises(UserError, match="the PNG is 20 x 15, its image 20 x 16"):
        judged(file, data)
    png.unlink()
    with pytest.raises(UserError, match=r"cannot read the mask .*street0.png"):
        judged(file, data)
