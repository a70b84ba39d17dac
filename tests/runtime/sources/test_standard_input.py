from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from convsight.errors import UserError
from convsight.images import ImageError
from convsight.runtime.sources.item import Item, file_item
from convsight.runtime.sources.resolve import _items_of_line
from convsight.runtime.sources.standard_input import Read, standard_input_items, starts_like_image


def pieces(content: bytes, size: int) -> Read:
    """What reads `content` in pieces of at most `size` bytes, as a pipe might."""
    rest = [content[start : start + size] for start in range(0, len(content), size)]
    return lambda most: rest.pop(0) if rest else b""


def one(line: str) -> Iterator[Item]:
    return iter([file_item(line)])


@pytest.mark.parametrize("size", [1, 5, 7, 1 << 20])
@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp", "gif", "tiff", "webp", "ppm", "pgm", "pbm", "npy"])
def test_an_image_of_every_format_is_known_however_it_arrives(tmp_path: Path, suffix: str, size: int) -> None:
    file = tmp_path / f"picture.{suffix}"
    if suffix == "npy":
        np.save(file, np.full((10, 10), 10, np.uint8))
    else:
        mode = {"pgm": "L", "pbm": "1"}.get(suffix, "RGB")
        Image.new(mode, (10, 13), 1).save(file)  # a width of 10 is a line feed in the head of a GIF
    [item] = standard_input_items(one, pieces(file.read_bytes(), size))
    assert item.name == "-"
    assert item.load() == file.read_bytes()


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=20)), st.integers(1, 50))
def test_lines_are_taken_whole_and_empty_ones_left_out(lines: list[str], size: int) -> None:
    content = "\n".join(lines).encode()
    if not starts_like_image(content):
        found = [item.name for item in standard_input_items(one, pieces(content, size))]
        assert found == [line for line in lines if line]


def test_a_path_that_begins_like_an_image_is_a_path() -> None:
    for name in ("BMW.jpg", "GIF89a-of-a-cat.gif", "II*.png", "P5.jpg", "P1 001.jpg", "P6 2 1.ppm"):
        assert [item.name for item in standard_input_items(one, pieces(f"{name}\r\n".encode(), 3))] == [name]


def test_the_first_line_is_taken_up_before_the_second_comes() -> None:
    def read(most: int) -> bytes:
        if not sent:
            raise AssertionError("asked for more than the first line")
        return sent.pop(0)

    sent = [b"a.png\n"]
    assert next(standard_input_items(one, read)).name == "a.png"


def test_what_is_neither_image_nor_lines() -> None:
    with pytest.raises(UserError, match="neither an image nor lines"):
        list(standard_input_items(one, lambda most: b"\1" * 65536))


def test_a_line_of_another_scheme_is_refused_in_its_place() -> None:
    [item] = _items_of_line("file:///etc/passwd", 1)
    with pytest.raises(ImageError, match="no address of the web"):
        item.load()


@pytest.mark.parametrize("size", [1, 3, 1 << 20])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-16-be with a mark"]
)
def test_a_list_in_the_encodings_of_other_systems(encoding: str, size: int) -> None:
    lines = ["cat.jpg", "fotos/Käse.jpg", "", "写真 [1].png"]
    content = "\r\n".join(lines).encode(encoding.split(maxsplit=1)[0])
    content = (b"\xfe\xff" if "mark" in encoding else b"") + content
    found = [item.name for item in standard_input_items(one, pieces(content, size))]
    assert found == [line for line in lines if line]
