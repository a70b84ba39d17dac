"""Which bands the TIFF files of a data set hold, and the range of their values: one for the whole data set."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.dataset import Images
from convsight.datasets.threads import map_in_threads
from convsight.errors import UserError
from convsight.images import Bands, BandsWanted, ImageError, read_bands, require_rasterio, shown_bands, tiff_header
from convsight.inputs import measured_range
from convsight.spread import evenly

_HEADERS = 200  # files looked at for whether they hold bands, and which
_MEASURED = 1000  # files whose values decide
_VALUES = 10_000  # of each that does
_READERS = 4  # threads
_OUTSIDE = 0.001  # of floating point values lie below the range, and above it
_WHOLE: dict[str, np.dtype[Any]] = {"uint8": np.dtype(np.uint8), "uint16": np.dtype(np.uint16)}


class BandsFound(NamedTuple):
    """So many bands, the `range` as `Levels` takes it, and the share of values that say nothing.

    `shown` are the bands that the files call red, green and blue, None where they name none.
    """

    channels: int
    range: dict[str, float]
    missing: float
    shown: tuple[int, int, int] | None


def measured_bands(images: Images, *, all_samples: bool = False) -> BandsFound | None:
    """What the files in `images` hold; None where most are pictures in grey or colours, arrays, or no TIFF.

    Files hold bands by `TiffHeader.is_banded`, with `all_samples` all TIFF files do. What most of 200 files hold
    decides, evenly chosen, the range is measured on up to 1,000. Of floating point it leaves out a thousandth of the
    values at either end, since single ones may be anything; of all types what is nodata or no number.

    Raises `UserError` where rasterio is not installed, or where no file is a TIFF, and `all_samples` are wanted.
    """
    if isinstance(images, np.ndarray):
        return None
    files = [file for file in (images[row] for row in evenly(len(images), _HEADERS)) if isinstance(file, Path)]
    headers = [header for header in map_in_threads(tiff_header, files, _READERS) if header]
    if all_samples and not headers:
        raise UserError("--colour bands goes with TIFF files, of which there is none; leave it out")
    banded = [header for header in headers if all_samples or header.is_banded]
    if not banded or 2 * len(banded) < len(files):
        return None
    count, dtype = Counter((each.samples, each.dtype) for each in banded).most_common(1)[0][0]
    if dtype == "uint8" and count in {1, 3}:
        return None
    require_rasterio()
    wanted = BandsWanted(count, _WHOLE.get(dtype, np.dtype(np.float32)))
    chosen = [file for file in (images[row] for row in evenly(len(images), _MEASURED)) if isinstance(file, Path)]
    return _measured(chosen, wanted)


def _measured(files: Sequence[Path], wanted: BandsWanted) -> BandsFound:
    def look(file: Path) -> tuple[NDArray[Any], float] | None:
        try:
            bands = read_bands(file, str(file), wanted=wanted)
        except ImageError:  # told of when all are read
            return None
        return _some(bands), bands.missing

    found = [each for each in map_in_threads(look, files, _READERS) if each]
    values = np.concatenate([values for values, _ in found]) if found else np.zeros(1, wanted.dtype)
    if wanted.dtype.kind == "f" and len(values):
        values = np.quantile(values, [_OUTSIDE, 1 - _OUTSIDE]).astype(np.float32)
    share = float(np.mean([missing for _, missing in found])) if found else 0.0
    measured = measured_range(values if len(values) else np.zeros(1, wanted.dtype))
    return BandsFound(wanted.bands, measured, share, shown_bands(files[0]) if wanted.bands > 3 else None)


def _some(bands: Bands) -> NDArray[Any]:
    """Values of a file that say something: of whole numbers the largest, which decides, else some of all places."""
    values = bands.values.reshape(-1) if bands.valid is None else bands.values[bands.valid]
    if values.dtype.kind == "u":
        return values.max(keepdims=True) if len(values) else values
    return values[evenly(len(values), _VALUES)]
