"""A network without weights: how probable `bright` is, is how bright the picture is that it sees."""

from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from convsight.card import Card
from convsight.inputs import ImageInput
from convsight.runtime.engine import Engine
from convsight.runtime.model import Model
from convsight.targets import Classes


@final
class BrightEngine(Engine):
    """The mean of all pixels as a share of white, of which a hidden window takes its own part away."""

    name, precision, streams = "hand", "float32", 1

    def run(self, inputs: NDArray[Any]) -> dict[str, NDArray[Any]]:
        bright = inputs.mean(axis=(1, 2, 3)) / 255
        return {"probabilities": np.stack([1 - bright, bright], axis=1)}


def bright_model(side: int = 16, **choices: Any) -> Model:
    """Such a network, which sees `side` x `side` pixels; `choices` are those of `ImageInput`."""
    usual: dict[str, Any] = {"channels": 3, "mean": (0.0,) * 3, "std": (1.0,) * 3}
    spec = ImageInput(height=side, width=side, **(usual | choices))
    card = Card(task="classification", net="small", target=Classes(names=("dark", "bright")), input=spec)
    return Model(card, BrightEngine())
