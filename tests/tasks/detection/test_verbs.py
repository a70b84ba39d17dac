"""Every verb with a detector: none of them knows what kind of question it is asked."""

import json
import re
from pathlib import Path
from shutil import copy, copytree
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.command import within
from tests.conftest import trained_once
from tests.serve.live import live

import convsight
from convsight.datasets import read_dataset
from convsight.datasets.boxes.coco_ids import Ids
from convsight.errors import UserError
from convsight.model_files import read_card
from convsight.results import Boxes
from convsight.run import Run

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "detection.md"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A detector that has seen the drawn shapes three times; not to be changed."""
    return trained_once(
        tmp_path_factory,
        "detector-shapes",
        lambda run: convsight.train("shapes", task="detection", size=48, epochs=3, run=run, quiet=True),
    )


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    shapes = read_dataset("shapes").split("test").images
    for number in range(3):
        Image.fromarray(np.asarray(shapes[number])).save(folder / f"{number:012d}.png")
    return folder


def test_no_mirror_image_is_claimed(trained: Run) -> None:
    """Shapes may be flipped, but a detector's graph makes one pass only."""
    assert not trained.card.mirror
    assert "mirror image" not in (trained.path / "log.txt").read_text()


def cli(*arguments: str | Path, code: int = 0) -> str:
    """What the command line prints: its prediction, or its words where it ends with another `code` than 0."""
    done = within(*arguments)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def test_a_training_leaves_a_proven_graph_and_figures(trained: Run) -> None:
    card = read_card(trained.exported_file)
    assert card.task == "detection"
    assert all(proof.holds for proof in card.proofs if proof.precision == "float32")
    assert {"curves.png", "precision_recall.png", "errors.png"} <= {file.name for file in trained.path.iterdir()}
    assert {"test/AP", "test/AP50", "val/AP50", "test/baseline/copied/AP"} <= trained.metrics.keys()
    assert {f"threshold/{name}" for name in card.target.names} <= card.calibration.keys()


def test_predict_tells_boxes_in_pixels_of_the_image(trained: Run, images: Path, tmp_path: Path) -> None:
    large = tmp_path / "large.png"
    Image.open(images / f"{0:012d}.png").resize((192, 288)).save(large)
    lines = cli("predict", trained.path, large, "--format", "json", "--reject-below", "0.01").splitlines()
    (found,) = map(json.loads, lines)
    assert found["boxes"]
    assert all(set(box) == {"name", "score", "xyxy"} for box in found["boxes"])
    corners = np.array([box["xyxy"] for box in found["boxes"]])
    assert corners.min() >= 0
    assert (corners[:, [0, 2]] <= 192).all()
    assert corners[:, 3].max() > 96  # of the image as it is, not as the network sees it


def test_predict_draws_and_writes_coco_results(trained: Run, images: Path, tmp_path: Path) -> None:
    every: list[dict[str, Any]] = json.loads(cli("predict", trained.path, images, "--format", "coco"))
    half = str(np.median([entry["score"] for entry in every]))
    out = cli("predict", trained.path, images, "--format", "coco", "--reject-below", half, "--draw", tmp_path / "d")
    entries: list[dict[str, Any]] = json.loads(out)
    assert {entry["image_id"] for entry in entries} == {0, 1, 2}
    assert {entry["category_id"] for entry in entries} <= {1, 2, 3, 4}
    assert len(list((tmp_path / "d").iterdir())) == 3
    model = convsight.load(trained.path)
    found = sum(len(each) for each in map(model.predict, images.iterdir()) if isinstance(each, Boxes))
    assert len(every) == found > len(entries) > 0
    coco_images = [{"file_name": f"{number:012d}.png", "id": 70 + number} for number in range(3)]
    categories = [{"name": name, "id": 10 * n} for n, name in enumerate(read_card(trained.model_file).classes)]
    (tmp_path / "truth.json").write_text(json.dumps({"images": coco_images, "categories": categories}))
    out = cli("predict", trained.path, images, "--format", "coco", "--coco-ids", tmp_path / "truth.json")
    assert {entry["image_id"] for entry in json.loads(out)} <= {70, 71, 72}
    (tmp_path / "truth.json").write_text(json.dumps({"images": coco_images[:1], "categories": categories}))
    out = cli("predict", trained.path, images, "--format", "coco", "--coco-ids", tmp_path / "truth.json", code=2)
    assert "lists no image called" in out
    (tmp_path / "bad.json").write_text("[]")
    bad = ("--format", "coco", "--coco-ids", tmp_path / "bad.json")
    assert "no COCO" in cli("predict", trained.path, images, *bad, code=2)


