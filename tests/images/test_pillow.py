"""Pillow's own size limit and warnings do not disturb, in many threads at once, and are left as they were."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import pytest
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from convsight.images import ImageError, decode_image
from convsight.images.pillow import undisturbed

Encode = Callable[..., bytes]

KINDS: list[tuple[str, dict[str, object]]] = [
    ("JPEG", {}),
    ("PNG", {}),
    ("WEBP", {}),
    ("BMP", {}),
    ("GIF", {}),
    ("GIF", {"disposal": 2}),
    ("TIFF", {}),
    ("TIFF", {"compression": "tiff_lzw"}),
]
# Pillow warns above its limit and refuses above twice the limit.
LIMITS = pytest.mark.parametrize("pillow_limit", [200_000, 1000])


@LIMITS
@pytest.mark.parametrize("kind", KINDS)
def test_pillow_limit_does_not_matter(
    photo: Image.Image,
    encode: Encode,
    monkeypatch: pytest.MonkeyPatch,
    pillow_limit: int,
    kind: tuple[str, dict[str, object]],
) -> None:
    content = encode(photo, kind[0], **kind[1])
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", pillow_limit)
    with pytest.raises((Image.DecompressionBombWarning, Image.DecompressionBombError)):
        Image.open(BytesIO(content)).load()
    assert decode_image(content).size == photo.size
    assert pillow_limit == Image.MAX_IMAGE_PIXELS


def test_pillow_limit_is_put_back_after_an_error() -> None:
    before = Image.MAX_IMAGE_PIXELS
    with pytest.raises(ImageError):
        decode_image(b"GIF89a and no more")
    assert before == Image.MAX_IMAGE_PIXELS


def test_pillow_limit_is_put_back_by_the_last_of_many_threads(
    photo: Image.Image, encode: Encode, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents = [encode(photo, format_name, **options) for format_name, options in KINDS] * 8
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with ThreadPoolExecutor(8) as pool:
        sizes = set(pool.map(lambda content: decode_image(content).size, contents))
    assert sizes == {photo.size}
    assert Image.MAX_IMAGE_PIXELS == 1000


def test_pillow_limit_stays_lifted_while_another_thread_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with undisturbed(TiffImageFile):
        with undisturbed(TiffImageFile):
            pass
        assert Image.MAX_IMAGE_PIXELS is None
    assert Image.MAX_IMAGE_PIXELS == 1000


def test_damaged_metadata_is_read_in_silence(encode: Encode) -> None:
    tags = Image.Exif()
    tags[0x010F] = "a maker with a long name"
    block = tags.tobytes()
    content = encode(Image.new("RGB", (8, 8)), "JPEG", exif=block[: len(block) - 20])
    with pytest.warns(UserWarning, match="Truncated File Read"):
        Image.open(BytesIO(content)).getexif()
    assert decode_image(content).size == (8, 8)
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda one: decode_image(one).size, [content] * 40)) == {(8, 8)}
