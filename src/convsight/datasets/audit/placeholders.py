"""Images that show little but one brightness where others of their class do not, such as "image not found"."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.audit.image_index import ImageIndex
from convsight.datasets.dataset import Dataset
from convsight.datasets.finding import Entry, Finding
from convsight.words import counted

_PLAIN = 0.6  # share of pixels of one brightness, give or take one: photos with much sky have less
_MORE = 0.4  # than the median of the class: where all stand before a plain ground, none is unlike the others
_FEWEST = 8  # images of a class whose median says something; those of smaller ones are held against all images


def find_placeholders(dataset: Dataset, index: ImageIndex) -> Iterator[Finding]:
    """Images of which far more is plain than is usual in their class."""
    rows = index.readable
    if not len(rows):
        return
    strata = np.concatenate([split.targets.strata() for split in dataset.splits.values()])[rows]
    plain = index.plain[rows]
    usual = _medians(plain, strata)
    odd = (plain >= _PLAIN) & (plain >= usual + _MORE) & ~index.uniform[rows]
    if odd.any():
        entries = tuple(
            Entry((index.names[row],), f"{share:.0%} of it has one brightness, {median:.0%} is usual there")
            for row, share, median in zip(rows[odd].tolist(), plain[odd], usual[odd], strict=True)
        )
        words = f"{counted(len(entries), 'image')} far plainer than others of their class: placeholders, perhaps"
        yield Finding("placeholders", "suspicion", words, entries)


def _medians(plain: NDArray[np.float64], strata: NDArray[np.int64]) -> NDArray[np.float64]:
    """The median of the class of each image."""
    usual = np.full(len(plain), np.median(plain))
    for stratum in np.unique(strata):
        members = strata == stratum
        if members.sum() >= _FEWEST:
            usual[members] = np.median(plain[members])
    return usual
