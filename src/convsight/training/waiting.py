"""How long training steps wait for their batches, and what would help where that is much."""

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar, final

from convsight.datasets.image_store import Kept
from convsight.run import Row

Item = TypeVar("Item")

COLUMN = "waited"  # of metrics.csv: the share of an epoch's steps that was waiting
MUCH = 0.05
SECONDS = 1.0  # of waiting in all, under which nothing is worth a word


@final
class Waiting:
    """The seconds that an epoch's steps waited."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds

    def over(self, items: Iterable[Item]) -> Iterator[Item]:
        """The `items`; the time until each is there counts.

        >>> waiting = Waiting()
        >>> list(waiting.over([1, 2])), waiting.seconds < 1
        ([1, 2], True)
        """
        ahead = iter(items)
        while True:
            began = time.monotonic()
            try:
                item = next(ahead)
            except StopIteration:
                return
            finally:
                self.seconds += time.monotonic() - began
            yield item


def waited_share(rows: Sequence[Row]) -> float | None:
    """The share of step time that was waiting, after the first epoch where there are more; None where none is told.

    >>> waited_share([{"epoch": 1, "waited": 0.5}, {"epoch": 2, "waited": 0.02}, {"epoch": 3, "waited": 0.04}])
    0.03
    """
    told = [row[COLUMN] for row in rows if COLUMN in row and row["epoch"] > 0]  # before the first none was made
    counted = told[1:] or told
    return round(sum(counted) / len(counted), 4) if counted else None


def advice_on_waiting(rows: Sequence[Row], kept: Kept, workers: int) -> str | None:
    """A note where steps waited much for images that are `kept` somewhere and read by so many threads.

    >>> advice_on_waiting([{"epoch": 1, "seconds": 60, "waited": 0.5}], "memory", 2)
    'note: steps waited 50 % of their time for images: more threads may read them, --workers 4'
    """
    share = waited_share(rows)
    if share is None or share < MUCH or share * rows[-1]["seconds"] < SECONDS:
        return None
    what = f"more threads may read them, --workers {max(1, 2 * workers)}"
    if kept == "nowhere":
        what = f"they are decoded in every epoch; memory, or a disk with room (TMPDIR), would spare that; else {what}"
    elif kept == "disk":
        what = f"they are read from a disk; a faster one (TMPDIR) or more memory would help, else {what}"
    return f"note: steps waited {100 * share:.0f} % of their time for images: {what}"
