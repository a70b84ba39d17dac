"""The real pictures that excite a channel, or a class, most, and what of each the most excited cell sees."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from convsight.datasets.examples import Examples
from convsight.errors import UserError, unknown_name
from convsight.inputs import ImageInput, as_image
from convsight.inside.open_network import OpenNetwork, watching
from convsight.inside.run_by_layers import Stop, stop_called, stops_of
from convsight.progress import Listener
from convsight.tasks import reader_of
from convsight.tasks.question import Question, explainable

_BATCH = 16


@final
@dataclass(frozen=True)
class Excited:
    """The picture at `index`, and what excites there: `value`, in the map's cell (row, column), if it is a channel's.

    `box` (left, top, right, bottom) is what that cell sees, in pixels of the original.
    """

    index: int
    value: float
    cell: tuple[int, int] | None = None
    box: tuple[float, float, float, float] | None = None


@final
@dataclass(frozen=True)
class Sought:
    """What shall be excited: a channel of the layer `stop`, or what a `question` about a class asks for."""

    network: OpenNetwork
    words: str
    stop: Stop | None = None
    channel: int = 0
    question: Question | None = None

    def value(self, planes: Tensor) -> Tensor:
        """It, for normalised planes (batch, channels, height, width): of a channel its mean over positions."""
        if self.stop is None:
            assert self.question is not None
            return self.network.asked(planes, self.question)
        return self._maps(planes).mean(dim=(1, 2))

    def _maps(self, planes: Tensor) -> Tensor:
        """The channel's maps (batch, rows, columns)."""
        assert self.stop is not None
        seen: list[Tensor] = []
        with watching(self.network.layer(self.stop.last), seen.append):
            self.network.model(planes)
        maps = seen[self.stop.use - 1]
        return maps[:, self.channel] if self.stop.field.places == (2, 3) else maps[..., self.channel]

    def most(self, examples: Examples, count: int, listener: Listener) -> list[Excited]:
        """The `count` pictures that excite it most, each by its most excited cell; of equals the first."""
        found: list[Excited] = []
        with listener.counting("looking at pictures", len(examples)) as advance:
            for start in range(0, len(examples), _BATCH):
                chosen = np.arange(start, min(start + _BATCH, len(examples)))
                found += self._of_batch(chosen, examples)
                found = sorted(found, key=lambda each: (-each.value, each.index))[:count]
                advance(len(chosen))
        return found

    def _of_batch(self, chosen: NDArray[np.int64], examples: Examples) -> Iterator[Excited]:
        planes = self.network.planes(examples.images.take(chosen))
        with torch.no_grad():
            if self.stop is None:
                for index, value in zip(chosen.tolist(), self.value(planes).tolist(), strict=True):
                    yield Excited(index, value)
                return
            maps = self._maps(planes)
        for index, values in zip(chosen.tolist(), maps, strict=True):
            row, column = divmod(int(values.argmax()), values.shape[1])
            box = self._box((row, column), examples.images.size(index))
            yield Excited(index, float(values[row, column]), (row, column), box)

    def _box(self, cell: tuple[int, int], size: tuple[int, ...]) -> tuple[float, float, float, float]:
        """What a cell sees of an original of `size` (width, height), by the arithmetic of receptive fields."""
        assert self.stop is not None
        spec = as_image(self.network.card.input, "receptive fields")
        rows, columns = self.stop.field.axes
        (top, bottom), (left, right) = rows.reach(cell[0]), columns.reach(cell[1])
        height, width = spec.array_shape[:2]
        inside = np.array([[max(left, 0), max(top, 0), min(right, width), min(bottom, height)]], np.float64)
        found = spec.geometry(size).boxes_back(inside)[0].tolist()
        return found[0], found[1], found[2], found[3]


def sought(network: OpenNetwork, name: str) -> Sought:
    """What `name` means: `layer:channel`, as `features.3:17`, or a class.

    Raises `UserError` for a class, a layer or a channel that does not exist.
    """
    layer, colon, channel = name.rpartition(":")
    classes = network.card.target.names
    if name in classes or not colon:
        if name not in classes:
            raise unknown_name("class", name, classes)
        return Sought(network, name, question=_question(network, name))
    spec = as_image(network.card.input, "layers with maps")
    stop = stop_called(stops_of(network, network.planes(_blank(spec))), layer)
    if not channel.isdigit() or int(channel) >= stop.volume[2]:
        raise UserError(f"--excite {name}: {layer} has the channels 0 to {stop.volume[2] - 1}, not {channel!r}")
    return Sought(network, f"channel {channel} of {layer}", stop, int(channel))


def _question(network: OpenNetwork, name: str) -> Question:
    """The question about a class, whatever the picture; raises `UserError` where it depends on what is found there."""
    reader: Any = explainable(reader_of(network.card))
    try:
        found: Question = reader.question({}, (1, 1), name)
    except (KeyError, IndexError, ValueError) as error:
        raise UserError(
            f"--excite {name}: what is asked of {network.card.task} depends on what is found in a picture; "
            "name a channel: layer:number"
        ) from error
    return found


def _blank(spec: ImageInput) -> NDArray[Any]:
    return np.zeros((1, *spec.array_shape), spec.dtype)
