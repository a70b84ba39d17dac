"""The maps of every layer for one picture, from low to high level, small enough to be kept and shown."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from convsight.errors import UserError, unknown_name
from convsight.inside.open_network import OpenNetwork
from convsight.inside.run_by_layers import Stop, run_by_layers
from convsight.spread import evenly

SIDE = 56  # cells, at most, of a map that is kept
MOST_LAYERS = 80  # on a sheet


@final
@dataclass(frozen=True, eq=False)
class LayerMaps:
    """The strongest maps of a layer: `maps` (count, rows, columns) are those of `channels`, the strongest first.

    Strong is a large mean of absolute values. Maps with more than 56 rows or columns are means over cells; `lows` and
    `highs` are the smallest and largest value of each before that.
    """

    stop: Stop
    channels: tuple[int, ...]
    maps: NDArray[np.float32]
    lows: tuple[float, ...]
    highs: tuple[float, ...]

    def to_json(self) -> dict[str, Any]:
        """What the layer is, and which channels are shown, with their ranges."""
        rows, columns, channels = self.stop.volume
        return {
            "name": self.stop.name,
            "modules": list(self.stop.names),
            "kinds": list(self.stop.kinds),
            "volume": {"rows": rows, "columns": columns, "channels": channels},
            "receptive_field": self.stop.field.text,
            "jump": self.stop.field.jump_text,
            "shown": [
                {"channel": channel, "low": low, "high": high}
                for channel, low, high in zip(self.channels, self.lows, self.highs, strict=True)
            ],
        }


def feature_maps(
    network: OpenNetwork, array: NDArray[Any], channels: int = 12, layer: str | None = None
) -> list[LayerMaps]:
    """The `channels` strongest maps of each layer with maps, or of those whose name begins with `layer`.

    They are of one picture, `array` (height, width, channels) as the network's input is loaded. Where there are more
    than 80 layers, so many that are evenly spread. Memory is that of one run and of what is kept. Raises `UserError`
    where no layer has maps, or none is called so.
    """
    planes = network.planes(array[None])
    kept: dict[int, LayerMaps] = {}

    def see(position: int, stop: Stop, maps: Tensor) -> None:
        if layer is None or any(each == layer or each.startswith(f"{layer}.") for each in stop.names):
            kept[position] = _strongest(stop, maps[0].float(), channels)

    stops = run_by_layers(network, planes, see)
    if not stops:
        raise UserError(f"{network.card.net}: no layer has maps")
    if not kept:
        parts = [name.split(".") for stop in stops for name in stop.names]
        known = {".".join(each[:length]) for each in parts for length in range(1, len(each) + 1)}
        raise unknown_name("layer", layer or "", known)
    found = [kept[position] for position in sorted(kept)]
    return [found[index] for index in evenly(len(found), MOST_LAYERS)]


def _strongest(stop: Stop, maps: Tensor, count: int) -> LayerMaps:
    """Those of `maps` (channels, rows, columns) with the largest mean of absolute values; of equals the first."""
    strength = maps.abs().mean(dim=(1, 2))
    chosen = torch.sort(strength, descending=True, stable=True).indices[:count]
    those = maps[chosen]
    sides = (min(SIDE, maps.shape[1]), min(SIDE, maps.shape[2]))
    small = F.adaptive_avg_pool2d(those, sides) if sides != tuple(maps.shape[1:]) else those.clone()
    lows, highs = those.amin(dim=(1, 2)).tolist(), those.amax(dim=(1, 2)).tolist()
    return LayerMaps(stop, tuple(chosen.tolist()), small.numpy(), tuple(lows), tuple(highs))