def test_ids_are_never_made_up_or_given_twice(trained: Run, images: Path, tmp_path: Path) -> None:
    ids = Ids()
    assert ids.image("a/img_1.jpg") == 1
    with pytest.raises(UserError, match="both be image_id 1"):
        ids.image("b/img_1.jpg")
    with pytest.raises(UserError, match="did you mean cat"):
        Ids(Path("truth.json"), categories={"cat": 7}).category("cats", ("cats",))
    assert "--format coco >" in cli("predict", trained.path, images, "--format", "coco", "--out", "x.csv", code=2)
    assert "--format coco" in cli("predict", trained.path, images, "--coco-ids", tmp_path / "t.json", code=2)


def test_predictions_of_another_task_are_no_coco_results(exported_run: Run, images: Path) -> None:
    assert "--format json" in cli("predict", exported_run.path, images, "--format", "coco", code=2)


def test_evaluate_gives_the_numbers_of_the_training(trained: Run) -> None:
    found = json.loads(cli("evaluate", trained.path, "--engine", "torch", "--precision", "float32", "--format", "json"))
    for name in ("test/AP", "test/AP50", "test/recall"):
        assert found["metrics"][name]["value"] == pytest.approx(trained.metrics[name].value, abs=1e-3)


def test_data_of_another_task_are_refused(trained: Run, photos: Path) -> None:
    assert "classification" in cli("evaluate", trained.path, photos, code=2)
    assert "--task detection" in cli("train", "shapes", "--task", "classification", code=2)


@pytest.mark.slow
def test_resuming_goes_on(trained: Run, tmp_path: Path) -> None:
    one = convsight.train("shapes", size=32, epochs=1, run=str(tmp_path / "a"), export=False, quiet=True)
    cli("train", "--resume", one.path, "--epochs", "2")
    assert Run.open(one.path).card.training["epochs"] == 2


@pytest.mark.slow
@pytest.mark.parametrize("extra", [["--to", "openvino"], ["--int8", "--max-loss", "100"]], ids=" ".join)
def test_every_kind_of_export_is_proven(trained: Run, tmp_path: Path, extra: list[str], images: Path) -> None:
    file = tmp_path / ("model.xml" if "openvino" in extra else "model.onnx")
    cli("export", trained.path, *extra, "--out", file)
    assert json.loads(cli("predict", file, images / f"{0:012d}.png", "--format", "json"))


def test_the_documents_lines_for_onnx_runtime_find_the_same_boxes(
    trained: Run,
    images: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (lines,) = re.findall(r"^```python\n(.*?)^```$", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)
    copytree(trained.path, tmp_path / "runs" / "shapes")
    copy(images / f"{0:012d}.png", tmp_path / "shapes.png")
    monkeypatch.chdir(tmp_path)
    space: dict[str, Any] = {}
    exec(compile(lines, str(DOCUMENT), "exec"), space)
    printed = [line.split()[0] for line in capsys.readouterr().out.splitlines() if not line.startswith(" ")]
    prediction = convsight.load(trained.path, engine="onnxruntime").predict("shapes.png")
    assert isinstance(prediction, Boxes)
    assert printed == [box.name for box in prediction.each()] != []
    found = int((space["scores"] > 0).sum())
    assert found == len(prediction.at_least(0)) > 0
    np.testing.assert_allclose(space["scores"][0, :found], prediction.scores, atol=0.02)
    np.testing.assert_array_equal(space["labels"][0, :found], prediction.labels)
    np.testing.assert_allclose(
        space["boxes"][0, :found] * [*prediction.size, *prediction.size], prediction.xyxy, atol=1
    )


def test_results_go_to_supervision(trained: Run, images: Path) -> None:
    result = convsight.load(trained.path).predict(images / f"{0:012d}.png")
    assert isinstance(result, Boxes)
    detections = result.at_least(0.01).to_supervision()
    assert len(detections) == len(result.at_least(0.01).each())


def test_a_pushed_detector_tells_what_it_is(trained: Run, tmp_path: Path) -> None:
    cli("push", trained.path, tmp_path / "pushed", "--license", "apache-2.0")
    assert "object-detection" in (tmp_path / "pushed" / "README.md").read_text()
    cli("pull", tmp_path / "pushed", "--to", tmp_path / "pulled")


def test_a_server_answers_with_boxes(trained: Run, images: Path) -> None:
    with live(trained.path) as server:
        prediction = server.post((images / f"{0:012d}.png").read_bytes())
        assert prediction.status_code == 200
        (found,) = prediction.json()["answers"]
        assert all(set(box) == {"name", "score", "xyxy"} for box in found["boxes"])
