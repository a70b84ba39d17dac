"""What a loss is divided by, where that is no number of images: of the whole batch, not of one process' share of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from torch import Tensor

_ADD: ContextVar[Callable[[Tensor], object] | None] = ContextVar("add", default=None)


def of_whole_batch(total: Tensor, images: int, least: float = 0.0) -> Tensor:
    """What to divide a sum over `images` by, so that the mean over all shares of a batch is that of the whole batch.

    `total` is what the sum would be divided by if these images were all: how many boxes there are, say. Where several
    processes share a batch, it is the sum of all totals, times the share that these images are; at `least` 1, say,
    where nothing could be divided by less. In one process it is `total`.

    >>> import torch
    >>> float(of_whole_batch(torch.tensor(0.2), images=4, least=1.0))
    1.0
    """
    add = _ADD.get()
    if add is None:
        return total.clamp(min=least)
    sums = total.detach().new_tensor([float(total.detach()), images])
    add(sums)
    return sums[0].clamp(min=least) * (images / sums[1])


@contextmanager
def adding(add: Callable[[Tensor], object]) -> Iterator[None]:
    """Within it, batches are shared by processes; `add` replaces a tensor by its sum over all of them."""
    before = _ADD.set(add)
    try:
        yield
    finally:
        _ADD.reset(before)
