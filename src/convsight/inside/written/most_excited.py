"""`Search`: the pictures that excite each channel of a layer most, found a few pictures at a time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from convsight.inside.open_network import OpenNetwork
from convsight.inside.written.shown_layers import ShownLayer
from convsight.inside.written.steps import run_steps

MOST = 6  # pictures of a channel


@dataclass(frozen=True)
class Excited:
    """The picture at `index`, and the largest `value` of the channel there, in the cell (row, column)."""

    index: int
    value: float
    cell: tuple[int, int]


@final
class Search:
    """Looks through pictures for all channels of `layer` at once; `load` gives the array of the picture at an index."""

    def __init__(self, network: OpenNetwork, layer: ShownLayer, load: Callable[[int], NDArray[Any] | None]) -> None:
        self._network, self._layer, self._load = network, layer, load
        self.looked_at = 0
        channels = layer.volume[-1]
        self._values = torch.empty(0, channels)
        self._where = torch.empty(0, channels, 2, dtype=torch.int64)  # the picture, and the cell

    def look_at(self, indices: Sequence[int]) -> None:
        """Take in the next pictures; those that cannot be read are passed over."""
        found = [(index, array) for index in indices if (array := self._load(index)) is not None]
        self.looked_at += len(indices)
        if not found:
            return
        maps = self._maps(np.stack([array for _, array in found])).flatten(2)
        values, cells = maps.max(dim=2)
        pictures = torch.tensor([index for index, _ in found])[:, None].expand_as(cells)
        self._values = torch.cat([self._values, values])
        self._where = torch.cat([self._where, torch.stack([pictures, cells], dim=2)])
        # A stable sort, so that of equals the first picture stays first.
        order = torch.sort(self._values, dim=0, descending=True, stable=True).indices[:MOST]
        self._values = self._values.gather(0, order)
        self._where = self._where.gather(0, order[:, :, None].expand(-1, -1, 2))

    def most(self, channel: int) -> list[Excited]:
        """Those that excite `channel` most so far, the strongest first."""
        columns = self._layer.volume[1] if len(self._layer.volume) == 3 else 1
        return [
            Excited(picture, value, divmod(cell, columns))
            for value, (picture, cell) in zip(
                self._values[:, channel].tolist(), self._where[:, channel].tolist(), strict=True
            )
        ]

    def _maps(self, arrays: NDArray[Any]) -> Tensor:
        """(batch, channels, rows, columns) of the layer."""
        seen: list[Tensor] = []
        last = self._layer.steps[-1]
        run_steps(
            self._network.model, self._network.planes(arrays), lambda call: seen.append(call.result), {last.index}
        )
        result = seen[0]
        if result.dim() == 4:
            return result.permute(0, 3, 1, 2) if last.channels_last else result
        return result[:, :, None, None]
