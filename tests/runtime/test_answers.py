"""Answers of other tools, judged through the command line: the numbers of their oracles, and clear errors."""

import contextlib
import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_masks
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from sklearn.metrics import accuracy_score, balanced_accuracy_score, jaccard_score, roc_auc_score
from tests.metrics.pixels.maps import guessed, moved, patches, things
from tests.tasks.detection.judged import COCO_NAMES
from tests.training.heard import Heard
from typer.testing import CliRunner

from convsight.cli import app
from convsight.datasets import UNSPLIT, Dataset, Split
from convsight.errors import UserError
from convsight.metrics.pixels.mask_pairs import MaskPairs
from convsight.metrics.pixels.science_bowl import science_bowl_precision
from convsight.results import ClassMap, ClassMaps
from convsight.results.masks import masks_of_ids
from convsight.results.run_lengths import from_text
from convsight.runtime.answers import AnswerOptions, evaluate_answers
from convsight.runtime.evaluate import Evaluation
from convsight.targets import Palette

NAMES = ("cat", "dog", "hen")


def judged(answers: Path, truth: Path | Dataset, **options: Any) -> tuple[Evaluation, list[str]]:
    heard = Heard()
    return evaluate_answers(answers, truth, heard, AnswerOptions(**options)), heard.said


def value(found: Evaluation, name: str) -> float:
    return found.metrics[name].value


@pytest.fixture
def photos_of_animals(tmp_path: Path) -> Path:
    """Folders of 7 images a class, cut into train and test."""
    for part, count in (("train", 4), ("test", 7)):
        for shade, name in enumerate(NAMES):
            folder = tmp_path / "animals" / part / name
            folder.mkdir(parents=True)
            for number in range(count):
                Image.new("RGB", (8, 8), (80 * shade, number, 0)).save(folder / f"{part}{shade}{number}.png")
    return tmp_path / "animals"


def table(file: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    with file.open("w", newline="") as lines:
        writer = csv.DictWriter(lines, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return file


def answered(seed: int = 0) -> list[dict[str, Any]]:
    """Probabilities for the test images, called by their files' names alone."""
    generator = np.random.default_rng(seed)
    rows = []
    for shade in range(3):
        for number in range(7):
            weights = generator.random(3) + 0.7 * np.eye(3)[shade]
            shares = dict(zip(NAMES, (weights / weights.sum()).round(6).tolist(), strict=True))
            rows.append({"image": f"test{shade}{number}.png"} | shares)
    return rows


def test_probabilities_have_the_numbers_of_scikit_learn(photos_of_animals: Path, tmp_path: Path) -> None:
    rows = answered()
    found, said = judged(table(tmp_path / "a.csv", rows), photos_of_animals)
    true = np.repeat(np.arange(3), 7)
    shares = np.array([[row[name] for name in NAMES] for row in rows])
    shares /= shares.sum(axis=1, keepdims=True)
    assert value(found, "test/accuracy") == accuracy_score(true, shares.argmax(axis=1))
    assert value(found, "test/auc") == pytest.approx(roc_auc_score(true, shares, multi_class="ovr"))
    assert not any("answer" in words for words in said)
    assert found.images == 21


def test_classes_alone_have_no_numbers_of_probabilities(photos_of_animals: Path, tmp_path: Path) -> None:
    rows = answered()
    names = [max(NAMES, key=row.__getitem__) for row in rows]
    plain = [
        {"file": f"animals/test/{'x'}/{row['image']}", "label": name} for row, name in zip(rows, names, strict=True)
    ]
    found, said = judged(table(tmp_path / "a.csv", plain), photos_of_animals)
    true = np.repeat(np.arange(3), 7)
    assert value(found, "test/balanced_accuracy") == pytest.approx(
        balanced_accuracy_score(true, [NAMES.index(name) for name in names])
    )
    assert not {"test/auc", "test/log_loss", "test/calibration_error"} & set(found.metrics)
    assert "note: classes are given without probabilities: what asks for these is left out" in said


def test_images_without_a_label_count_as_wrong(photos_of_animals: Path, tmp_path: Path) -> None:
    rows = [{"image": f"test{shade}{number}", "class": NAMES[shade]} for shade in range(3) for number in range(7)]
    found, said = judged(table(tmp_path / "a.csv", rows[2:]), photos_of_animals, mistakes=tmp_path / "wrong.csv")
    assert value(found, "test/accuracy") == 19 / 21
    assert value(found, "test/recall/cat") == 5 / 7
    assert any(words.startswith("note: 2 of 21 images have no answer, and count as wrong: ") for words in said)
    assert len((tmp_path / "wrong.csv").read_text().splitlines()) == 3


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([{"image": "test00", "class": "cow"}], "line 2: unknown class 'cow'"),
        ([{"image": "test09", "class": "cat"}], "line 2: .*unknown image 'test09'"),
        ([{"image": "train00", "class": "cat"}], "'train00' is an image of the split 'train', and 'test' is judged"),
        ([{"image": "test00", "class": "cat"}] * 2, "line 3: 'test00' is answered twice, also in line 2"),
        ([{"picture": "test00", "class": "cat"}], "no column image; it has picture, class"),
        (
            [{"image": "test00", "cat": 1}],
            "neither a column class nor one for each class; of the classes it lacks dog, hen",
        ),
        ([{"image": "test00", "cat": 1, "dog": 1, "hen": 0}], "sum to 2; they must"),
        ([{"image": "test00", "cat": "x", "dog": 1, "hen": 0}], "could not convert"),
    ],
)
def test_tables_that_cannot_be_judged_say_why(
    rows: list[Mapping[str, Any]], words: str, photos_of_animals: Path, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=words):
        judged(table(tmp_path / "a.csv", rows), photos_of_animals)


