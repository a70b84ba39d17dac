"""`convsight explain` with --features, --filters, --excite and --by-class, from the command line to the files."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.command import within

from convsight.run import Run


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 255, (30, 44, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "cat.png")
    return tmp_path / "cat.png"


def test_features_are_a_sheet_and_numbers(photos_run: Run, picture: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    done = within("explain", photos_run.path, broken, picture, "--features", "--out", tmp_path, "--format", "json")
    assert done.returncode == 2  # one of the two could not be read
    assert "broken.png" in done.stderr
    document = json.loads(done.stdout)
    assert document["layers"][0]["kinds"][0] == "Conv2d"
    with Image.open(tmp_path / "cat.features.png") as sheet:
        assert sheet.height > 60 * len(document["layers"])
    assert json.loads((tmp_path / "cat.features.json").read_text())["layers"] == document["layers"]


def test_a_second_picture_of_a_name_has_a_sheet_of_its_own(photos_run: Run, picture: Path, tmp_path: Path) -> None:
    other = tmp_path / "more" / picture.name
    other.parent.mkdir()
    other.write_bytes(picture.read_bytes())
    done = within(
        "explain", photos_run.path, picture, other, "--features", "--channels", "2", "--out", tmp_path / "out"
    )
    assert done.returncode == 0, done.stderr
    names = ["cat-2.features.json", "cat-2.features.png", "cat.features.json", "cat.features.png"]
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == names


def test_filters_are_ranked_on_the_runs_own_pictures(photos_run: Run, tmp_path: Path) -> None:
    done = within("explain", photos_run.path, "--filters", "--pictures", "4", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "lost when silent" in done.stdout
    assert "means over 4 pictures" in done.stdout
    assert "rank correlation" in done.stdout
    [sheet] = tmp_path.glob("filters.*.png")
    document = json.loads(sheet.with_suffix(".json").read_text())
    assert document["metric"] == "accuracy"
    assert document["whole"]
    assert sorted(each["channel"] for each in document["channels"]) == list(range(len(document["channels"])))


def test_what_excites_a_class_is_shown(photos_run: Run, tmp_path: Path) -> None:
    done = within("explain", photos_run.path, "--excite", "bright", "--pictures", "4", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    document = json.loads((tmp_path / "excites.bright.json").read_text())
    assert [each["seed"] for each in document["ascent"]["found"]] == [0, 1, 2]
    assert len(document["pictures"]) == 4
    with Image.open(tmp_path / "excites.bright.png") as sheet:
        assert sheet.width > 600


def test_classes_are_a_page(photos_run: Run, tmp_path: Path) -> None:
    options = ("--method", "occlusion", "--window", "8", "--stride", "8", "--out", tmp_path, "--format", "json")
    done = within("explain", photos_run.path, "--by-class", *options)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert {each["class"] for each in document["classes"]} <= {"bright", "dark"}
    assert document["verdict"].startswith("Whether maps of occlusion are worth believing here is not known")
    assert (tmp_path / "classes.html").stat().st_size > 1000
    only = within("explain", photos_run.path, "--by-class", "--target", "brigth", *options)
    assert only.returncode == 2
    assert "bright" in only.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--features",), "name the pictures"),
        (("--features", "--filters"), "different questions"),
        (("--excite", "brigth"), "bright"),
        (("--filters", "--layer", "conv"), "layer"),
        (("--filters", "--window", "3"), "--window does nothing for --filters"),
        (("--rank", "--data", "more"), "name the data after the model"),
    ],
)
def test_mistakes_are_said(photos_run: Run, options: tuple[str, ...], said: str) -> None:
    done = within("explain", photos_run.path, *options)
    assert done.returncode == 2
    assert said in done.stderr


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (("--excite", "bright", "--pictures", "2"), ("excites.bright", "png")),
        (("--filters", "--pictures", "2"), ("filters.*", "png")),
        (("--by-class", "--method", "occlusion", "--window", "10", "--pictures", "1"), ("classes", "html")),
    ],
)
def test_a_second_call_leaves_the_files_of_the_first(
    photos_run: Run, tmp_path: Path, options: tuple[str, ...], names: tuple[str, str]
) -> None:
    stem, suffix = names
    for number in range(2):
        done = within("explain", photos_run.path, *options, "--out", tmp_path)
        assert done.returncode == 0, done.stderr
        if not number:
            before = {file: file.read_bytes() for file in tmp_path.iterdir()}
            assert len(before) == 2
    after = {file: file.read_bytes() for file in tmp_path.iterdir()}
    assert len(after) == 4
    assert before.items() <= after.items()
    [second] = tmp_path.glob(f"{stem}-2.{suffix}")
    assert str(second) in done.stdout
    assert second.with_suffix(".json").is_file()


def test_a_folder_that_cannot_be_made_is_told_before_anything_is_computed(photos_run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    for question in ("--filters", "--by-class", ("--excite", "bright")):
        asked = question if isinstance(question, tuple) else (question,)
        done = within("explain", photos_run.path, *asked, "--out", tmp_path / "file")
        assert done.returncode == 2
        assert f"--out {tmp_path / 'file'}: cannot make this folder" in done.stderr
        assert "%" not in done.stderr
