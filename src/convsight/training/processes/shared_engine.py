"""Judging in several processes: each runs the network on its rows of a batch, and all have all answers."""

from collections.abc import Callable
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from convsight.runtime.engine import Engine
from convsight.training.processes.share import share_of


@final
class SharedEngine(Engine):
    """Runs `engine`, each process on its share of what all of them are given; `gather` puts (...) to (processes, ...).

    Metrics are then computed from all examples in their order, exactly as in one process, however uneven shares are.
    """

    def __init__(self, engine: Engine, rank: int, processes: int, gather: Callable[[Tensor], Tensor]) -> None:
        self.engine = engine
        self.name, self.precision, self.processor = engine.name, engine.precision, engine.processor
        self.streams = 1
        self._rank = rank
        self._processes = processes
        self._gather = gather

    def run(self, inputs: NDArray[Any]) -> dict[str, NDArray[Any]]:
        shares = [share_of(len(inputs), rank, self._processes) for rank in range(self._processes)]
        found = self.engine.run(inputs[shares[self._rank].rows])
        if shares[0].copies > 1:  # fewer than there are processes: each has run all of them
            return found
        counts = [share.end - share.start for share in shares]
        return {name: self._all_rows(found[name], counts) for name in sorted(found)}

    def _all_rows(self, own: NDArray[Any], counts: list[int]) -> NDArray[Any]:
        padded = np.zeros((max(counts), *own.shape[1:]), own.dtype)
        padded[: len(own)] = own
        everybody = self._gather(torch.from_numpy(padded)).numpy()
        return np.concatenate([rows[:count] for rows, count in zip(everybody, counts, strict=True)])
