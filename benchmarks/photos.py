"""Many photos made of few: deterministic pieces of real ones, at the sizes that photos on the web have."""

import random
from pathlib import Path

from PIL import Image

_SIDES = (500, 375)  # px; every fourth stands upright
_QUALITY = 90


def make_photos(source: Path, folder: Path, count: int) -> list[Path]:
    """Write `count` JPEG files of 500 x 375 or 375 x 500 px into `folder`, cut from the photos in `source`.

    The same photos give the same files. Raises ValueError where `source` holds none.
    """
    originals = sorted(file for file in source.iterdir() if file.suffix.lower() in {".jpg", ".jpeg", ".png"})
    if not originals:
        raise ValueError(f"{source} holds no photos")
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for number in range(count):
        with Image.open(originals[number % len(originals)]) as original:
            piece = _piece(original.convert("RGB"), number)
        made.append(folder / f"{number:06d}.jpg")
        piece.save(made[-1], "JPEG", quality=_QUALITY)
    return made


def _piece(photo: Image.Image, number: int) -> Image.Image:
    """A piece of `photo` that has 0.6 to 1 of the largest possible side."""
    rng = random.Random(number)  # noqa: S311  # nothing secret
    width, height = _SIDES[::-1] if number % 4 == 3 else _SIDES
    scale = min(photo.width / width, photo.height / height) * rng.uniform(0.6, 1.0)
    left = rng.uniform(0, photo.width - scale * width)
    top = rng.uniform(0, photo.height - scale * height)
    box = (left, top, left + scale * width, top + scale * height)
    return photo.resize((width, height), Image.Resampling.BICUBIC, box=box)
