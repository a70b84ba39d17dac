"""Real images of many sizes for a proof, from whatever data there are."""

from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image

from convsight.datasets import UNSPLIT, Dataset
from convsight.datasets.dataset import Images
from convsight.errors import UserError
from convsight.export.parity_check import MIN_IMAGES, Pixels
from convsight.images import ImageError, Source, decode_image
from convsight.inputs import ImageInput, InputSpec
from convsight.spread import evenly

# Whose images prove a network, and judge it in 8-bit numbers: the first split that there is.
PREFERRED_SPLITS = ("val", "test", UNSPLIT, "train")

# Every other image changes its width and height by two of these, since many data sets know only one size.
_FACTORS = (0.45, 0.8, 1.3, 1.7, 2.6)
_LARGEST = 2_000_000  # pixels of an image that was made larger


def enough_images(dataset: Dataset, count: int = MIN_IMAGES) -> Sequence[Source]:
    """All images of the preferred split; where they are fewer than `count`, filled up from the next ones."""
    found: list[Source] = []
    for name in PREFERRED_SPLITS:
        if name in dataset.splits:
            images = dataset.splits[name].images
            chosen = range(len(images)) if not found else evenly(len(images), count - len(found))
            found.extend(images[position] for position in chosen)
    return found


def proof_images(
    images: Images | Sequence[Source], spec: InputSpec, max_megapixels: float, count: int = MIN_IMAGES
) -> Iterator[Pixels]:
    """`count` of the images, or of what else `spec` takes, evenly chosen, every other one resized.

    Where there are fewer, they come again, each time another part of them, so that no two are the same as far as their
    pixels allow. Unreadable ones are passed over. Raises `UserError` where none can be read.
    """
    made = again = 0
    while made < count:
        before = made
        for position in evenly(len(images), count - made):
            try:
                image = _read(images[position], spec, max_megapixels, again, made)
            except ImageError:
                continue
            yield image
            made += 1
        again += 1
        if made == before:
            raise UserError("none of the images for the proof can be read; name others with --data")


def _read(source: Source, spec: InputSpec, max_megapixels: float, again: int, number: int) -> Pixels:
    """One of the originals, and part of it where it comes `again`; every other `number` changes its size."""
    if isinstance(spec, ImageInput) and spec.is_rgb:
        image = decode_image(source, max_megapixels=max_megapixels, shown=spec.file_range)
        part = _part(image, again) if again else image
        return np.asarray(_varied(part, number) if number % 2 else part)
    array = spec.original(source, max_megapixels)
    for axis in [free - 1 for free in spec.free_axes if free]:
        array = _sampled(array, axis, again, _FACTORS[(number + axis) % len(_FACTORS)] if number % 2 else 1.0)
    return array


def _sampled(array: Pixels, axis: int, again: int, factor: float) -> Pixels:
    """`array` without one end of an axis, the more, the larger `again` is; and that `factor` times as long."""
    own = array.shape[axis]
    kept = max(1, round(own * max(0.3, 0.98 - again / 100))) if again else own
    places = np.arange(max(1, round(kept * factor))) * kept // max(1, round(kept * factor))
    sampled: Pixels = np.take(array, places + (own - kept) * (again % 2), axis)
    return sampled


def _part(image: Image.Image, number: int) -> Image.Image:
    """`image` without two of its edges: the more, the larger `number` is."""
    share = max(0.3, 0.98 - number / 100)
    width, height = max(1, round(image.width * share)), max(1, round(image.height * share))
    left, top = (image.width - width) * (number % 2), (image.height - height) * (number // 2 % 2)
    return image.crop((left, top, left + width, top + height))


def _varied(image: Image.Image, number: int) -> Image.Image:
    """`image` at another size and other proportions."""
    across, down = _FACTORS[number % 5], _FACTORS[(number // 5 + number) % 5]
    width, height = max(2, round(image.width * across)), max(2, round(image.height * down))
    if width * height > max(_LARGEST, image.width * image.height):
        return image
    return image.resize((width, height), Image.Resampling.BICUBIC)