def maps(count: int = 4) -> tuple[Dataset, list[Any]]:
    """Pictures with a class for every pixel, held in memory, and an answer to each."""
    truth = [patches(seed, 3, (30, 44)) for seed in range(count)]
    target = Palette.of(NAMES)
    split = Split(
        UNSPLIT,
        [Path(f"{number}.jpg") for number in range(count)],
        ClassMaps(truth, NAMES, target.colours, 255),
        [f"images/{number}.jpg" for number in range(count)],
    )
    dataset = Dataset("maps", "maps", "segmentation", target, {UNSPLIT: split})
    return dataset, [guessed(each, seed, 3, 0.1) for seed, each in enumerate(truth)]


@pytest.mark.parametrize("coding", ["indices", "palette", "colours", "predict --files"])
def test_masks_have_the_numbers_of_scikit_learn(coding: str, tmp_path: Path) -> None:
    dataset, answers = maps()
    split = dataset.splits[UNSPLIT]
    for number, indices in enumerate(answers):
        indices[0, :5] = 255  # no answer
        result = ClassMap(NAMES, Palette.of(NAMES).colours, indices, 255)
        image = Image.fromarray(indices) if coding == "indices" else result.image()
        name = f"{number:06d}-{number}.mask.png" if coding == "predict --files" else f"{number}.png"
        (image.convert("RGB") if coding == "colours" else image).save(tmp_path / name)
    found, said = judged(tmp_path, dataset)
    truth: Any = split.targets
    true = np.concatenate([each.indices.ravel() for each in truth])
    given = np.concatenate([each.ravel() for each in answers])
    kept = true != 255
    assert value(found, "test/mIoU") == pytest.approx(
        jaccard_score(true[kept], given[kept], labels=range(3), average="macro")
    )
    assert said == []


