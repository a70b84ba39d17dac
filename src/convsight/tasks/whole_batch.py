"""What a loss is divided by, where that is no number of images: of the whole batch, not of one process' share of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import torch
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


def sums_of_whole_batch(sums: Tensor, images: int) -> Tensor:
    """`sums` over `images`, in several processes over all that share the batch, for a loss that is no mean of images.

    The mean of that loss over all shares of the batch, and its gradient, are then those of the whole batch.

    >>> import torch
    >>> with adding(lambda values: values.mul_(2)):  # as if another process had the same
    ...     sums_of_whole_batch(torch.tensor([3.0, 1.0]), images=4)
    tensor([6., 2.])
    """
    add = _ADD.get()
    if add is None:
        return sums
    whole = torch.cat([sums.detach().flatten(), sums.new_tensor([float(images)])])
    add(whole)
    # The loss will count as the share of these images; its gradient shall be that of all of it.
    own = sums * (whole[-1] / images)
    return own + (whole[:-1].view_as(sums) - own).detach()


@contextmanager
def adding(add: Callable[[Tensor], object]) -> Iterator[None]:
    """Within it, batches are shared by processes; `add` replaces a tensor by its sum over all of them."""
    before = _ADD.set(add)
    try:
        yield
    finally:
        _ADD.reset(before)
