"""Subjects whose network is a function of pictures, so that a test knows the right map."""

from collections.abc import Callable
from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convsight.errors import UserError
from convsight.explain.subject import Subject
from convsight.inputs import ImageInput
from convsight.progress import Listener, Silent
from convsight.runtime.engine import Engine
from convsight.tasks.question import OutputQuestion


@final
class Computed(Engine):
    """Answers what `function` makes of pictures (count, height, width, channels), and notes how many came at once."""

    name = "computed"
    precision = "float64"

    def __init__(self, function: Callable[[NDArray[np.float64]], NDArray[np.float64]], streams: int = 1) -> None:
        self.function = function
        self.streams = streams
        self.batches: list[int] = []

    def run(self, inputs: NDArray[Any]) -> dict[str, NDArray[Any]]:
        self.batches.append(len(inputs))
        return {"answers": self.function(inputs.astype(np.float64))[:, None]}


def subject_of(array: NDArray[Any], engine: Engine, listener: Listener | None = None) -> Subject:
    """A picture (height, width, channels) that `engine` answers about; it has no network that could be opened."""
    height, width, channels = array.shape

    def closed() -> Any:
        raise UserError("there is no network to open")

    return Subject(
        array,
        (width, height),
        ImageInput(height=height, width=width, mean=(0.0,) * channels, std=(1.0,) * channels),
        engine,
        OutputQuestion("the answer", 0, "answers", "units"),
        original=lambda: Image.fromarray(array),
        open_network=closed,
        listener=listener or Silent(),
    )
