"""Images that can be read, but may not be what somebody meant: not whole, or of fewer bits than their type has."""

from collections.abc import Iterator

from convsight.datasets.audit.image_index import ImageIndex
from convsight.datasets.finding import Entry, Finding
from convsight.images import fitting_range
from convsight.words import counted


def find_doubtful(index: ImageIndex) -> Iterator[Finding]:
    """Images with something wrong that does not keep them from being read: training and prediction take them, too."""
    if index.remarks:
        entries = tuple(Entry((index.names[row],), remark) for row, remark in sorted(index.remarks.items()))
        words = f"{counted(len(entries), 'image')} can be read, but not as they should be: look at them"
        yield Finding("damaged", "suspicion", words, entries)


def find_few_bits(index: ImageIndex) -> Iterator[Finding]:
    """Images of more than 8 bits that use a part of their type's range: which part becomes black to white."""
    extents = list(index.extents.values())
    used = fitting_range(extents)
    if used is None or used == max((each.whole for each in extents), key=lambda whole: whole.high - whole.low):
        return
    rows = sorted(index.extents.items())
    entries = tuple(Entry((index.names[row],), f"{extent.low:,} to {extent.high:,}") for row, extent in rows)
    low, high = min(each.low for each in extents), max(each.high for each in extents)
    words = (
        f"{counted(len(entries), 'image')} of more than 8 bits with values from {low:,} to {high:,} only: a training "
        f"takes {used.low:,} to {used.high:,} for black to white"
    )
    yield Finding("few-bits", "remark", words, entries)
