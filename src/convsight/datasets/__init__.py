"""Data in any of the field's formats, read into one validated `Dataset`."""

from convsight.datasets.dataset import UNSPLIT, Dataset, Split
from convsight.datasets.examples import Examples
from convsight.datasets.fingerprint import fingerprint
from convsight.datasets.image_store import ImageStore, Unreadable
from convsight.datasets.read import FORMATS, read_as_it_is, read_dataset, read_for
from convsight.datasets.splits import cut_splits
from convsight.datasets.stored_splits import apply_splits_csv, splits_csv

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
