"""Data in any of the field's formats, read into one validated `Dataset`."""

from typing import TYPE_CHECKING, Any

from convsight.datasets.dataset import UNSPLIT, Dataset, Split
from convsight.datasets.decoded import Unreadable
from convsight.datasets.examples import Examples
from convsight.datasets.fingerprint import fingerprint
from convsight.datasets.image_store import ImageStore
from convsight.datasets.splits import cut_splits
from convsight.datasets.stored_splits import apply_splits_csv, splits_csv

if TYPE_CHECKING:
    from convsight.datasets.read import FORMATS, read_as_it_is, read_dataset, read_for

_READING = ("FORMATS", "read_as_it_is", "read_dataset", "read_for")


def __getattr__(name: str) -> Any:
    """What reads data, imported when it is asked for: the forty modules of the formats cost a prediction 0.1 s."""
    if name not in _READING:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from convsight.datasets import read  # noqa: PLC0415

    return getattr(read, name)


__all__ = [
    "FORMATS",
    "UNSPLIT",
    "Dataset",
    "Examples",
    "ImageStore",
    "Split",
    "Unreadable",
    "apply_splits_csv",
    "cut_splits",
    "fingerprint",
    "read_as_it_is",
    "read_dataset",
    "read_for",
    "splits_csv",
]
