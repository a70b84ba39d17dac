"""Pictures within a page."""

import io
from base64 import b64decode

import numpy as np
import pytest
from PIL import Image

from convsight.pages.pictures import Room, figure, small


def _opened(source: str) -> Image.Image:
    return Image.open(io.BytesIO(b64decode(source.partition(",")[2])))


def _noise(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8))


def test_a_large_picture_is_reduced_in_proportion() -> None:
    found = _opened(small(_noise(400, 200), 100))
    assert (found.format, found.size) == ("JPEG", (100, 50))


def test_a_tiny_one_keeps_every_pixel() -> None:
    image = _noise(28, 20)
    found = _opened(small(image, 100))
    assert (found.format, found.tobytes()) == ("PNG", image.tobytes())


@pytest.mark.parametrize("most", [400_000, 150_000])
def test_a_large_figure_is_made_to_fit(most: int) -> None:
    written = io.BytesIO()
    _noise(900, 700).save(written, "PNG")
    found = figure(written.getvalue(), most)
    assert len(b64decode(found.partition(",")[2])) <= most
    assert figure(written.getvalue(), 10_000_000) != found


def test_room_is_for_so_many_bytes() -> None:
    room = Room(10)
    assert [room.take("12345"), room.take("123456"), room.take("12345"), room.take(None)] == [
        "12345",
        None,
        "12345",
        None,
    ]
    assert room.refused == 1
