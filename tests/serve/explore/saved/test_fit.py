"""Pictures at a network's size as the page makes them, against what the network itself is given."""

import json
from base64 import b64encode
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.browser import Browser, browser
from tests.serve.explore.saved.engine import load

from convsight.inputs import ImageInput


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as running:
        load(running, "fit.js")
        yield running


def png(width: int, height: int, mode: str = "RGB") -> bytes:
    random = np.random.default_rng(width)
    shape = (height, width, len(mode)) if len(mode) > 1 else (height, width)
    file = BytesIO()
    Image.fromarray(random.integers(0, 256, shape, np.uint8), mode).save(file, "PNG")
    return file.getvalue()


def fitted(page: Browser, file: bytes, spec: ImageInput) -> Any:
    told = json.dumps(spec.model_dump(mode="json", include={"width", "height", "fit", "shorter", "filter"}))
    found = page.run(
        f"fetch('data:image/png;base64,{b64encode(file).decode()}').then((response) => response.blob())"
        f".then((blob) => module_fit.pixelsOf(blob, 1)).then((image) => module_fit.fitted(image, {told}))"
        ".then(({ width, height, data }) => [height, width, Array.from(data)])"
    )
    return np.array(found[2], np.uint8).reshape(found[0], found[1], 3)


@pytest.mark.parametrize("size", [(9, 6), (40, 31), (31, 57), (16, 12), (1, 200), (300, 7)])
@pytest.mark.parametrize(
    "how",
    [
        {"fit": "crop"},
        {"fit": "squash"},
        {"fit": "pad"},
        {"fit": "squash", "filter": "bicubic"},
        {"fit": "crop", "shorter": 18},
        {"fit": "crop", "shorter": 17, "filter": "bicubic"},
    ],
    ids=str,
)
def test_it_is_the_same_picture_to_the_last_level(page: Browser, size: tuple[int, int], how: dict[str, Any]) -> None:
    spec = ImageInput(height=12, width=16, mean=(0.0,) * 3, std=(1.0,) * 3, **how)
    file = png(*size)
    assert (fitted(page, file, spec) == spec.load(file).array).all()


def test_grey_and_clear_pictures_are_read_as_the_network_reads_them(page: Browser) -> None:
    spec = ImageInput(height=6, width=9, fit="squash", mean=(0.0,) * 3, std=(1.0,) * 3)
    assert (fitted(page, png(9, 6, "L"), spec) == spec.load(png(9, 6, "L")).array).all()
    far = np.abs(fitted(page, png(9, 6, "RGBA"), spec).astype(int) - spec.load(png(9, 6, "RGBA")).array)
    assert far.max() <= 1  # on white, which each rounds in its own way


def test_what_is_too_large_or_no_picture_is_told(page: Browser) -> None:
    spec = ImageInput(height=6, width=9, fit="squash", mean=(0.0,) * 3, std=(1.0,) * 3)
    with pytest.raises(AssertionError, match="1200 × 1000 px, over the limit of 1 megapixels"):
        fitted(page, png(1200, 1000), spec)
    with pytest.raises(AssertionError, match="no picture that the browser can read"):
        fitted(page, b"text", spec)
