"""The code on the pages of documentation runs as it stands there."""

import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest
from PIL import Image

import convsight
from convsight.export.verb import export
from convsight.progress import Silent
from convsight.run import Run

PAGE = Path(__file__).resolve().parents[1] / "docs" / "deploy.md"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^## (.*)$", re.MULTILINE)


def blocks() -> Iterator[object]:
    """The blocks of the page, each with the heading above it as its name."""
    text = PAGE.read_text(encoding="utf-8")
    for number, block in enumerate(BLOCK.finditer(text)):
        heading = HEADING.findall(text, 0, block.start())[-1]
        yield pytest.param(block[1], id=f"{number}: {heading}")


@pytest.fixture(scope="module")
def folder(exported_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the page speaks of: `runs/digits`, exported in three ways, `cat.jpg`, turned by its EXIF orientation, and
    `photos`."""
    place = tmp_path_factory.mktemp("docs")
    run = Path(copytree(exported_run.path, place / "runs" / "digits"))
    for to, file in (("openvino", "model.xml"), ("torch", "model.pt2")):
        export(
            str(run),
            to,
            int8=False,
            half=False,
            data=None,
            out=run / file,
            max_loss=0.5,
            output="json",
            max_megapixels=100.0,
            listener=Silent(),
        )
    picture = Image.effect_mandelbrot((120, 90), (-2.2, -1.4, 1.0, 1.4), 100).convert("RGB")
    orientation = Image.Exif()
    orientation[0x0112] = 6  # a quarter turn
    picture.save(place / "cat.jpg", exif=orientation)
    (place / "photos").mkdir()
    picture.save(place / "photos" / "turned.png")
    (place / "photos" / "bad.png").write_bytes(b"no picture")
    return place


@pytest.mark.parametrize("block", [*blocks()])
def test_a_block_runs_and_answers_as_convsight_does(block: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    space: dict[str, object] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what other packages say of themselves
        exec(compile(block, str(PAGE), "exec"), space)
    if isinstance(space.get("answer"), str):
        expected = convsight.load("runs/digits", engine="torch").predict("cat.jpg").to_json()["labels"][0]
        assert space["answer"] == expected["name"]
        assert space["probabilities"].max() == pytest.approx(expected["probability"], abs=1e-3)  # type: ignore[attr-defined]


def test_the_page_has_the_blocks_that_it_promises() -> None:
    text = PAGE.read_text(encoding="utf-8")
    plain = [block for block in BLOCK.findall(text) if "answer = classes[" in block]
    assert len(plain) == 3
    assert not any("convsight." in block for block in plain)
    assert text.count("```python") == len(BLOCK.findall(text)) >= 8
