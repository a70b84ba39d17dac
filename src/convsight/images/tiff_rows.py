"""`TiffRows`: a TIFF of any size of which only the rows that are asked for are decoded."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from convsight.images.bands import Wanted, check_file, opened_tiff, quiet_rasterio, require_rasterio, values_of
from convsight.images.decode import opened
from convsight.images.errors import ImageError
from convsight.images.orientation import UPRIGHT, orientation_of
from convsight.images.regular_file import opened_file
from convsight.images.tiff_header import TiffHeader, tiff_header

_CACHE_MB = 64  # of decoded blocks that GDAL keeps; by default a twentieth of all memory
_GREY, _RGB, _YCBCR = 1, 2, 6
_COLOURS = {_GREY: 1, _RGB: 3, _YCBCR: 3}  # photometric interpretations that are read as colours, and their samples


class RowsWanted(NamedTuple):
    """`bands`, or red, green and blue of 8 bits where there is none; `low` where a file says that there is no value."""

    bands: Wanted | None
    low: float = 0


@final
class TiffRows:
    """An open TIFF of `size` (width, height) in pixels. Not safe in threads."""

    def __init__(self, file: Any, size: tuple[int, int], wanted: RowsWanted, name: str) -> None:
        self._file = file
        self.size = size
        self._wanted = wanted
        self._name = name

    def rows(self, top: int, bottom: int) -> NDArray[Any]:
        """The rows from `top` to `bottom`: (rows, width, channels). Raises `ImageError` where they are damaged."""
        window = quiet_rasterio().windows.Window(0, top, self.size[0], bottom - top)
        try:
            found = values_of(self._file, window).filled(self._wanted.low)
        # On damaged data GDAL reports whatever its parsers run into.
        except Exception as error:
            reason = str(error.__cause__ or error) or type(error).__name__
            raise ImageError(
                f"{self._name}: the rows {top:,} to {bottom:,} cannot be decoded ({reason}): the file is damaged or "
                "cut short; save it again"
            ) from error
        return np.repeat(found, 3, axis=2) if self._wanted.bands is None and found.shape[2] == 1 else found


@contextmanager
def opened_rows(path: Path, wanted: RowsWanted) -> Iterator[TiffRows]:
    """The TIFF at `path` as rows of what is `wanted`; its number of pixels is not limited.

    Raises `ImageError` where it is none, or holds what is not wanted or must be decoded as a whole; `UserError` where
    rasterio is not installed.
    """
    require_rasterio()
    header = tiff_header(path)
    if header is None:
        raise ImageError(f"{path} is no TIFF, or its header is damaged; only TIFF files are read row by row")
    _check(path, header, wanted.bands)
    with ExitStack() as held:
        try:
            file = held.enter_context(opened_tiff(path))
        except quiet_rasterio().errors.RasterioIOError as error:
            reason = f"cannot be opened ({error}): it is damaged, or of a kind that is not known; save it again"
            raise ImageError(f"{path} {reason}") from error
        held.enter_context(quiet_rasterio().Env(GDAL_CACHEMAX=_CACHE_MB))
        check_file(file, header, str(path))
        if header.photometric == _YCBCR and file.compression != file.compression.jpeg:
            raise ImageError(f"{path} holds YCbCr that is not JPEG, and is not read row by row; convert it to RGB")
        yield TiffRows(file, (header.width, header.height), wanted, str(path))


def _check(path: Path, header: TiffHeader, bands: Wanted | None) -> None:
    if bands is not None:
        if not bands.takes(header):
            raise ImageError(f"{path} holds {header.words}; expected {bands.bands} of {bands.dtype}")
        return
    if header.dtype != "uint8" or _COLOURS.get(header.photometric) != header.samples:
        raise ImageError(
            f"{path} holds {header.words} that are not grey or red, green and blue of 8 bits alone, and only such "
            "pictures are read row by row; convert it: gdal_translate -b 1 -b 2 -b 3 -co TILED=YES"
        )
    if _orientation(path) != UPRIGHT:
        raise ImageError(f"{path} is turned by its metadata, and is not read row by row; save it upright")


def _orientation(path: Path) -> int:
    try:
        with opened_file(path) as stream:
            return orientation_of(opened(stream, str(path)))
    except ImageError:  # whoever decodes it says what is wrong
        return UPRIGHT
