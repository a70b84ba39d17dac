"""Every verb with classes of pixels: none of them knows what kind of question it is asked."""

import csv
import io
import json
import re
from pathlib import Path
from shutil import copy, copytree
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file
from tests.command import within
from tests.conftest import trained_once
from tests.serve.live import live, request
from tests.training.stopping import PressesCtrlC

import convsight
from convsight.datasets import Dataset
from convsight.datasets.read import read_dataset
from convsight.errors import UserError
from convsight.hub.pull import pull
from convsight.hub.push import push
from convsight.model_files import read_card
from convsight.progress import Silent
from convsight.results import ClassMap
from convsight.run import Run
from convsight.tasks.adoption import data_for
from convsight.tasks.choices import train_settings
from convsight.training.resume import resume
from convsight.training.train import train

PAGE = Path(__file__).resolve().parents[3] / "docs" / "segmentation.md"
FEW = {"train": 48, "val": 16, "test": 16}
RAW = {"Content-Type": "application/octet-stream"}
CHOICES: dict[str, Any] = {"size": 32, "epochs": 4, "batch": 4, "ema": 0.9, "precision": "float32"}


@pytest.fixture(scope="module")
def shapes() -> Dataset:
    """A few of the drawn shapes with their masks."""
    found = data_for("shapes", "segmentation")
    return found.with_splits({name: found.split(name).select(np.arange(few)) for name, few in FEW.items()})


