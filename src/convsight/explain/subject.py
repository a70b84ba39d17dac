"""`Subject`: one picture as a network sees it, and the question about it that is explained."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convsight.datasets.threads import map_in_threads
from convsight.inputs import ImageInput, InputGeometry
from convsight.progress import Listener, Silent
from convsight.runtime.engine import Engine
from convsight.tasks.question import Question

_MOST_PIXELS = 8 * 224 * 224  # of the pictures that are run at once: more made none of the engines faster
_MOST_PICTURES = 64


@dataclass(frozen=True)
class Subject:
    """`array` (height, width, channels) is what was loaded of an original of `size` (width, height) for `engine`.

    `original` gives the whole picture for people; `open_network` the network itself, for methods that follow gradients:
    an `inside.OpenNetwork`; it raises `UserError` where there is none, or no PyTorch. `listener` is told how many
    varied pictures are answered. `remark` says what is wrong with a picture that could be read all the same. `together`
    is how many pictures are run at once, where the engine wants a number.
    """

    array: NDArray[Any]
    size: tuple[int, ...]
    spec: ImageInput
    engine: Engine
    question: Question
    original: Callable[[], Image.Image]
    open_network: Callable[[], Any]
    listener: Listener = field(default_factory=Silent)
    remark: str = ""
    together: int | None = None

    @property
    def sides(self) -> tuple[int, int]:
        """Height and width of what the network sees, in pixels."""
        height, width = self.array.shape[:2]
        return height, width

    @property
    def geometry(self) -> InputGeometry:
        """The way from the original to what the network sees, and back."""
        return self.spec.geometry(self.size)

    @cached_property
    def score(self) -> float:
        """What the network answers to the picture as it is."""
        return float(self.scores(self.array[None])[0])

    def scores(self, arrays: NDArray[Any]) -> NDArray[np.float64]:
        """What it answers (count,) to other pictures (count, height, width, channels), such as parts of this one."""
        return self.question.score(self.engine.run(arrays))

    def scores_of_many(
        self, arrays: Iterable[NDArray[Any]], total: int | None = None, what: str = "varied pictures"
    ) -> Iterator[float]:
        """The same for any number of pictures (height, width, channels), in order and as they are ready.

        They are made as they are needed and run in batches, as many at once as the engine works on, so that memory
        does not grow with their number. The listener is told how many of `total` are done, and `what` they are.
        """
        with self.listener.counting(what, total) as advance:
            for scores in map_in_threads(self.scores, self._batches(arrays), self.engine.callers):
                advance(len(scores))
                yield from scores.tolist()

    def _batches(self, arrays: Iterable[NDArray[Any]]) -> Iterator[NDArray[Any]]:
        source = iter(arrays)
        while batch := list(islice(source, self.at_once)):
            yield np.stack(batch)

    @property
    def at_once(self) -> int:
        """How many pictures are run together."""
        if self.together is not None:
            return self.together
        height, width = self.sides
        return max(1, min(_MOST_PICTURES, _MOST_PIXELS // (height * width)))

    def on_original(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """A map over what the network sees, of any number of cells, over the original (height, width).

        NaN where nothing of the original was put in, as beyond a crop.
        """
        found: NDArray[np.float64] = self.geometry.image_back(values[:, :, None], outside=np.nan)[:, :, 0]
        return found