@pytest.mark.parametrize("ours", [False, True])
def test_masks_hold_the_numbers_of_the_data_or_ours(ours: bool, tmp_path: Path) -> None:
    (tmp_path / "data" / "images").mkdir(parents=True)
    (tmp_path / "data" / "masks").mkdir()
    (tmp_path / "answers").mkdir()
    for number in range(3):
        indices = patches(number, 2, (24, 32)) % 2
        Image.new("RGB", (32, 24)).save(tmp_path / "data" / "images" / f"{number}.png")
        Image.fromarray(100 + 50 * indices).save(tmp_path / "data" / "masks" / f"{number}.png")
        indices[:12, 0] ^= 1
        name = f"000001-{number}.mask.png" if ours else f"{number}.png"
        Image.fromarray(indices if ours else 100 + 50 * indices).save(tmp_path / "answers" / name)
    found, _ = judged(tmp_path / "answers", tmp_path / "data")
    assert value(found, "test/pixel_accuracy") == 1 - 12 / (24 * 32)
    (tmp_path / "answers" / "sub").mkdir()
    Image.fromarray(np.full((24, 32), 7, np.uint8)).save(tmp_path / "answers" / "sub" / "2.png")
    (tmp_path / "answers" / ("000001-2.mask.png" if ours else "2.png")).unlink()
    with pytest.raises(UserError, match=r"2\.png holds 7 in 768 pixels"):
        judged(tmp_path / "answers", tmp_path / "data")


def test_images_without_a_mask_have_no_class_anywhere(tmp_path: Path) -> None:
    dataset, _ = maps()
    truth: Any = dataset.splits[UNSPLIT].targets
    for number in range(3):
        Image.fromarray(truth[number].indices).save(tmp_path / f"{number}.png")
    found, said = judged(tmp_path, dataset)
    sizes = [int((each.indices != 255).sum()) for each in truth]
    assert value(found, "test/pixel_accuracy") == pytest.approx(sum(sizes[:3]) / sum(sizes))
    assert said == [
        "note: 1 of 4 images have no answer, and count as images of which no pixel was given a class: images/3.jpg"
    ]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("0.png", np.zeros((30, 40), np.uint8), "0.png: the mask is 40 x 30, its image 44 x 30"),
        ("0.png", np.full((30, 44), 3, np.uint8), "the index 3 is of no class; there are 0 to 2 .cat to hen., and 255"),
        ("0.png", np.full((30, 44, 3), 7, np.uint8), r"the colour '?\(7, 7, 7\)'? is of no class"),
        ("9.png", np.zeros((30, 44), np.uint8), "9.png: .*unknown image"),
        ("0.tif", np.zeros((30, 44), np.uint8), "0.tif: images/0.jpg is answered twice, also by"),
        ("0.jpg", np.zeros((30, 44), np.uint8), None),
    ],
)
def test_masks_that_cannot_be_judged_say_why(name: str, content: Any, words: str | None, tmp_path: Path) -> None:
    dataset, answers = maps()
    for number, indices in enumerate(answers):
        Image.fromarray(indices).save(tmp_path / f"{number}.png")
    Image.fromarray(content).save(tmp_path / name)
    if words is None:  # no mask: its values are smeared
        judged(tmp_path, dataset)
        return
    with pytest.raises(UserError, match=words):
        judged(tmp_path, dataset)


def test_a_damaged_mask_and_a_folder_without_any_are_named(tmp_path: Path) -> None:
    dataset, _ = maps()
    with pytest.raises(UserError, match="holds no masks"):
        judged(tmp_path, dataset)
    (tmp_path / "0.png").write_bytes(b"nothing")
    with pytest.raises(UserError, match=r"cannot read the mask .*0\.png"):
        judged(tmp_path, dataset)
    with pytest.raises(UserError, match="answers to segmentation are a folder of masks"):
        judged(tmp_path / "0.png", dataset)


