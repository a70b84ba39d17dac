"""The light half of instances: the arrays of a network to `Boxes` with masks."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, final

import numpy as np
from numpy.typing import NDArray

from convsight.datasets import Dataset
from convsight.datasets.answers.answers import Answers, GivenAnswers
from convsight.datasets.answers.instance_answers import read_instances
from convsight.inputs import InputGeometry
from convsight.metrics.things.thresholds import thresholds_of
from convsight.results import Boxes, InvalidOutputError
from convsight.results.masks import mask_column
from convsight.tasks.instances.light.adoption import as_instances
from convsight.tasks.instances.light.box_masks import masks_in_boxes
from convsight.tasks.instances.light.flooding import flooded
from convsight.tasks.instances.light.metrics import InstanceMetrics
from convsight.tasks.instances.light.settings import InstanceSettings
from convsight.tasks.instances.light.things import Things, things_of
from convsight.tasks.mask_question import MaskedThing, mask_question
from convsight.tasks.question import Question
from convsight.tasks.reader import Reader

if TYPE_CHECKING:
    from convsight.card import Card

_OF_PIXELS = """\
inside = 1 - arrays["probabilities"][0, 0]  # how sure each pixel of the fitted picture is of a thing
print(float((inside >= 0.5).mean()), "of the picture is", " or ".join(classes))
print("things are told apart by", arrays["depths"][0].shape, "depths: convsight floods them")
"""
_OF_BOXES = """\
for box, score, label in zip(arrays["boxes"][0], arrays["scores"][0], arrays["labels"][0]):
    if score >= 0.5:
        print(classes[int(label)], float(score), box)  # left, top, right, bottom as fractions of the fitted image
"""


@final
class InstanceReader(Reader):
    """Reads what a network says of pixels, or of boxes.

    Of pixels: `probabilities` (1 + classes, height, width), the first of them the background's, and `depths` (height,
    width), how deep each lies in its thing: these are taken to the original's size and flooded, see `flooding`. Of
    boxes: `boxes` (boxes, 4) as fractions of the fitted image, `scores`, `labels` (boxes,) and `masks` (boxes, rows,
    columns), probabilities on a grid over each box; a score of 0 is none.
    """

    result = Boxes
    pipeline_tag = "image-segmentation"

    def __init__(self, card: "Card") -> None:
        super().__init__(card)
        self._thresholds = thresholds_of(card.calibration, card.target.names)
        self._marker = card.options.get("marker", InstanceSettings.model_fields["marker"].default)
        self.plain_python = _OF_BOXES if card.net.startswith("mask-rcnn") else _OF_PIXELS

    @classmethod
    def adopted(cls, dataset: Dataset) -> Dataset | None:
        return as_instances(dataset)

    @classmethod
    def answers(cls, given: GivenAnswers) -> Answers:
        return read_instances(given)

    @classmethod
    def judging(cls, given: GivenAnswers) -> InstanceMetrics:
        return InstanceMetrics(given.dataset.target.names)

    def columns(self) -> tuple[str, ...]:
        return ("label", "score", "left", "top", "right", "bottom", "mask")

    def read(self, arrays: Mapping[str, NDArray[Any]], size: tuple[int, ...]) -> Boxes:
        things = self._things(arrays, size)
        width, height = size
        return Boxes.of(
            self.classes,
            (width, height),
            things.xyxy,
            things.labels,
            scores=things.scores,
            thresholds=self._thresholds[things.labels],
            areas=[mask.area for mask in things.masks],
            columns={"mask": mask_column(things.masks)},
        )

    def question(self, arrays: Mapping[str, NDArray[Any]], size: tuple[int, ...], wanted: str | None) -> Question:
        return mask_question(
            self._shown, arrays, self.card.input, size, self.classes, wanted, of_pixels="boxes" not in arrays
        )

    def _shown(self, arrays: Mapping[str, NDArray[Any]], size: tuple[int, int]) -> list[MaskedThing]:
        """The things of a picture, surest first."""
        things = self._things(arrays, size)
        order = np.argsort(-things.scores, kind="stable").tolist()
        rows = zip(
            things.labels.tolist(), things.scores.tolist(), self._thresholds[things.labels].tolist(), strict=True
        )
        shown = [MaskedThing(*row, mask) for row, mask in zip(rows, things.masks, strict=True)]
        return [shown[place] for place in order]

    def _things(self, arrays: Mapping[str, NDArray[Any]], size: tuple[int, ...]) -> Things:
        geometry = self.card.input.geometry(size)
        return _of_boxes(arrays, geometry) if "boxes" in arrays else self._of_pixels(arrays, geometry)

    def _of_pixels(self, arrays: Mapping[str, NDArray[Any]], geometry: InputGeometry) -> Things:
        probabilities = np.asarray(arrays["probabilities"], np.float32)
        depths = np.asarray(arrays["depths"], np.float32)
        if not (np.isfinite(depths).all() and probabilities.min() >= 0 and probabilities.max() <= 1 + 1e-3):
            raise InvalidOutputError("probabilities of pixels must lie in 0..1, and depths must be numbers")
        planes = np.stack([1 - probabilities[0], depths], axis=-1)
        inside, deep = np.moveaxis(geometry.image_back(planes), -1, 0)
        return things_of(flooded(inside, deep, self._marker), inside, deep, probabilities[1:], geometry)

    def metrics(self) -> InstanceMetrics:
        return InstanceMetrics(self.classes)


def _of_boxes(arrays: Mapping[str, NDArray[Any]], geometry: InputGeometry) -> Things:
    scores = np.asarray(arrays["scores"], np.float64)
    kept = np.flatnonzero(scores != 0)  # NaN is kept, to be refused
    xyxy = geometry.fractions_back(np.asarray(arrays["boxes"], np.float64)[kept])
    masks = masks_in_boxes(np.asarray(arrays["masks"], np.float32)[kept], xyxy, (geometry.size[0], geometry.size[1]))
    labels = np.asarray(arrays["labels"])[kept].astype(np.int64)
    return Things(xyxy, labels, scores[kept], masks)
