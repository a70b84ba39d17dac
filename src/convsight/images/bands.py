"""TIFF files of any number of bands, as whole numbers of 8 or 16 bits or as floating point; read by rasterio."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from convsight.errors import UserError
from convsight.extras import extra
from convsight.images.errors import ImageError, TooLargeError
from convsight.images.regular_file import opened_file
from convsight.images.tiff_header import TiffHeader, tiff_header

_READ = {"uint8": np.uint8, "uint16": np.uint16}  # as they are; all others become float32
_OTHERS = {"int8", "int16", "int32", "uint32", "float16", "float32", "float64"}
_COLOURS = ("red", "green", "blue")
_MOST_VALUES = 2**29  # in a file of which nobody knows how many bands it should have
_BLOCK = 2**27  # values that are decoded at once at most
# Nothing but the file itself is read or written: neither what lies beside it, nor what its texts point to.
_OPTIONS = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_PAM_ENABLED": "NO", "CPL_LOG_ERRORS": "OFF"}


class Bands(NamedTuple):
    """The values (height, width, bands): uint8, uint16 or float32; and where they say something.

    `valid` (height, width, bands) is False where the file says that it holds no data, and where values are no numbers;
    None where all are.
    """

    values: NDArray[Any]
    valid: NDArray[np.bool_] | None

    def filled(self, value: float) -> NDArray[Any]:
        """The values, `value` where there are none."""
        if self.valid is not None:
            self.values[~self.valid] = value
        return self.values

    @property
    def missing(self) -> float:
        """The share of the values that say nothing."""
        return 0.0 if self.valid is None else 1 - float(self.valid.mean())


class Wanted(NamedTuple):
    """So many bands of one type (uint8, uint16, or float32, which any number may become)."""

    bands: int
    dtype: np.dtype[Any]

    def takes(self, header: TiffHeader) -> bool:
        """Whether a file with that header holds such bands."""
        return header.samples == self.bands and (self.dtype.kind == "f" or header.dtype == self.dtype.name)


def read_bands(
    source: Path | bytes, name: str, *, max_megapixels: float = 100.0, wanted: Wanted | None = None
) -> Bands:
    """All bands of the TIFF in `source`, a file or the content of one; `name` is for errors.

    Raises `ImageError` where it is none, is damaged or cut short, holds numbers of another kind than are known or
    `wanted`, or is over `max_megapixels` (millions of pixels), of which its header tells before anything is decoded;
    and where rasterio is not installed. Safe in threads.
    """
    header = tiff_header(source)
    if header is None:
        raise ImageError(_no_tiff(source, name))
    _check(header, name, max_megapixels, wanted)
    try:
        require_rasterio()
    except UserError as error:
        raise ImageError(f"{name} holds {header.words}: {error}") from error
    try:
        with opened_tiff(source) as file:
            return _values(file, header, name)
    except UserError:
        raise
    # On damaged data GDAL reports whatever its parsers run into.
    except Exception as error:
        reason = str(error.__cause__ or error) or type(error).__name__
        raise ImageError(
            f"{name} cannot be decoded ({reason}): it is damaged, cut short or of a kind that is not supported; "
            "save it again or leave it out"
        ) from error


def colours_of_bands(source: Path | bytes, header: TiffHeader, name: str, max_megapixels: float) -> NDArray[np.uint8]:
    """The three bands of 8 bits of a TIFF as red, green and blue; raises `ImageError` for others, and as above."""
    if (header.samples, header.dtype) != (3, "uint8"):
        raise ImageError(
            f"{name} holds {header.words}, and what is asked for takes grey or colours; give it to a network that was "
            "trained on such files, or save it as RGB"
        )
    wanted = Wanted(3, np.dtype(np.uint8))
    return read_bands(source, name, max_megapixels=max_megapixels, wanted=wanted).filled(0)


@contextmanager
def opened_tiff(source: Path | bytes) -> Iterator[Any]:
    """A rasterio data set of the TIFF in `source`, and of nothing else that GDAL could open.

    Raises `UserError` where rasterio is not installed, and what rasterio raises.
    """
    rasterio = quiet_rasterio()
    with rasterio.Env(**_OPTIONS):
        if isinstance(source, bytes):
            with rasterio.io.MemoryFile(source) as memory, memory.open(driver="GTiff", sharing=False) as file:
                yield file
        else:
            with rasterio.open(str(source.absolute()), driver="GTiff", sharing=False) as file:
                yield file


def shown_bands(source: Path | bytes) -> tuple[int, int, int] | None:
    """The bands that a TIFF calls red, green and blue, by their meaning or their names; None where it does not."""
    try:
        with opened_tiff(source) as file:
            meant = [colour.name.lower() for colour in file.colorinterp]
            named = [(text or "").strip().lower() for text in file.descriptions]
    except Exception:  # whoever decodes it says what is wrong
        return None
    for words in (meant, named):
        if all(words.count(colour) == 1 for colour in _COLOURS):
            red, green, blue = (words.index(colour) for colour in _COLOURS)
            return red, green, blue
    return None


def require_rasterio() -> Any:
    """The module rasterio; raises `UserError` that says how to install it where it is missing."""
    extra("rasterio.io", "geo")
    return extra("rasterio", "geo")


def quiet_rasterio() -> Any:
    """The module rasterio; it no longer warns of files that do not say where on Earth they lie, which they need not.

    `warnings.catch_warnings` would race with other threads.
    """
    rasterio = require_rasterio()
    category = rasterio.errors.NotGeoreferencedWarning
    if ("ignore", None, category, None, 0) not in warnings.filters:
        warnings.simplefilter("ignore", category)
    return rasterio


def _no_tiff(source: Path | bytes, name: str) -> str:
    try:
        with BytesIO(source) if isinstance(source, bytes) else opened_file(source) as file:
            start = file.read(1)
    except OSError as error:
        return f"cannot read {name}: {error.strerror or error}; check the path and its file"
    if not start:
        return f"{name} is empty (0 bytes); replace it or leave it out"
    return f"{name} is no TIFF, or its header is damaged; save it again or leave it out"


def _check(header: TiffHeader, name: str, max_megapixels: float, wanted: Wanted | None) -> None:
    width, height, count = header.width, header.height, header.samples
    if width * height * count == 0:
        raise ImageError(f"{name} has no pixels ({width} x {height}); replace it or leave it out")
    if width * height > max_megapixels * 1e6:
        raise TooLargeError(
            f"{name} is {width} x {height} pixels = {width * height / 1e6:.6g} megapixels, over the limit of "
            f"{max_megapixels:g}; raise it with --max-megapixels"
        )
    if wanted is not None and not wanted.takes(header):
        raise ImageError(
            f"{name} holds {header.words}; expected {wanted.bands} of {wanted.dtype}, as all pictures have to have"
        )
    if wanted is None and width * height * count > _MOST_VALUES:
        raise ImageError(f"{name} holds {width * height * count:,} values, over the limit of {_MOST_VALUES:,}")


def _values(file: Any, header: TiffHeader, name: str) -> Bands:
    check_file(file, header, name)
    return values_of(file)


def check_file(file: Any, header: TiffHeader, name: str) -> None:
    """Raise `ImageError` where an open `file` is not what its `header` says, or holds what cannot be read."""
    types = set(file.dtypes)
    if (file.width, file.height, file.count) != (header.width, header.height, header.samples):
        raise ImageError(f"{name} contradicts itself about its size; save it again or leave it out")
    for (height, width), dtype in zip(file.block_shapes, file.dtypes, strict=True):
        together = file.count if file.interleaving is not None and file.interleaving.value == "PIXEL" else 1
        if height * width * together > max(_BLOCK, 4 * file.width * file.height * together):
            raise ImageError(f"{name} is cut into blocks of {width} x {height} {dtype}, far more than it holds")
    if len(types) > 1 or not types <= {*_READ, *_OTHERS}:
        raise ImageError(
            f"{name} holds numbers of the type {', '.join(sorted(types))}; expected one of uint8, uint16, int16 or "
            "float32 for all bands; convert it"
        )


def values_of(file: Any, window: Any = None) -> Bands:
    """The values of an open file that was checked, or those in a `window` of rasterio."""
    dtype = file.dtypes[0]
    found = cast("NDArray[Any]", np.moveaxis(file.read(window=window), 0, -1))
    valid = _valid(file, found, window)
    values = np.ascontiguousarray(found, _READ.get(dtype, np.float32))
    if values.dtype == np.float32:  # of numbers, too, that float32 is too short for
        finite = np.isfinite(values)
        if not finite.all():
            valid = finite if valid is None else valid & finite
    return Bands(values, valid)


def _valid(file: Any, values: NDArray[Any], window: Any) -> NDArray[np.bool_] | None:
    """Where the values are not those that the file calls none; None where it calls no value so."""
    valid: NDArray[np.bool_] | None = None
    for band, nodata in enumerate(file.nodatavals):
        if nodata is None or np.isnan(nodata):
            continue
        there = values[..., band] != (np.float32(nodata) if values.dtype == np.float32 else nodata)
        if not there.all():
            valid = np.ones(values.shape, np.bool_) if valid is None else valid
            valid[..., band] = there
    flags = {flag.name for flag in file.mask_flag_enums[0]}
    if "per_dataset" in flags and "alpha" not in flags:  # a mask that lies in the file
        masked = np.broadcast_to(file.read_masks(1, window=window)[..., None] > 0, values.shape)
        valid = masked if valid is None else valid & masked
    return valid
