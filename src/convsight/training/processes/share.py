"""`Share`: which rows of a batch a process computes, and what they count in its mean."""

from typing import NamedTuple

from convsight.augmentation import Batch


class Share(NamedTuple):
    """The rows from `start` to `end` of a batch of `whole` examples; `copies` processes compute the same ones.

    >>> share_of(5, 1, 2), share_of(5, 1, 2).weight
    (Share(start=3, end=5, whole=5, copies=1), 0.4)
    """

    start: int
    end: int
    whole: int
    copies: int = 1

    @property
    def rows(self) -> slice:
        """The rows, to index with."""
        return slice(self.start, self.end)

    @property
    def counted(self) -> float:
        """How many examples of the whole batch these rows stand for."""
        own = self.end - self.start
        return own if self.copies == 1 else own / self.copies

    @property
    def weight(self) -> float:
        """What their mean counts in the mean over the whole batch; of all processes together 1."""
        return self.counted / self.whole


def share_of(whole: int, rank: int, processes: int) -> Share:
    """The share of process `rank`: shares differ by one row at most.

    Of a batch with fewer examples than processes all compute the same, each for its part: nothing learns from none.
    """
    if whole < processes:
        return Share(0, whole, whole, processes)
    each, more = divmod(whole, processes)
    start = rank * each + min(rank, more)
    return Share(start, start + each + (rank < more), whole)


def own_rows(batch: Batch, share: Share) -> Batch:
    """The rows of `share` of a whole `batch`."""
    inputs, targets = (
        {name: values[share.rows] for name, values in each.items()} for each in (batch.inputs, batch.targets)
    )
    return Batch(inputs, targets)
