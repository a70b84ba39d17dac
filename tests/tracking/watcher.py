"""A model that knows a drawn video: it finds the shapes of the frame it is shown, a little beside where they are."""

from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from convsight.card import Card
from convsight.datasets.boxes.shape_drawing import CLASSES
from convsight.inputs import ImageInput
from convsight.results import Boxes
from convsight.runtime.engine import Engine
from convsight.runtime.model import Model
from convsight.targets import Classes
from convsight.tracking.moving_shapes import MovingShapes

SIDE = 96  # px of a frame
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
        self._predictions = [self._noisy(scene.truth.boxes, scene.visibility) for scene in scenes]
        self.shown: list[int] = []

    def run(self, images: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
        apart = [np.abs(self._known - self._small(each)).mean(axis=(1, 2, 3)) for each in images]
        nearest = [int(each.argmin()) for each in apart]
        self.shown.extend(number + 1 for number in nearest)
        rows = np.stack([self._predictions[best] for best in nearest])
        known = np.array([each[best] < 30 for best, each in zip(nearest, apart, strict=True)])
        # On what is no frame of the video, nothing is found.
        scores = rows[..., 4] * known[:, None]
        return {"boxes": rows[..., :4] / SIDE, "scores": scores, "labels": rows[..., 5]}

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


def watching(video: MovingShapes) -> Model:
    """A model of `video`, whose frames are 96 x 96."""
    card = Card(
        task="detection",
        net="watcher",
        target=Classes(names=CLASSES),
        input=ImageInput(height=SIDE, width=SIDE, fit="squash", mean=(0, 0, 0), std=(1, 1, 1)),
        calibration={f"threshold/{name}": 0.5 for name in CLASSES},
    )
    return Model(card, Watcher(video))
