"""A model that knows a drawn video: it finds the shapes of the frame it is shown, a little beside where they are."""

from collections.abc import Mapping
from typing import Any, NoReturn, final

import numpy as np
from numpy.typing import NDArray

from convsight.card import Card
from convsight.datasets.boxes.shape_drawing import CLASSES
from convsight.pictures import Preprocessing
from convsight.results import Boxes, Label, Result
from convsight.runtime.engine import Engine
from convsight.runtime.model import Model
from convsight.tasks.reader import Reader
from convsight.tracking.moving_shapes import MovingShapes

MOST = 6  # boxes of a frame


@final
class Watcher(Engine):
    """Compares what it is shown with every frame of `video`, and tells what is true of the nearest, with noise."""

    name = "watcher"
    precision = "float32"
    streams = 1

    def __init__(self, video: MovingShapes) -> None:
        scenes = [video.frame(number) for number in range(1, video.length + 1)]
        self._known = np.stack([self._small(scene.pixels) for scene in scenes])
        self._answers = [self._noisy(scene.truth.boxes, scene.visibility) for scene in scenes]
        self.shown: list[int] = []

    def run(self, pictures: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
        apart = [np.abs(self._known - self._small(each)).mean(axis=(1, 2, 3)) for each in pictures]
        nearest = [int(each.argmin()) for each in apart]
        self.shown.extend(number + 1 for number in nearest)
        # On what is no frame of the video, nothing is found.
        rows = [self._answers[best] * (each[best] < 30) for best, each in zip(nearest, apart, strict=True)]
        return {"rows": np.stack(rows)}

    @staticmethod
    def _small(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        return pixels[::3, ::3].astype(np.float32)

    @staticmethod
    def _noisy(boxes: Boxes, visibility: NDArray[np.float64]) -> NDArray[np.float64]:
        """Rows of left, top, right, bottom, score, label; hidden shapes are less sure."""
        rows = np.zeros((MOST, 6))
        noise = np.random.default_rng(len(boxes)).uniform(-1, 1, (len(boxes), 4))
        corners = boxes.xyxy + noise
        corners[:, 2:] = np.maximum(corners[:, :2], corners[:, 2:])
        rows[: len(boxes)] = np.column_stack([corners, 0.2 + 0.7 * visibility, boxes.labels])
        return rows


@final
class RowReader(Reader):
    """Boxes, or labels where `kind` says so."""

    pipeline_tag = "object-detection"
    plain_python = ""

    def __init__(self, card: Card, kind: type[Result] = Boxes) -> None:
        super().__init__(card)
        self._kind = kind

    def columns(self) -> tuple[str, ...]:
        return ("label", "score", "left", "top", "right", "bottom")

    def read(self, arrays: Mapping[str, NDArray[Any]], size: tuple[int, int]) -> Result:
        if self._kind is Label:
            return Label.certain(0, self.classes)
        rows = arrays["rows"][arrays["rows"][:, 4] > 0]
        sides = np.array([*size, *size]) / 96
        return Boxes.of(self.classes, size, rows[:, :4] * sides, rows[:, 5], scores=rows[:, 4], least=0.5)

    def metrics(self) -> NoReturn:
        raise NotImplementedError


def watching(video: MovingShapes, kind: type[Result] = Boxes) -> Model:
    """A model of `video`, whose frames are 96 x 96."""
    card = Card(
        task="detection",
        net="watcher",
        classes=CLASSES,
        preprocessing=Preprocessing(height=96, width=96, fit="squash", mean=(0, 0, 0), std=(1, 1, 1)),
    )
    model = Model.__new__(Model)
    model.card, model.engine, model.reader = card, Watcher(video), RowReader(card, kind)
    return model