@pytest.fixture
def boxes(tmp_path: Path) -> Path:
    """A COCO file with ids that begin anywhere, and a category that nothing is of."""
    generator = np.random.default_rng(0)
    images: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    for number in range(6):
        name = f"{'abcdef'[number]}.png"
        Image.new("RGB", (90, 70), (number, 0, 0)).save(tmp_path / name)
        images.append({"id": 40 + 3 * number, "file_name": name, "width": 90, "height": 70})
        for _ in range(int(generator.integers(1, 5))):
            x, y, width, height = generator.integers([0, 0, 10, 10], [50, 30, 40, 40]).tolist()
            category = int(generator.choice([7, 9]))
            about = {"id": len(rows) + 1, "image_id": 40 + 3 * number, "category_id": category, "iscrowd": 0}
            outline = [x, y, x + width, y, x + width, y + height, x, y + height]
            place = {"bbox": [x, y, width, height], "area": width * height, "segmentation": [outline]}
            rows.append(about | place)
    categories = [{"id": 9, "name": "dog"}, {"id": 7, "name": "cat"}, {"id": 11, "name": "cow"}]
    file = tmp_path / "truth.json"
    file.write_text(json.dumps({"images": images, "annotations": rows, "categories": categories}))
    return file


def results_of(truth: Path) -> list[dict[str, Any]]:
    """What some detector answers: the true boxes moved, some lost, some of another class."""
    generator = np.random.default_rng(3)
    rows: list[dict[str, Any]] = []
    for row in json.loads(truth.read_text())["annotations"]:
        if generator.random() < 0.85:
            moved = (np.array(row["bbox"]) + generator.integers(0, 4, 4)).tolist()
            category = row["category_id"] if generator.random() < 0.8 else 11
            score = round(float(generator.random()), 3)
            rows.append({"image_id": row["image_id"], "category_id": category, "bbox": moved, "score": score})
    return rows


def test_boxes_have_the_numbers_of_pycocotools(boxes: Path, tmp_path: Path) -> None:
    file = tmp_path / "answers.json"
    file.write_text(json.dumps(results_of(boxes)))
    found, _ = judged(file, boxes)
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(boxes))
        theirs = COCOeval(truth, truth.loadRes(str(file)), "bbox")
        theirs.evaluate()
        theirs.accumulate()
        theirs.summarize()
    ours = [found.metrics[f"test/{name}"].value if f"test/{name}" in found.metrics else -1 for name in COCO_NAMES]
    assert ours == pytest.approx(theirs.stats.tolist(), abs=1e-9)
    assert 0 < ours[0] < 1


def test_masks_of_things_have_the_numbers_of_pycocotools(boxes: Path, tmp_path: Path) -> None:
    truth = COCO(str(boxes))
    rows = results_of(boxes)
    for row in rows:
        x, y, width, height = row.pop("bbox")
        corners = [x, y, x + width, y, x + width, y + 0.7 * height, x, y + height]
        code = coco_masks.merge(coco_masks.frPyObjects([corners], 70, 90))
        row["segmentation"] = {"size": code["size"], "counts": code["counts"].decode()}
    rows[0]["segmentation"]["counts"] = from_text(rows[0]["segmentation"]["counts"])
    file = tmp_path / "answers.json"
    file.write_text(json.dumps(rows))
    found, _ = judged(file, boxes, task="instances")
    for row in rows:
        row["segmentation"] = (
            coco_masks.frPyObjects(row["segmentation"], 70, 90) if row is rows[0] else row["segmentation"]
        )
    with contextlib.redirect_stdout(io.StringIO()):
        theirs = COCOeval(truth, truth.loadRes(rows), "segm")
        theirs.evaluate()
        theirs.accumulate()
        theirs.summarize()
    ours = [found.metrics[f"test/{name}"].value if f"test/{name}" in found.metrics else -1 for name in COCO_NAMES]
    assert ours == pytest.approx(theirs.stats.tolist(), abs=1e-9)
    assert 0 < ours[0] < 1
    assert 0 < value(found, "test/DSB50") < 1
    file.write_text(json.dumps([{"image_id": 40, "category_id": 9, "bbox": [1, 2, 3, 4], "score": 0.5}]))
    with pytest.raises(UserError, match="entry 0: segmentation is None; expected run lengths"):
        judged(file, boxes, task="instances")


