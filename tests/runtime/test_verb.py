"""`convsight predict` asks of results only what they can do, and says so before it reads anything."""

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.command import within
from tests.runtime.sources.streams import http_stream
from tests.runtime.sources.test_video import write_video
from torch import nn

import convsight
from convsight.card import Card
from convsight.errors import UserError
from convsight.export.torch_engine import save_network
from convsight.inputs import SequenceInput
from convsight.progress import Silent
from convsight.results import Difference, Result
from convsight.run import Run
from convsight.runtime.find_network import NetworkName
from convsight.runtime.model import Model
from convsight.runtime.pandas_table import to_pandas
from convsight.runtime.sources.video import open_video
from convsight.runtime.sources.video_source import file_source
from convsight.runtime.verb import PredictOptions, print_predictions
from convsight.targets import Classes
from convsight.tasks.classification.light.reader import ClassReader


class Bare(Result):
    """What a network says where it can only be told."""

    def to_json(self) -> dict[str, Any]:
        return {"bare": True}

    def summary(self) -> str:
        return "bare"

    def difference(self, other: "Bare") -> Difference:
        return Difference(0.0, 1.0)


class Masked(Bare):
    """The same with two files."""

    def files(self) -> dict[str, bytes]:
        return {"mask.png": b"mask", "more.json": b"{}"}


