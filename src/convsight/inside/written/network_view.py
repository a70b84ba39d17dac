"""`NetworkView`: what a page is told of a network at work on a picture: its layers, their maps, a cell written out."""

import io
import math
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from convsight.errors import UserError, unknown_name
from convsight.inside.open_network import OpenNetwork
from convsight.inside.written.cell import written_cell
from convsight.inside.written.filters import filter_of, weights_alone
from convsight.inside.written.most_excited import Search
from convsight.inside.written.reach import Box, Reach, back_of
from convsight.inside.written.shown_layers import ShownLayer, layers_of_steps, sees_picture
from convsight.inside.written.steps import Call, run_steps

_MOST_CELLS = 2**20  # of the maps that are sent together
_MOST_MAPS = 12
_MOST_VALUES = 24  # of a vector


@final
@dataclass(frozen=True, eq=False)
class OpenLayer:
    """A layer while it is looked at: what went into and came out of its steps, for one picture."""

    layer: ShownLayer
    calls: tuple[Call, ...]

    @property
    def size(self) -> int:
        """Bytes that are held; weights count too, though they are the network's own."""
        return sum(call.size for call in self.calls)

    def maps(self, channel: int | None = None) -> dict[str, Any]:
        """The strongest maps (the largest means of absolute values), and `channel`, as one PNG picture of tiles.

        Each has a scale of its own, black its smallest value and white its largest. Of a vector, the strongest values.
        Raises `UserError` where there is no such channel.
        """
        volume = self.layer.volume
        told = {"name": self.layer.name, "kinds": list(self.layer.kinds), "volume": list(volume)}
        values = _as_maps(self.calls[-1])
        if channel is not None:
            _check("channel", channel, len(values))
        if len(volume) == 1:
            numbers = values[:, 0, 0]
            shown = _strongest(numbers.abs(), _MOST_VALUES, channel)
            return told | {"shown": [{"channel": n, "value": _finite(float(numbers[n]))} for n in shown]}
        rows, columns, _ = volume
        count = max(1, min(_MOST_MAPS, _MOST_CELLS // (rows * columns)))
        shown = _strongest(values.abs().mean(dim=(1, 2)), count, channel)
        those = values[shown].numpy()
        lows, highs = those.min(axis=(1, 2)).tolist(), those.max(axis=(1, 2)).tolist()
        return told | {
            "shown": [
                {"channel": n, "low": _finite(low), "high": _finite(high)}
                for n, low, high in zip(shown, lows, highs, strict=True)
            ],
            "sprite": _png(np.concatenate([_grey(each) for each in those])),
        }

    def cell(self, channel: int, row: int, column: int) -> dict[str, Any]:
        """The cell written out; raises `UserError` where there is none."""
        volume = self.layer.volume
        rows, columns, channels = volume if len(volume) == 3 else (1, 1, volume[0])
        for name, at, count in (("channel", channel, channels), ("row", row, rows), ("column", column, columns)):
            _check(name, at, count)
        steps = written_cell(self.layer, self.calls, channel, row, column)
        told = {
            "layer": self.layer.name,
            "channel": channel,
            "row": row,
            "column": column,
            "value": steps[-1].value,
            "steps": [step.to_json() for step in steps],
        }
        found: dict[str, Any] = _finite(told)
        return found


@final
class NetworkView:
    """Looks into `network`, in float32 as it was trained, each operation by itself."""

    def __init__(self, network: OpenNetwork) -> None:
        self._network = network
        spec: Any = network.card.input
        blank = np.zeros((1, *spec.array_shape), spec.dtype)
        self._layers = layers_of_steps(run_steps(network.model, network.planes(blank), lambda _: None, ()))
        if not self._layers:
            raise UserError(f"{network.card.net} does nothing that could be shown to one picture")

    @cached_property
    def _anatomy(self) -> tuple[Reach, dict[int, Call]]:
        """How far each step sees, and the first call of every layer, whose weights are the network's own."""
        spec: Any = self._network.card.input
        blank = np.zeros((1, *spec.array_shape), spec.dtype)
        back, firsts = {}, {}
        wanted = {layer.steps[0].index for layer in self._layers}

        def see(call: Call) -> None:
            if (way := back_of(call)) is not None:
                back[call.step.index] = way
            if call.step.index in wanted:
                firsts[call.step.index] = weights_alone(call)

        steps = run_steps(self._network.model, self._network.planes(blank), see)
        return Reach(steps, back, (spec.height, spec.width)), firsts

    def filter(self, name: str, channel: int) -> dict[str, Any]:
        """What a channel of the layer called `name` looks for: its weights; see `filter_of`.

        Raises `UserError` where there is no such layer or channel.
        """
        layer = self._layer(name)
        _check("channel", channel, layer.volume[-1])
        reach, firsts = self._anatomy
        return filter_of(firsts[layer.steps[0].index], channel, sees_picture(reach.steps, layer.steps[0]))

    def search(self, name: str, load: Callable[[int], NDArray[Any] | None]) -> Search:
        """A search for the pictures that excite the channels of the layer called `name` most.

        Raises `UserError` where there is none such, or it has rows of numbers and no channels.
        """
        layer = self._layer(name)
        if len(layer.steps[-1].shape) == 3:
            raise UserError(f"{name} has rows of numbers, and no channels that pictures could excite")
        return Search(self._network, layer, load)

    def box(self, name: str, row: int, column: int) -> Box:
        """The rows and columns of the picture that a cell of the layer called `name` sees."""
        return self._anatomy[0].box(self._layer(name).steps[-1].index, row, column)

    @property
    def layers(self) -> Sequence[ShownLayer]:
        """All of them, low to high level."""
        return self._layers

    @property
    def parameters(self) -> int:
        """How many numbers were learnt."""
        return sum(each.numel() for each in self._network.model.parameters())

    @property
    def normalises(self) -> bool:
        """Whether a batch normalisation follows a convolution."""
        return any("batch normalisation" in each.kinds[1:] for each in self._layers)

    def to_json(self) -> list[dict[str, Any]]:
        """The layers by name, what is done in each, and the volume that comes out."""
        return [{"name": each.name, "kinds": list(each.kinds), "volume": list(each.volume)} for each in self._layers]

    def open(self, array: NDArray[Any], name: str) -> OpenLayer:
        """The layer called `name` at work on a loaded picture (height, width, channels).

        Raises `UserError` with the nearest names where there is none. The network runs as far as that layer.
        """
        layer = self._layer(name)
        calls: list[Call] = []
        run_steps(self._network.model, self._network.planes(array[None]), calls.append, layer.wanted)
        return OpenLayer(layer, tuple(calls))

    def _layer(self, name: str) -> ShownLayer:
        layer = next((each for each in self._layers if each.name == name), None)
        if layer is None:
            raise unknown_name("layer", name, [each.name for each in self._layers])
        return layer


def _as_maps(call: Call) -> Tensor:
    """(channels, rows, columns) of a result (1, ...)."""
    result = call.result
    if result.dim() == 4:
        return result[0].permute(2, 0, 1) if call.step.channels_last else result[0]
    return result if result.dim() == 3 else result[0][:, None, None]


def _strongest(strength: Tensor, count: int, channel: int | None) -> list[int]:
    order: list[int] = torch.sort(strength, descending=True, stable=True).indices.tolist()
    shown = order[:count]
    return shown if channel is None or channel in shown else [*shown[: count - 1], channel]


def _grey(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    low, high = float(values.min()), float(values.max())
    if not 0 < high - low < math.inf:
        return np.full(values.shape, 128, np.uint8)
    return np.rint(255 * (values.astype(np.float64) - low) / (high - low)).astype(np.uint8)


def _png(levels: NDArray[np.uint8]) -> str:
    file = io.BytesIO()
    Image.fromarray(levels).save(file, "PNG", compress_level=1)
    return b64encode(file.getvalue()).decode()


def _finite(value: Any) -> Any:
    """`value` with None in the place of numbers that JSON does not have, as the padding of a max pooling is."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [_finite(each) for each in value]
    return {name: _finite(each) for name, each in value.items()} if isinstance(value, dict) else value


def _check(name: str, at: int, count: int) -> None:
    if not 0 <= at < count:
        raise UserError(f"no {name} {at}: counted from 0 there are {count}")