def test_maps_of_things_are_answers_of_one_class(tmp_path: Path) -> None:
    for name in ("images", "instances"):
        (tmp_path / "data" / name).mkdir(parents=True)
    (tmp_path / "answers").mkdir()
    precisions = []
    for number in range(3):
        true, guess = things(number), moved(things(number), number)
        Image.new("RGB", (80, 60)).save(tmp_path / "data" / "images" / f"{number}.png")
        Image.fromarray(true.astype(np.uint8)).save(tmp_path / "data" / "instances" / f"{number}.png")
        Image.fromarray(guess.astype(np.uint16)).save(tmp_path / "answers" / f"{number}_cp_masks.png")
        pairs = MaskPairs.of(*([mask for mask in masks_of_ids(ids) if mask.area] for ids in (guess, true)))
        precisions.append(science_bowl_precision(pairs).mean())
    found, said = judged(tmp_path / "answers", tmp_path / "data")
    assert value(found, "test/DSB") == pytest.approx(np.mean(precisions))
    assert any("maps of things say nothing of how sure they are" in words for words in said)
    Image.new("L", (80, 61)).save(tmp_path / "answers" / "2_cp_masks.png")
    with pytest.raises(UserError, match="the map is 80 x 61, its image 80 x 60"):
        judged(tmp_path / "answers", tmp_path / "data")


def test_boxes_of_masks_and_ids_as_texts_and_a_document_are_taken(boxes: Path, tmp_path: Path) -> None:
    rows = json.loads(boxes.read_text())["annotations"]
    about = [{"image_id": str(row["image_id"]), "category_id": float(row["category_id"]), "score": 1} for row in rows]
    answers = [one | {"segmentation": row["segmentation"]} for one, row in zip(about, rows, strict=True)]
    file = tmp_path / "answers.json"
    file.write_text(json.dumps({"annotations": answers}))
    found, _ = judged(file, boxes)
    assert value(found, "test/AP") == pytest.approx(1.0)
    file.write_text(json.dumps([*answers, answers[0]]))
    found, said = judged(file, boxes)
    assert value(found, "test/AP") < 1
    assert "note: 1 entry of the same class, score and place as another: all count" in said


def test_ids_of_images_come_from_their_names_or_a_file_where_the_truth_has_none(boxes: Path, tmp_path: Path) -> None:
    document = json.loads(boxes.read_text())
    names = {image["id"]: image["file_name"] for image in document["images"]}
    table(
        tmp_path / "boxes.csv",
        [
            {"image": names[row["image_id"]], "class": {7: "cat", 9: "dog"}[row["category_id"]]}
            | dict(zip(("left", "top", "right", "bottom"), _corners(row["bbox"]), strict=True))
            for row in document["annotations"]
        ],
    )
    file = tmp_path / "answers.json"
    rows = [row | {"score": 1} for row in document["annotations"]]
    file.write_text(json.dumps(rows))
    with pytest.raises(UserError, match=r"unknown image_id '40'.*--coco-ids names"):
        judged(file, tmp_path / "boxes.csv")
    found, _ = judged(file, tmp_path / "boxes.csv", ids=boxes)
    assert value(found, "test/AP") == pytest.approx(1.0)
    renamed = [
        row | {"image_id": names[row["image_id"]][0], "category_id": {7: 1, 9: 2}[row["category_id"]]} for row in rows
    ]
    file.write_text(json.dumps(renamed))
    found, _ = judged(file, tmp_path / "boxes.csv")
    assert value(found, "test/AP") == pytest.approx(1.0)


