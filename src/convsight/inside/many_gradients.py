"""Gradients of many variants of one picture, in memory that does not grow with their number."""

from collections.abc import Iterable, Iterator
from itertools import islice

import torch
from torch import Tensor

from convsight.explain.subject import Subject
from convsight.inside.open_network import OpenNetwork

_MOST_PIXELS = 400_000  # of the pictures that are followed back at once: the maps of every layer are kept for each
_MOST_PICTURES = 32


def many_gradients(network: OpenNetwork, subject: Subject, variants: Iterable[Tensor], total: int) -> Iterator[Tensor]:
    """How the asked number changes with each of `variants` (channels, rows, columns), in order, made when needed.

    The listener of `subject` is told how many of the `total` are done.
    """
    left = iter(variants)
    with subject.listener.counting("varied pictures", total) as advance:
        for first in left:
            at_once = max(1, min(_MOST_PICTURES, _MOST_PIXELS // first[0].numel()))
            planes = torch.stack([first, *islice(left, at_once - 1)]).contiguous(memory_format=torch.channels_last)
            yield from network.gradient(planes.requires_grad_(), subject.question)
            advance(len(planes))
