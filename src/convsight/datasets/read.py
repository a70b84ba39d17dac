"""From a path (or the name `digits`) to a `Dataset`: which reader knows the format."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from convsight.datasets.classes import align_classes, check_classes
from convsight.datasets.dataset import Dataset
from convsight.datasets.digits import is_digits, read_digits
from convsight.datasets.folders import read_folders
from convsight.datasets.idx import is_idx, read_idx
from convsight.datasets.known_sets import is_known_set, read_known_set
from convsight.datasets.npz import is_npz, read_npz
from convsight.datasets.table import is_table, read_table
from convsight.errors import UserError


class Format(NamedTuple):
    """A data format: what a message calls it, which paths are of it, and how one is read."""

    name: str
    recognises: Callable[[Path], bool]
    reads: Callable[[Path], Dataset]


# The first that recognises a path reads it; any folder may be one of class folders, so these come last.
FORMATS = (
    Format("the name 'digits'", is_digits, read_digits),
    Format("the name of a known data set, such as 'fashion-mnist'", is_known_set, read_known_set),
    Format("a folder of IDX files", is_idx, read_idx),
    Format("an .npz archive", is_npz, read_npz),
    Format("a .csv, .tsv or .parquet table", is_table, read_table),
    Format("a folder of class folders", Path.is_dir, read_folders),
)


def read_dataset(source: str | Path, *, classes: tuple[str, ...] | None = None) -> Dataset:
    """The data at `source`, in any format of `FORMATS`, fit to train on.

    With `classes` (those of a trained network) the data is for judging it: its labels become indices of
    `classes`, matched by name, and some of these may be absent.

    Raises `UserError` for a missing path, an unknown format, damaged data, no pictures, one class only, an
    empty class or split, or a class that cannot be learnt or is unknown.
    """
    path = Path(source)
    known = ", ".join(each.name for each in FORMATS)
    try:
        found = next((each for each in FORMATS if each.recognises(path)), None)
        if not str(source) or (found is None and not path.exists()):
            raise UserError(f"no such file or folder: {str(source)!r}; expected {known}")
    except OSError as error:
        raise UserError(f"cannot read {str(source)!r}: {error.strerror}") from error
    if found is None:
        raise UserError(f"{path} is of no known data format; expected {known}")
    dataset = found.reads(path)
    return check_classes(dataset) if classes is None else align_classes(dataset, classes)
