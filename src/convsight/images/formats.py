"""Which image formats are read, and how a file of each is recognised: by its first bytes, not by its name."""

from pathlib import Path

from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"}
)  # lower case

FORMATS = "JPEG, PNG, WebP, BMP, GIF or TIFF"

HEAD_BYTES = 12  # how much of a file `reader_of` looks at

_READERS: dict[bytes, type[ImageFile]] = {
    b"\xff\xd8\xff": JpegImageFile,
    b"\x89PNG\r\n\x1a\n": PngImageFile,
    b"BM": BmpImageFile,
    b"GIF87a": GifImageFile,
    b"GIF89a": GifImageFile,
    b"II*\0": TiffImageFile,
    b"MM\0*": TiffImageFile,
    b"II+\0": TiffImageFile,  # BigTIFF
    b"MM\0+": TiffImageFile,
}


def is_image_file(path: Path) -> bool:
    """Whether the name of `path` is that of an image; the disk is not looked at.

    Hidden files are none: `._cat.jpg`, which macOS leaves in archives, holds no image.

    >>> [is_image_file(Path(name)) for name in ("cat.JPG", "notes.txt", "._cat.jpg")]
    [True, False, False]
    """
    return path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")


def shown_bytes(data: bytes) -> str:
    r"""Bytes as people read them: quoted where they are ASCII text, else as hexadecimal numbers.

    >>> shown_bytes(b"<!DOCTYPE"), shown_bytes(b"\x00\xffab")
    ('"<!DOCTYPE"', '00 ff 61 62')
    """
    if data.isascii() and all(chr(byte).isprintable() or chr(byte) in "\r\n\t" for byte in data):
        return f'"{" ".join(data.decode().split())}"'
    return data.hex(" ")


def reader_of(head: bytes) -> type[ImageFile] | None:
    """Pillow's reader for a file that starts with `head` (`HEAD_BYTES` bytes), or None for no image."""
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return WebPImageFile
    return next((reader for magic, reader in _READERS.items() if head.startswith(magic)), None)
