"""Judging a run on its own data and on others."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import convsight
from convsight.datasets import Dataset, fingerprint
from convsight.errors import UserError
from convsight.progress import Silent, Terminal
from convsight.runtime import evaluate as evaluate_module
from convsight.runtime.evaluate import evaluate

FAST: dict[str, Any] = {"net": "lecture3", "size": 14, "epochs": 1, "quiet": True, "export": False}


def test_own_data_give_what_the_training_found(photos: Path, tmp_path: Path) -> None:
    run = convsight.train(photos, run=f"{tmp_path}/a", **FAST)
    found = evaluate(run.path, None, Silent())
    assert found.metrics["test/accuracy"] == run.metrics["test/accuracy"]
    assert found.images == run.card.data["pictures"]["test"]
    assert convsight.evaluate(run.path, split="val", quiet=True).metrics["val/accuracy"] == run.metrics["val/accuracy"]


def test_the_data_of_the_training_are_judged_by_its_splits_though_they_are_named(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = convsight.train(photos, run=f"{tmp_path}/a", **FAST)
    capsys.readouterr()
    found = evaluate(run.path, photos, Terminal())
    assert found.metrics["test/accuracy"] == run.metrics["test/accuracy"]
    assert found.images == run.card.data["pictures"]["test"] < 20
    assert "what the run was trained on" in capsys.readouterr().err
    alone = tmp_path / "alone.safetensors"
    alone.write_bytes(run.model_file.read_bytes())
    assert evaluate(alone, photos, Terminal()).images == 20
    assert "this is no test" in capsys.readouterr().err


def test_own_data_that_have_changed_are_refused(photos: Path, tmp_path: Path) -> None:
    run = convsight.train(photos, run=f"{tmp_path}/a", **FAST)
    Image.new("L", (20, 20), 77).save(photos / "bright" / "0.png")
    with pytest.raises(UserError, match=r"photos has changed since .*a was trained; name it to judge it as it is now"):
        evaluate(run.path, None, Silent())
    assert evaluate(run.path, photos, Silent()).images == 20


def test_images_left_out_of_the_training_are_left_out_again(photos: Path, tmp_path: Path) -> None:
    torn = photos / "dark" / "torn.png"
    torn.write_bytes((photos / "dark" / "0.png").read_bytes()[:60])
    run = convsight.train(photos, run=f"{tmp_path}/a", skip_unreadable=True, **FAST)
    assert evaluate(run.path, None, Silent()).metrics["test/accuracy"] == run.metrics["test/accuracy"]
    with pytest.raises(UserError, match=r"torn\.png"):
        evaluate(run.path, photos, Silent())


def test_a_model_file_alone_has_no_data(photos: Path, tmp_path: Path) -> None:
    run = convsight.train(photos, run=f"{tmp_path}/a", **FAST)
    with pytest.raises(UserError, match="is a model file alone: give the data to judge it on"):
        evaluate(run.model_file, None, Silent())


def test_nothing_readable_is_nothing_to_judge(photos: Path, tmp_path: Path) -> None:
    run = convsight.train(photos, run=f"{tmp_path}/a", **FAST)
    for file in photos.rglob("*.png"):
        file.write_bytes(file.read_bytes()[:60])
    with pytest.raises(UserError, match="no image of the split 'all' can be read"):
        evaluate(run.path, photos, Silent(), skip_unreadable=True)


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The data sets whose content is read for a fingerprint."""
    found: list[str] = []

    def counted(dataset: Dataset) -> str:
        found.append(dataset.source)
        return fingerprint(dataset)

    monkeypatch.setattr(evaluate_module, "fingerprint", counted)
    return found


def test_data_that_cannot_be_those_of_the_training_are_not_read_twice(
    photos: Path, tmp_path: Path, hashed: list[str]
) -> None:
    run = convsight.train(photos, run=f"{tmp_path}/a", **FAST)
    more, other = tmp_path / "more", tmp_path / "other"
    shutil.copytree(photos, more)
    shutil.copyfile(photos / "dark" / "0.png", more / "dark" / "10.png")
    shutil.copytree(photos, other)
    (other / "dark" / "0.png").rename(other / "dark" / "new.png")
    assert evaluate(run.path, more, Silent()).images == 21
    assert evaluate(run.path, other, Silent()).images == 20
    assert evaluate(run.model_file, more, Silent()).images == 21
    assert hashed == []
    assert evaluate(run.model_file, other, Silent()).images == 20
    assert hashed == [str(other)], "of a file alone the names are not known"


def test_the_data_of_the_training_are_recognised_wherever_they_lie(
    photos: Path, tmp_path: Path, hashed: list[str]
) -> None:
    run = convsight.train(photos, run=f"{tmp_path}/a", **FAST)
    shutil.copytree(photos, tmp_path / "copy")
    assert evaluate(run.path, tmp_path / "copy", Silent()).images == run.card.data["pictures"]["test"]
    assert hashed == [str(tmp_path / "copy")]
    run.splits_file.write_text("damaged")
    with pytest.raises(UserError, match="the stored splits are damaged"):
        evaluate(run.path, tmp_path / "copy", Silent())
    Image.new("L", (20, 20), 77).save(tmp_path / "copy" / "bright" / "0.png")
    assert evaluate(run.path, tmp_path / "copy", Silent()).images == 20


def test_what_was_trained_on_with_splits_of_its_own_is_no_test_without_one(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its val chose the best epoch, and the run cut its test from train."""
    for split in ("train", "val"):
        shutil.copytree(photos, tmp_path / "data" / split)
    run = convsight.train(tmp_path / "data", run=f"{tmp_path}/a", **FAST)
    capsys.readouterr()
    evaluate(run.model_file, tmp_path / "data", Terminal())
    assert "this is no test" in capsys.readouterr().err
