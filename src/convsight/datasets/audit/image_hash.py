"""What an audit keeps of one image: hashes and a few facts, no pixels."""

import hashlib
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convsight.datasets.decoded import is_grey
from convsight.images import Decoded, Extent, Source, TiffHeader, ValueRange, decoding, name_of, read_bands, tiff_header
from convsight.inputs.volume_file import is_volume_file, read_volume

_SAMPLES = 8  # a side, so that a hash has 64 bits


class BandFacts(NamedTuple):
    """How many bands a file holds, of which type, which of them are of one value, and what share says nothing."""

    bands: int
    dtype: str
    constant: tuple[int, ...]
    missing: float


class ImageHash(NamedTuple):
    """A decoded image, upright and in RGB, in a few bytes.

    `digest` is equal if and only if size and pixels are (BLAKE2b, 128 bits, RFC 7693). `across` and `down` are
    difference hashes, see `difference_hashes`. `remark` says what is wrong with an image that could be read all the
    same, `extent` which values one of more than 8 bits holds, where they were looked at.
    """

    digest: bytes
    across: int
    down: int
    size: tuple[int, int]  # width and height in pixels
    grey: bool
    uniform: bool
    plain: float  # 0..1, see `plain_share`
    remark: str = ""
    extent: Extent | None = None
    bands: BandFacts | None = None


def hash_image(source: Source, max_megapixels: float, shown: ValueRange | None = None) -> ImageHash:
    """Decode the whole of `source` and keep what the audit needs; errors and `shown` are those of `decode_image`.

    Arrays that are no RGB or grey of 8 bits are hashed as they are, and compared by the mean of their channels; files
    of bands likewise, what says nothing in them as zero, and volumes by the mean of their slices.
    """
    if isinstance(source, np.ndarray) and not (
        source.dtype == np.uint8 and (source.ndim == 2 or source.shape[2:] in {(1,), (3,)})
    ):
        return _hash_array(source)
    volume = read_volume(source, str(source), max_megapixels) if _is_volume(source) else None
    if volume is not None:
        return _hash_array(volume.voxels[..., None])._replace(remark=volume.remark)
    if isinstance(source, Path | bytes):
        header = tiff_header(source)
        if header and header.is_banded and (header.samples, header.dtype) != (3, "uint8"):
            return _hash_bands(source, header, max_megapixels)
    with decoding(source, None, max_megapixels, shown=shown) as decoded:
        return _hash_decoded(decoded)


def _is_volume(source: Source) -> TypeGuard[Path]:
    return isinstance(source, Path) and is_volume_file(source)


def _hash_decoded(decoded: Decoded) -> ImageHash:
    image = decoded.image
    pixels = np.asarray(image)
    digest = hashlib.blake2b(str(image.size).encode(), digest_size=16)
    digest.update(image.tobytes())
    across, down = difference_hashes(image)
    uniform = all(low == high for low, high in image.getextrema())  # type: ignore[misc]
    plain = plain_share(image.convert("L"))
    return ImageHash(
        digest.digest(), across, down, image.size, is_grey(pixels), uniform, plain, decoded.remark, decoded.extent
    )


def _hash_bands(source: Path | bytes, header: TiffHeader, max_megapixels: float) -> ImageHash:
    found = read_bands(source, name_of(source), max_megapixels=max_megapixels)
    missing = found.missing
    values = found.filled(0)
    constant = tuple(band for band in range(header.samples) if np.ptp(values[..., band]) == 0)
    return _hash_array(values)._replace(bands=BandFacts(header.samples, header.dtype, constant, missing))


def _hash_array(array: NDArray[Any]) -> ImageHash:
    digest = hashlib.blake2b(f"{array.dtype.str} {array.shape}".encode(), digest_size=16)
    digest.update(array.tobytes())
    plane = array.astype(np.float64)
    plane = plane.mean(axis=-1) if plane.ndim > 2 else plane
    plane = plane.mean(axis=tuple(range(plane.ndim - 2))) if plane.ndim > 2 else np.atleast_2d(plane)
    low, span = np.nanmin(plane), np.nanmax(plane) - np.nanmin(plane)
    levels = np.nan_to_num((plane - low) / (span or 1.0) * 255).astype(np.uint8)
    grey = Image.fromarray(levels)
    across, down = difference_hashes(grey)
    uniform = bool((array == array.flat[0]).all())
    size = (plane.shape[1], plane.shape[0])
    return ImageHash(digest.digest(), across, down, size, False, uniform, plain_share(grey))


def difference_hashes(image: Image.Image) -> tuple[int, int]:
    """Two numbers of 64 bits that change little when `image` is resized or compressed again.

    The grey image is averaged to 9 x 8 cells; a bit says whether a cell is brighter than its left neighbour
    (Krawetz, "Kind of Like That", 2013). The second hash does the same with 8 x 9 cells and the neighbour above.

    >>> difference_hashes(Image.linear_gradient("L"))  # darkest at the top
    (0, 18446744073709551615)
    """
    grey = image.convert("L")
    across = np.asarray(grey.resize((_SAMPLES + 1, _SAMPLES), Image.Resampling.BOX))
    down = np.asarray(grey.resize((_SAMPLES, _SAMPLES + 1), Image.Resampling.BOX))
    return _number(across[:, 1:] > across[:, :-1]), _number(down[1:] > down[:-1])


def plain_share(grey: Image.Image) -> float:
    """The share of the pixels of a grey image that have one brightness, or one beside it, whichever is commonest.

    >>> plain_share(Image.new("L", (8, 8))), round(plain_share(Image.linear_gradient("L")), 3)
    (1.0, 0.012)
    """
    counts = np.convolve(np.array(grey.histogram(), np.int64), np.ones(3, np.int64))
    return float(counts.max()) / (grey.width * grey.height)


def _number(bits: NDArray[np.bool_]) -> int:
    return int.from_bytes(np.packbits(bits).tobytes(), "big")