def predicting(monkeypatch: pytest.MonkeyPatch, kind: type[Result]) -> None:
    """Let networks of classification answer with results of this kind."""

    def read(self: ClassReader, arrays: Mapping[str, NDArray[Any]], size: tuple[int, int]) -> Result:
        return kind()

    monkeypatch.setattr(ClassReader, "result", kind)
    monkeypatch.setattr(ClassReader, "read", read)
    monkeypatch.delattr(ClassReader, "columns")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--reject-below 0.5", "have no confidence that could be compared; leave it out"),
        ("--reject-below 0", "have no confidence that could be compared; leave it out"),
        ("--reject-below 0.5 --out OUT.jsonl", "have no confidence that could be compared; leave it out"),
        ("--draw DRAWN", "cannot be drawn on an image; leave it out"),
        ("--files FILES", "have no files of their own; leave it out"),
        ("--format csv", "are no rows of a table; choose --format json, or a .jsonl"),
        ("--out OUT.csv", "are no rows of a table; choose --format json, or a .jsonl"),
        ("--out OUT.parquet", "are no rows of a table; choose --format json, or a .jsonl"),
        ("--format coco", "are no boxes; choose --format json"),
    ],
)
def test_what_a_result_cannot_do_is_refused_before_anything_is_read(
    options: str, words: str, exported_run: Run, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    predicting(monkeypatch, Bare)
    monkeypatch.setattr(Model, "predict_many", None)  # whoever reads an image fails
    folder = tmp_path / "here"
    folder.mkdir()
    done = within("predict", exported_run.path, photos, *options.split(), cwd=folder)
    assert done.returncode == 2
    option = options.split(" --out", maxsplit=1)[0] if options.startswith("--f") else options.split(maxsplit=1)[0]
    asked = option if option.startswith("--format") else option.split()[0]
    assert done.stderr.startswith(f"error: {asked}")
    assert f": predictions of classification {words}\n" in done.stderr
    assert done.stdout == ""
    assert not list(folder.iterdir())


@pytest.mark.parametrize("form", ["table", "json", ".jsonl"])
def test_what_every_result_can_do_is_done(
    form: str, exported_run: Run, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    predicting(monkeypatch, Bare)
    out = tmp_path / "out.jsonl"
    options = ("--out", out) if form.startswith(".") else ("--format", form)
    done = within("predict", exported_run.path, photos / "dark", *options)
    assert done.returncode == 0, done.stderr
    lines = (out.read_text() if form.startswith(".") else done.stdout).splitlines()
    assert len(lines) == 10
    name = str(photos / "dark" / "0.png")
    if form == "table":
        assert lines[0] == f"{name}: bare"
    else:
        assert json.loads(lines[0]) == {"version": 1, "file": name, "bare": True}


def test_files_of_results_are_saved_and_never_written_over(
    exported_run: Run, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    predicting(monkeypatch, Masked)
    (photos / "dark" / "1.png").write_bytes(b"no image")
    folder = tmp_path / "files"
    assert within("predict", exported_run.path, photos / "dark", "--files", folder).returncode == 2  # one is bad
    first = {f"{number + 1:06d}-{number}" for number in range(10) if number != 1}
    assert {file.name for file in folder.iterdir()} == {
        f"{n}.{end}" for n in first for end in ("mask.png", "more.json")
    }
    assert (folder / "000003-2.mask.png").read_bytes() == b"mask"
    # Where one of the files is there, all take the next name.
    (folder / "000003-2.mask.png").unlink()
    within("predict", exported_run.path, photos / "dark", "--files", folder)
    assert (folder / "000003-2-2.mask.png").exists()
    assert (folder / "000003-2-2.more.json").exists()
    assert not (folder / "000003-2.mask.png").exists()


def test_a_folder_for_files_lies_not_among_the_sources(
    exported_run: Run, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    predicting(monkeypatch, Masked)
    done = within("predict", exported_run.path, photos, "--files", photos / "files")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"--files {photos / 'files'} lies in {photos}" in done.stderr


def test_tables_from_python_are_refused_in_words(
    exported_run: Run, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    predicting(monkeypatch, Bare)
    model = convsight.load(exported_run.path)
    with pytest.raises(UserError, match="a table: predictions of classification are no rows of a table"):
        model.columns()
    with pytest.raises(UserError, match="a table: predictions of the kind Bare are no rows of a table"):
        to_pandas(model.predict_many([photos]), ("a",))


@pytest.mark.parametrize("form", ["table", "json", "csv", ".jsonl", ".csv", "drawn"])
def test_a_threshold_changes_what_is_told_in_every_format(
    form: str, exported_run: Run, tmp_path: Path, photos: Path
) -> None:
    told: list[bytes] = []
    for threshold in ([], ["--reject-below", "1"]):
        folder = tmp_path / f"told{len(told)}"
        options: list[str | Path] = ["--format", form]
        if form.startswith("."):
            options = ["--out", folder / f"out{form}"]
        elif form == "drawn":
            options = ["--draw", folder]
        done = within("predict", exported_run.path, photos / "dark" / "0.png", *options, *threshold)
        assert done.returncode == 0, done.stderr
        saved = [file for file in folder.glob("*") if file.suffix in (form, ".jpg")]
        told.append(saved[0].read_bytes() if saved else done.stdout.encode())
    assert told[0] != told[1]


def test_rows_of_a_label_that_was_rejected(exported_run: Run, photos: Path) -> None:
    done = within("predict", exported_run.path, photos / "dark", "--format", "csv", "--reject-below", "1")
    rows = list(csv.DictReader(done.stdout.splitlines()))
    assert {row["label"] for row in rows} == {""}


def test_drawings_and_files_may_share_a_folder(
    exported_run: Run, tmp_path: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Both(Masked):
        def draw(self, image: Image.Image) -> Image.Image:
            return Image.fromarray(255 - np.asarray(image))

    predicting(monkeypatch, Both)
    within("predict", exported_run.path, photos / "dark" / "0.png", "--files", tmp_path / "a", "--draw", tmp_path / "a")
    assert sorted(file.name for file in (tmp_path / "a").iterdir()) == [
        "000001-0.jpg",
        "000001-0.mask.png",
        "000001-0.more.json",
    ]


def test_nothing_is_drawn_on_what_cannot_be_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = SequenceInput(channels=5, length=8, mean=(0,) * 5, std=(1,) * 5)
    card = Card(task="classification", net="small", target=Classes(names=("a", "b")), input=spec)
    save_network(tmp_path / "model.safetensors", nn.Linear(1, 1), card)
    np.save(tmp_path / "one.npy", np.zeros((8, 5), np.float32))
    monkeypatch.setattr(Model, "predict_many", None)  # whoever reads an image fails
    options = PredictOptions(
        NetworkName(tmp_path / "model.safetensors"), [str(tmp_path / "one.npy")], draw=tmp_path / "drawn"
    )
    with pytest.raises(UserError, match="--draw: sequences of 8 steps, 5 channels cannot be shown"):
        print_predictions(options, "json", Silent())
    assert not (tmp_path / "drawn").exists()


def noted(folder: Path) -> Path:
    """A JPEG that lacks its end marker."""
    content = io.BytesIO()
    Image.effect_noise((20, 20), 50).save(content, "JPEG")
    file = folder / "cut.jpg"
    file.write_bytes(content.getvalue()[:-2])
    return file


def test_what_is_missing_is_told_in_its_place_and_the_others_are_answered(
    exported_run: Run, photos: Path, tmp_path: Path
) -> None:
    good = photos / "dark" / "0.png"
    done = within("predict", exported_run.path, good, tmp_path / "missing.jpg", good, "--format", "json")
    assert done.returncode == 2
    first, second, third = map(json.loads, done.stdout.splitlines())
    assert first == third
    assert first["file"] == str(good)
    assert second["file"] == str(tmp_path / "missing.jpg")
    assert "does not exist" in second["error"]
    out = tmp_path / "out.csv"
    assert within("predict", exported_run.path, tmp_path / "missing.jpg", good, "--out", out).returncode == 2
    first_row = next(csv.DictReader(out.read_text().splitlines()))
    assert first_row["file"] == str(tmp_path / "missing.jpg")
    alone = within("predict", exported_run.path, tmp_path / "missing.jpg")
    assert (alone.returncode, alone.stdout) == (2, "")
    assert "missing.jpg does not exist" in alone.stderr


def test_no_source_at_all_says_what_to_name(exported_run: Run) -> None:
    done = within("predict", exported_run.path)
    assert done.returncode == 2
    assert "name images to predict" in done.stderr


def test_what_is_wrong_with_an_image_that_is_answered_is_told(exported_run: Run, tmp_path: Path) -> None:
    file = noted(tmp_path)
    done = within("predict", exported_run.path, file, "--format", "json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["remark"] == "its end marker is missing; all of its pixels are there"
    assert f"note: {file}: its end marker is missing" in done.stderr


def test_folders_of_systems_are_told(exported_run: Run, photos: Path) -> None:
    (photos / "dark").rename(photos / "@eaDir")
    done = within("predict", exported_run.path, photos)
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 10)
    assert f"note: left out, since a system or file server made them: 1 folder ({photos}/@eaDir)" in done.stderr


def test_a_video_is_drawn_as_a_video(exported_run: Run, tmp_path: Path) -> None:
    clip, film = write_video(tmp_path / "clip.mp4"), tmp_path / "film.mp4"
    done = within("predict", exported_run.path, clip, "--draw", film, "--every", "10")
    assert done.returncode == 0, done.stderr
    video = open_video(file_source(str(film)))
    assert video.rate == 2.5
    assert len(list(video.frames)) == 5
    with http_stream(clip) as address:  # of an address too, whatever its name
        done = within("predict", exported_run.path, "--stream", f"{address}/7", "--draw", film, "--every", "25")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == len(list(open_video(file_source(str(film))).frames)) == 2


@pytest.mark.parametrize(
    ("sources", "more", "words"),
    [
        (["photos"], [], "only the frames of one video become one"),
        (["clip.mp4", "photos"], [], "only the frames of one video become one"),
        (["clip.mp4"], ["--out", "out.csv"], "a video cannot go on"),
        (["clip.mp4"], ["--draw", "clip.mp4"], "is the source"),
        (["--stream", "file:///etc/passwd"], [], "--stream file:///etc/passwd: give an address"),
        (["--camera", "-1"], [], "counted from 0"),
    ],
)
def test_what_cannot_be_drawn_as_a_video(
    exported_run: Run, photos: Path, monkeypatch: pytest.MonkeyPatch, sources: list[str], more: list[str], words: str
) -> None:
    monkeypatch.chdir(photos.parent)
    write_video(photos.parent / "clip.mp4")
    done = within("predict", exported_run.path, *sources, "--draw", "film.mp4", *more)
    assert done.returncode == 2
    assert words in done.stderr
    assert not (photos.parent / "film.mp4").exists()