def _corners(bbox: list[float]) -> list[float]:
    return [bbox[0], bbox[1], bbox[0] + bbox[2], bbox[1] + bbox[3]]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"image_id": 41}, "entry 0: unknown image_id '41'"),
        ({"image_id": None}, "entry 0: the id is None; expected a number or a text"),
        ({"category_id": 8}, "entry 0: unknown category_id 8; known: 9 dog, 7 cat, 11 cow"),
        ({"score": 80}, "entry 0: the score is 80; expected a number from 0 to 1"),
        ({"bbox": [1, 2, -3, 4]}, "entry 0: bbox is .*expected four numbers"),
        ({"bbox": None}, "entry 0 has neither bbox nor segmentation"),
        ({"bbox": [], "segmentation": {"size": [9, 9], "counts": [81]}}, "is of an image of .9, 9. .height, width."),
        ({"bbox": [], "segmentation": {"size": [70, 90], "counts": "??"}}, "entry 0: .*run"),
        ({"bbox": [], "segmentation": [[1, 2]]}, "expected run lengths with size and counts, or outlines"),
    ],
)
def test_results_that_cannot_be_judged_say_why(
    changed: dict[str, Any], words: str, boxes: Path, tmp_path: Path
) -> None:
    file = tmp_path / "answers.json"
    row = {"image_id": 40, "category_id": 9, "bbox": [1, 2, 3, 4], "score": 0.5}
    file.write_text(json.dumps([row | changed]))
    with pytest.raises(UserError, match=words):
        judged(file, boxes)
    file.write_text(json.dumps({"boxes": []}))
    with pytest.raises(UserError, match="is no COCO results file: expected"):
        judged(file, boxes)


def test_the_command_line_prints_tables_json_and_csv(boxes: Path, tmp_path: Path) -> None:
    file = tmp_path / "answers.json"
    file.write_text(json.dumps(results_of(boxes)))
    run = ["evaluate", "--answers", str(file), "--truth", str(boxes)]
    told = json.loads(CliRunner().invoke(app, [*run, "--format", "json"]).stdout)
    lines = list(csv.DictReader(CliRunner().invoke(app, [*run, "--format", "csv"]).stdout.splitlines()))
    assert {row["metric"]: float(row["value"]) for row in lines} == {
        name: each["value"] for name, each in told["metrics"].items()
    }
    assert told["pictures"] == 6
    assert "AP50" in CliRunner().invoke(app, run).stdout
    surer = json.loads(CliRunner().invoke(app, [*run, "--format", "json", "--min-score", "0.7"]).stdout)
    assert surer["metrics"]["test/AP"] == told["metrics"]["test/AP"]
    assert surer["metrics"]["test/recall"]["value"] < told["metrics"]["test/recall"]["value"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--answers", "a.json"], "--answers FILE goes with --truth DATA"),
        (["runs/x", "--answers", "a.json", "--truth", "digits"], "and with no model"),
        ([], "name a model to judge, or --answers FILE --truth DATA"),
        (["--answers", "nowhere.json", "--truth", "digits"], "no such file or folder of answers: 'nowhere.json'"),
        (["--answers", ".", "--truth", "thermometers"], "answers to regression are a .csv or .tsv table"),
        (["--answers", ".", "--truth", "digits"], "answers to classification are a .csv or .tsv table"),
        (["--answers", ".", "--truth", "digits", "--mistakes", "folder"], "of answers it is a table; name a .csv file"),
    ],
)
def test_what_does_not_go_together_is_said(arguments: list[str], words: str) -> None:
    found = CliRunner().invoke(app, ["evaluate", *arguments])
    assert isinstance(found.exception, UserError)
    assert words in str(found.exception)


def test_real_detections_have_their_published_numbers(shared_data: Callable[[str], Path], tmp_path: Path) -> None:
    folder = shared_data("padilla_review") / "tests" / "test_coco_eval"
    truth = json.loads((folder / "gts" / "sampled_gts_bbox_area.json").read_text())
    for image in truth["images"]:
        image["file_name"] = f"{image['id']}.bmp"
        Image.new("1", (640, 640)).save(tmp_path / image["file_name"])
    for number, row in enumerate(truth["annotations"]):
        row.setdefault("id", number)
    (tmp_path / "instances.json").write_text(json.dumps(truth))
    found, _ = judged(folder / "cocoapi_results.json", tmp_path / "instances.json")
    assert value(found, "test/AP50") == pytest.approx(0.696973, abs=0.01)
