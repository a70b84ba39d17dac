"""The verb `filters`: what it prints, what it saves, and every bad input that must end with exit code 2."""

import json
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convsight.arithmetic import cross_correlation
from convsight.cli import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Iterator[Run]:
    """Runs the command line in a folder of its own: exit code, standard output, standard error."""
    before = signal.getsignal(signal.SIGTERM)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    def run_main(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["convsight", "filters", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        code = ended.value.code
        assert isinstance(code, int)
        return (code, *capsys.readouterr())

    yield run_main
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A colour image of 12 x 9 px."""
    file = tmp_path / "noise.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (9, 12, 3), dtype=np.uint8)).save(file)
    return file


def test_a_table_and_one_image(run: Run, image: Path) -> None:
    code, out, err = run(image, "--at", "2,3")
    assert (code, err) == (0, "")
    for word in ("sobel-x", "gaussian", "cross-correlation", "9 x 12 -> 7 x 10", "9 - 3 + 1 = 7", "12 - 3 + 1 = 10"):
        assert word in out
    assert "saved in noise-filters.png" in out
    grey = np.asarray(Image.open(image).convert("L")).astype(int)
    kernel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    responses = cross_correlation(grey, kernel).values
    assert f"{responses.min()} .. {responses.max()}" in out
    terms = " + ".join(f"{v}*{w}" for v, w in zip(grey[2:5, 3:6].flat, kernel.flat, strict=True))
    assert f"sobel-x at 2,3: {terms} = {(grey[2:5, 3:6] * kernel).sum()}\n" in out
    with Image.open("noise-filters.png") as sheet:
        assert sheet.format == "PNG"


def test_one_json_document(run: Run, image: Path) -> None:
    code, out, _ = run(
        image,
        "--kernel",
        "-1 0 1; -1 0 1; -1 0 1",
        "--kernel",
        "blur",
        "--stride",
        "2",
        "--padding",
        "same",
        "--at",
        "4,5",
        "--format",
        "json",
    )
    assert code == 0
    told = json.loads(out)
    assert told["file"] == "noise-filters.png"
    assert (told["input"], told["stride"], told["padding"]) == ([9, 12], 2, "same")
    own, blur = told["kernels"]
    assert own["rows"] == [[-1, 0, 1]] * 3
    assert blur["divisor"] == 9
    assert own["operation"] == "cross-correlation"
    assert own["output"] == [5, 6]
    assert own["formulas"] == ["floor((9 + 2*1 - 3)/2) + 1 = 5", "floor((12 + 1 - 3)/2) + 1 = 6"]
    values = cross_correlation(np.asarray(Image.open(image).convert("L")), own["rows"], stride=2, padding="same").values
    assert (own["smallest"], own["largest"]) == (values.min(), values.max())
    assert own["cell"]["position"] == [4, 5]
    assert own["cell"]["total"] == values[4, 5]
    assert not own["cell"]["terms"][-1]["inside"]


def test_nothing_is_overwritten_unless_asked(run: Run, image: Path) -> None:
    for name in ("noise-filters.png", "noise-filters-2.png", "noise-filters-3.png"):
        assert f"saved in {name}" in run(image, "--kernel", "blur")[1]
    first = Path("noise-filters.png").read_bytes()
    assert "saved in noise-filters.png" in run(image, "--kernel", "sharpen", "--out", "noise-filters.png")[1]
    assert Path("noise-filters.png").read_bytes() != first
    assert "saved in new/sheet.PNG" in run(image, "--kernel", "sharpen", "--out", "new/sheet.PNG")[1]
    assert len(list(Path().rglob("*"))) == 5  # no temporary file is left


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--kernel", "sobel"], ["unknown kernel 'sobel'", "sobel-x"]),
        (["--kernel", "1 2; 3"], ["2, 1 numbers"]),
        (["--kernel", "1 x"], ["'x'", "no number"]),
        (["--kernel", " ".join("1" * 13)], ["spans 13 cells", "12"]),
        (["--stride", "0"], ["stride 0", "1 or more"]),
        (["--stride", "-2"], ["stride -2"]),
        (["--stride", "two"], ["--stride"]),
        (["--padding", "full"], ["'full'", "valid, same"]),
        (["--padding", "-1"], ["padding -1"]),
        (["--at", "7,0"], ["(7, 0)", "7 x 10", "(6, 9)"]),
        (["--at", "0,-1"], ["(0, -1)"]),
        (["--at", "here"], ["'here'", "ROW,COLUMN"]),
        (["--at", "1,2,3"], ["'1,2,3'"]),
        (["--out", "sheet.jpg"], ["sheet.jpg", ".png"]),
        (["--max-megapixels", "0.00001"], ["megapixels", "--max-megapixels"]),
    ],
)
def test_bad_input_is_named_and_leaves_nothing(run: Run, image: Path, arguments: list[str], message: list[str]) -> None:
    code, out, err = run(image, *arguments)
    assert code == 2
    assert out == ""
    for part in message:
        assert part in err
    assert list(Path().iterdir()) == []


def test_files_that_are_no_images(run: Run, tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("I am not an image")
    (tmp_path / "empty.png").touch()
    for name, message in (("nowhere.png", "No such file"), ("text.png", "not an image"), ("empty.png", "0 bytes")):
        code, out, err = run(tmp_path / name)
        assert (code, out) == (2, "")
        assert name in err
        assert message in err
    assert list(Path().iterdir()) == []


def test_the_image_itself_is_never_replaced(run: Run, image: Path) -> None:
    content = image.read_bytes()
    code, _, err = run(image, "--out", image)
    assert code == 2
    assert "is the image itself" in err
    assert image.read_bytes() == content


def test_a_place_that_cannot_be_written(run: Run, image: Path) -> None:
    # Nothing can be made under /proc, not even by root.
    code, out, err = run(image, "--out", "/proc/convsight/sheet.png")
    assert (code, out) == (2, "")
    assert "/proc/convsight/sheet.png" in err