@pytest.fixture(scope="module")
def archive(shapes: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as a file of arrays."""
    target = {"kind": "palette", "names": list(shapes.target.names)}
    arrays: dict[str, Any] = {"about": json.dumps({"task": "segmentation", "target": target})}
    for name, split in shapes.splits.items():
        arrays[f"{name}_inputs"] = split.images
        arrays[f"{name}_targets"] = np.stack([each.indices for each in split.targets])  # type: ignore[attr-defined]
    file = tmp_path_factory.mktemp("archive") / "shapes.npz"
    np.savez(file, **arrays)
    return file


@pytest.fixture(scope="module")
def trained(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A network that has seen a few drawn shapes a few times; not to be changed."""
    return trained_once(
        tmp_path_factory, "segmentation-shapes", lambda run: convsight.train(archive, run=run, quiet=True, **CHOICES)
    )


@pytest.fixture(scope="module")
def picture(shapes: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A test image, wider than high."""
    file = tmp_path_factory.mktemp("pictures") / "one.png"
    Image.fromarray(np.asarray(shapes.split("test").images[1])[:60]).save(file)
    return file


def cli(*arguments: str | Path, code: int = 0) -> str:
    """What the command line prints: its prediction, or its words where it ends with another `code` than 0."""
    done = within(*arguments)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def test_a_training_leaves_a_proven_graph_and_figures(trained: Run) -> None:
    card = read_card(trained.exported_file)
    assert (card.task, card.target.kind) == ("segmentation", "palette")
    assert card.proofs
    assert all(proof.holds for proof in card.proofs if proof.precision == "float32")
    assert all((proof.answers or 0) > 32 * 32 * 64 for proof in card.proofs)  # every pixel against its own
    wanted = {"curves.png", "confusion.png", "overlap.png", "varied.png", "mistakes.png"}
    assert wanted <= {file.name for file in trained.path.iterdir()}
    metrics = trained.metrics
    assert metrics["test/pixel_accuracy"].value > 0.6  # a class drawn by lot has 0.2
    assert {"test/IoU/circle", "test/Dice/background", "test/baseline/majority/mIoU"} <= set(metrics)
    assert "test/baseline/place/pixel_accuracy" in metrics


def test_predictions_in_every_form(trained: Run, picture: Path, tmp_path: Path) -> None:
    told = cli("predict", trained.path, picture, "--format", "json", "--files", tmp_path, "--draw", tmp_path)
    found = json.loads(told)
    assert found["mask"] == {"height": 60, "width": 96}
    assert sum(each["share"] for each in found["shares"]) == pytest.approx(1, abs=1e-5)
    with Image.open(tmp_path / "000001-one.mask.png") as mask:
        assert (mask.mode, mask.size) == ("P", (96, 60))
        counts = np.bincount(np.array(mask).ravel(), minlength=5)
    shares = {trained.card.target.names[index]: count / counts.sum() for index, count in enumerate(counts) if count}
    assert {each["name"]: each["share"] for each in found["shares"]} == pytest.approx(shares, abs=1e-6)
    with Image.open(tmp_path / "000001-one.jpg") as drawn:
        assert drawn.width >= 200
    (row,) = csv.DictReader(cli("predict", trained.path, picture, "--format", "csv").splitlines())
    assert row["largest"] == found["shares"][0]["name"]
    assert float(row["background"]) == pytest.approx(shares["background"], abs=1e-3)
    unsure = json.loads(cli("predict", trained.path, picture, "--format", "json", "--reject-below", "1"))
    assert unsure["unknown"] > 0.9


def test_engines_and_judgements_agree(trained: Run, picture: Path) -> None:
    told = [
        convsight.load(trained.path, engine, "float32").predict(picture)
        for engine in ("torch", "onnxruntime", "openvino")
    ]
    for other in told:
        assert isinstance(other, ClassMap)
        assert told[0].difference(other).largest < 5e-3
        assert told[0].difference(other).same == 1
    own = convsight.evaluate(trained.path, quiet=True, engine="torch").metrics
    assert own["test/mIoU"].value == pytest.approx(trained.metrics["test/mIoU"].value, rel=1e-3)


def test_its_mistakes_are_regions_in_a_table_and_in_pictures(trained: Run, tmp_path: Path) -> None:
    convsight.evaluate(trained.path, quiet=True, mistakes=tmp_path / "wrong")
    rows = list(csv.DictReader((tmp_path / "wrong" / "mistakes.csv").read_text().splitlines()))
    assert {row["kind"] for row in rows} == {"region"}
    assert all(float(row["left"]) < float(row["right"]) <= 96 for row in rows)
    drawn = list((tmp_path / "wrong").glob("*.jpg"))
    assert len(drawn) == len({row["file"] for row in rows}) > 0


def test_it_is_served_with_its_mask(trained: Run, picture: Path) -> None:
    with live(trained.path) as server:
        content = picture.read_bytes()
        found = server.post(content, kind="application/octet-stream")
        drawn, packed = (
            request("POST", f"{server.url}/predict", content=content, headers={**RAW, "Accept": kind})
            for kind in ("image/png", "application/zip")
        )
    assert json.loads(found.text)["answers"][0]["mask"] == {"height": 60, "width": 96}
    assert Image.open(io.BytesIO(drawn.content)).width >= 200
    with ZipFile(io.BytesIO(packed.content)) as files:
        (mask,) = [name for name in files.namelist() if name.endswith(".mask.png")]
        assert Image.open(io.BytesIO(files.read(mask))).size == (96, 60)


@pytest.mark.slow
def test_a_resumed_run_ends_with_the_same_bits(trained: Run, archive: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(train_settings(data=str(archive), run=f"{tmp_path}/part", export=False, **CHOICES), PressesCtrlC(epoch=2))
    resumed = resume(f"{tmp_path}/part", {}, Silent())
    one, other = load_file(trained.model_file), load_file(resumed.model_file)
    assert all((one[key] == other[key]).all() for key in one)


def test_it_travels_as_a_folder_whose_code_runs(trained: Run, picture: Path, tmp_path: Path) -> None:
    push(str(trained.path), str(tmp_path / "pushed"), Silent())
    text = (tmp_path / "pushed" / "README.md").read_text()
    assert 'pipeline_tag: "image-segmentation"' in text
    pull(str(tmp_path / "pushed"), tmp_path / "pulled")
    one, other = (convsight.load(place, "torch").predict(picture) for place in (trained.path, tmp_path / "pulled"))
    assert isinstance(one, ClassMap)
    assert isinstance(other, ClassMap)
    assert one.difference(other).same == 1


def test_what_cannot_be_is_refused_with_a_word(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"--mixup is for .*, not for segmentation"):
        convsight.train(archive, mixup=0.2, quiet=True, run=tmp_path / "never")
    assert "--class-weights" in cli("train", "--task", "segmentation", "--help")
    about = json.dumps({"task": "segmentation", "target": {"kind": "palette", "names": ["a", "b"]}})
    pixels = np.zeros((4, 8, 8), np.uint8)
    for targets, message in (
        (pixels + 7, r"masks hold '?7'?, where 2 classes have the indices 0 to 1, and 255 is none"),
        (pixels, "one class only: all pixels are 'a'"),
        (pixels + 255, "no pixel of any mask has a class"),
        (np.zeros(4, int), "classes of pixels need whole numbers"),
    ):
        np.savez(tmp_path / "bad.npz", inputs=pixels, targets=targets, about=np.array(about))
        with pytest.raises(UserError, match=message):
            convsight.train(tmp_path / "bad.npz", quiet=True, run=tmp_path / "never")


def test_the_code_of_its_page_runs_as_it_stands_there(
    trained: Run, picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    copytree(trained.path, tmp_path / "runs" / "shapes")
    copy(picture, tmp_path / "shapes.png")
    monkeypatch.chdir(tmp_path)
    space: dict[str, Any] = {}
    for lines in re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL):
        exec(compile(lines, str(PAGE), "exec"), space)
    assert read_dataset("bright.npz").target.names == ("dark", "bright")
    told = dict(line.rsplit(" ", 1) for line in capsys.readouterr().out.splitlines()[-5:])
    found = convsight.load(trained.path, engine="onnxruntime").predict("shapes.png")
    assert isinstance(found, ClassMap)
    # Counted on the network's map, not on the original's pixels.
    assert {name: float(share) for name, share in told.items() if float(share)} == pytest.approx(found.shares, abs=0.02)


def test_a_turned_picture_is_answered_as_the_upright_one(trained: Run, picture: Path, tmp_path: Path) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6  # the file lies on its side
    with Image.open(picture) as upright:
        upright.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "turned.png", exif=turned)
    one, other = (convsight.load(trained.path, "torch").predict(file) for file in (picture, tmp_path / "turned.png"))
    assert isinstance(one, ClassMap)
    assert isinstance(other, ClassMap)
    assert other.indices.shape == (60, 96)
    np.testing.assert_array_equal(one.indices, other.indices)
