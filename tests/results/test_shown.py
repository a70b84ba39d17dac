"""Images in a window, in a notebook, in a file."""

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from PIL import Image, ImageShow

from convsight.errors import UserError
from convsight.results.shown import save_image, show_image

RED = Image.new("RGB", (4, 3), "red")


@pytest.mark.parametrize(("name", "kind"), [("a.png", "PNG"), ("a.JPG", "JPEG"), ("a.webp", "WEBP")])
def test_the_suffix_says_the_format(tmp_path: Path, name: str, kind: str) -> None:
    assert save_image(RED, tmp_path / name) == tmp_path / name
    with Image.open(tmp_path / name) as saved:
        assert (saved.format, saved.size) == (kind, (4, 3))


@pytest.mark.parametrize("name", ["a", "a.txt", "a.psd"])  # Pillow reads the last, and cannot write it
def test_other_suffixes_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match=r"ends in \.png or \.jpg"):
        save_image(RED, tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_outside_a_notebook_a_program_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Image.Image] = []

    def show(image: Image.Image) -> bool:
        seen.append(image)
        return True

    monkeypatch.setattr(ImageShow, "show", show)
    show_image(RED)
    assert seen == [RED]
    monkeypatch.setattr(ImageShow, "show", lambda image: False)
    with pytest.raises(UserError, match="nothing here can show images"):
        show_image(RED)


def test_in_a_notebook_its_kernel_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Image.Image] = []
    notebook = ModuleType("IPython")
    notebook.__dict__.update(
        get_ipython=lambda: SimpleNamespace(kernel=None), display=SimpleNamespace(display=seen.append)
    )
    monkeypatch.setitem(sys.modules, "IPython", notebook)
    monkeypatch.setattr(ImageShow, "show", lambda image: pytest.fail("a window beside the notebook"))
    show_image(RED)
    assert seen == [RED]
