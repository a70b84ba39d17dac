"""The scanned digits that come with scikit-learn: data without a download."""

from importlib import import_module
from pathlib import Path

import numpy as np

from convsight.datasets.dataset import UNSPLIT, Dataset, Split
from convsight.datasets.names import numbered_names
from convsight.errors import UserError
from convsight.results import Labels
from convsight.targets import Classes

NAME = "digits"
_CLASSES = tuple("0123456789")


def is_digits(path: Path) -> bool:
    """Whether the name `digits` was given and nothing of that name is there."""
    return path == Path(NAME) and not path.exists()


def read_digits(path: Path = Path(NAME)) -> Dataset:
    """1,797 scans of hand-written digits, 8 x 8 grey, in one uncut split.

    Source: Alpaydin and Kaynak, "Optical Recognition of Handwritten Digits", UCI, 1998. The ink of a
    pixel, 0 to 16, is stretched to 0..255.

    Raises `UserError` where scikit-learn is not installed.
    """
    try:
        # By name, so that the light half does not depend on scikit-learn.
        bundled = import_module("sklearn.datasets").load_digits()
    except ImportError as error:
        raise UserError(
            'the data "digits" comes with scikit-learn; pip install ".[train]" in the clone of convsight'
        ) from error
    images = np.round(bundled.images * (255 / 16)).astype(np.uint8)
    targets = Labels(bundled.target, _CLASSES)
    split = Split(UNSPLIT, images, targets, numbered_names(UNSPLIT, len(images)))
    return Dataset(str(path), str(path), "classification", Classes(names=_CLASSES), {UNSPLIT: split})
