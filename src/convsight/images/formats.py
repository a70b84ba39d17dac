"""Which image formats are read, and how a file of each is recognised: by its first bytes, not by its name."""

import re
from pathlib import Path

from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.PpmImagePlugin import PpmImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from convsight.images.jpeg import Jpeg
from convsight.images.pam import SIGN, Pam
from convsight.images.png import Png
from convsight.words import shell_word

# In lower case.
IMAGE_SUFFIXES = frozenset(
    {
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".png",
        ".webp",
        ".bmp",
        ".gif",
        ".tif",
        ".tiff",
        ".ppm",
        ".pgm",
        ".pbm",
        ".pnm",
        ".pam",
    }
)

FORMATS = "JPEG, PNG, WebP, BMP, GIF, TIFF, PPM, PGM, PBM or PAM"

# Of volumes, see `images.nifti`, which tasks for volumes read as others read images.
VOLUME_SUFFIXES = frozenset({".nii", ".nii.gz"})

_OF_VOLUMES = tuple(VOLUME_SUFFIXES)
_LAST_OF_VOLUMES = frozenset({".nii", ".gz"})

HEAD_BYTES = 12  # how much of a file `reader_of` looks at

_READERS: dict[bytes, type[ImageFile]] = {
    b"\xff\xd8\xff": Jpeg,
    b"\x89PNG\r\n\x1a\n": Png,
    b"BM": BmpImageFile,
    b"GIF87a": GifImageFile,
    b"GIF89a": GifImageFile,
    b"II*\0": TiffImageFile,
    b"MM\0*": TiffImageFile,
    b"II+\0": TiffImageFile,  # BigTIFF
    b"MM\0+": TiffImageFile,
}

# The signs that all of these begin with are followed by the width, or by a comment before it.
_NETPBM = re.compile(rb"P[1-6]\s+[\d#]")


def is_image_file(path: Path) -> bool:
    """Whether the name of `path` is that of an image or a volume; the disk is not looked at.

    Hidden files are none: `._cat.jpg`, which macOS leaves in archives, holds no image.

    >>> [is_image_file(Path(name)) for name in ("cat.JPG", "head.nii.gz", "notes.txt", "._cat.jpg")]
    [True, True, False, False]
    """
    return is_image_name(path.name)


def is_image_name(name: str) -> bool:
    """The same of the last part of a path alone."""
    suffix = name[name.rfind(".") :].lower()
    is_one = suffix in IMAGE_SUFFIXES or (suffix in _LAST_OF_VOLUMES and name.lower().endswith(_OF_VOLUMES))
    return is_one and not name.startswith(".")


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
    if SIGN.match(head):
        return Pam
    if _NETPBM.match(head):
        return PpmImageFile
    return next((reader for magic, reader in _READERS.items() if head.startswith(magic)), None)


# How archives begin, and the command that unpacks each; Python has it for all systems.
_ARCHIVES = (
    (b"PK\x03\x04", (".zip",), "python -m zipfile -e {file} {folder}"),
    (b"\x1f\x8b", (".tar", ".tgz", ".gz"), "python -m tarfile -e {file} {folder}"),
    (b"7z\xbc\xaf", (".7z",), "7z x {file} -o{folder}"),
    (b"Rar!", (".rar",), "unrar x {file} {folder}/"),
)


def unpacking(name: str, head: bytes) -> str:
    r"""The command to unpack the archive called `name`, which starts with `head`; empty where it is none.

    >>> unpacking("photos.zip", b"PK\x03\x04")
    'it is an archive: unpack it with: python -m zipfile -e photos.zip photos'
    """
    path = Path(name)
    known = (
        command for magic, suffixes, command in _ARCHIVES if head.startswith(magic) or path.suffix.lower() in suffixes
    )
    command = next(known, "")
    folder = path.with_suffix("").with_suffix("") if ".tar" in path.suffixes else path.with_suffix("")
    folder = path.with_name(f"{path.name}-unpacked") if folder == path else folder
    words = command.format(file=shell_word(name), folder=shell_word(str(folder)))
    return f"it is an archive: unpack it with: {words}" if words else ""
