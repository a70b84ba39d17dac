"""Images the tests of this room share: a photo, and images as the content of a file."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from sklearn.datasets import load_sample_image

Encode = Callable[..., bytes]


@pytest.fixture(scope="session")
def photo() -> Image.Image:
    """A photo, 640 x 427 pixels; an odd side, so that it cannot be halved."""
    return Image.fromarray(load_sample_image("china.jpg"))


@pytest.fixture(scope="session")
def encode() -> Encode:
    """`encode(image, "PNG", **options)`: the content of a file of that format."""

    def encoded(image: Image.Image, format_name: str, **options: Any) -> bytes:
        file = BytesIO()
        image.save(file, format_name, **options)
        return file.getvalue()

    return encoded
