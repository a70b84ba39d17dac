"""Every JSON document that a verb prints says which version of the documents it is."""

import json
from pathlib import Path

import pytest
from PIL import Image
from tests.command import within

from convsight.run import Run


@pytest.mark.parametrize(
    "command",
    [
        "audit PHOTOS",
        "describe lenet5",
        "describe lenet5 lecture3 --compare",
        "evaluate RUN",
        "export RUN --out model.onnx",
        "filters IMAGE",
        "predict RUN IMAGE",
        "predict RUN IMAGE BAD",
        "push RUN pushed --license mit",
    ],
)
def test_a_document_says_its_version(command: str, exported_run: Run, photos: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(b"no image")
    places = {
        "RUN": exported_run.path,
        "PHOTOS": photos,
        "IMAGE": photos / "dark" / "0.png",
        "BAD": tmp_path / "bad.png",
    }
    words = [places.get(word, word) for word in command.split()]
    done = within(*words, "--format", "json", cwd=tmp_path)
    assert done.stdout, done.stderr
    for line in done.stdout.splitlines():
        document = json.loads(line)
        assert next(iter(document)) == "version"
        assert document["version"] == 1


def test_so_does_what_pull_and_convert_print(exported_run: Run, tmp_path: Path) -> None:
    within("push", exported_run.path, tmp_path / "pushed", "--license", "mit")
    pulled = within("pull", tmp_path / "pushed", "--to", tmp_path / "pulled", "--format", "json")
    assert json.loads(pulled.stdout)["version"] == 1
    Image.new("RGB", (20, 20)).save(tmp_path / "a.png")
    (tmp_path / "boxes.csv").write_text("path,label,left,top,right,bottom\na.png,cat,1,1,9,9\n")
    converted = within("convert", tmp_path / "boxes.csv", tmp_path / "coco", "--to", "coco", "--format", "json")
    assert json.loads(converted.stdout)["version"] == 1


def test_lines_of_a_file_of_predictions_say_it_too(exported_run: Run, photos: Path, tmp_path: Path) -> None:
    within("predict", exported_run.path, photos, "--out", tmp_path / "out.jsonl")
    lines = (tmp_path / "out.jsonl").read_text().splitlines()
    assert len(lines) == 20
    assert {json.loads(line)["version"] for line in lines} == {1}


def test_a_list_of_networks_stays_a_list(tmp_path: Path) -> None:
    found = json.loads(within("nets", "lenet5", "--format", "json").stdout)
    assert [net["name"] for net in found] == ["lenet5"]
