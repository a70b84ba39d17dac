"""The light half of segmentation: probabilities of every pixel to a `ClassMap` of the original's size."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, final

import numpy as np
from numpy.typing import NDArray

from convsight.datasets import Dataset
from convsight.datasets.answers.answers import Answers, GivenAnswers
from convsight.datasets.answers.mask_answers import read_masks
from convsight.images import InputSize
from convsight.inputs import ImageGeometry, InputGeometry
from convsight.results import ClassMap
from convsight.targets import Palette
from convsight.tasks.full_size import most_probable
from convsight.tasks.reader import Reader
from convsight.tasks.segmentation.light.adoption import as_class_maps
from convsight.tasks.segmentation.light.metrics import ClassMapMetrics
from convsight.tasks.segmentation.light.region_question import RegionQuestion, region_question

if TYPE_CHECKING:
    from convsight.card import Card


_PLAIN_PYTHON = """\
indices = arrays["probabilities"][0].argmax(axis=0)  # a class for every pixel of the fitted picture
for index, name in enumerate(classes):
    print(name, float((indices == index).mean()))
"""


@final
class ClassMapReader(Reader):
    """Reads the array `probabilities` of shape (classes, height, width) or (classes, depth, height, width).

    The probabilities are taken to the original's size, and the most probable class there is the prediction.
    """

    result = ClassMap
    pipeline_tag = "image-segmentation"
    plain_python = _PLAIN_PYTHON
    blended = "probabilities"

    def __init__(self, card: "Card") -> None:
        super().__init__(card)
        if not isinstance(card.target, Palette):
            raise TypeError(f"a class for every pixel needs a Palette, not {type(card.target).__name__}")
        self._palette = card.target
        self.numbers_a_position = len(self.classes)

    @classmethod
    def adopted(cls, dataset: Dataset) -> Dataset | None:
        return as_class_maps(dataset)

    @classmethod
    def answers(cls, given: GivenAnswers) -> Answers:
        return read_masks(given)

    @classmethod
    def judging(cls, given: GivenAnswers) -> ClassMapMetrics:
        return ClassMapMetrics(given.dataset.target.names)

    def columns(self) -> tuple[str, ...]:
        return ("largest", *self.classes)

    def read(self, arrays: Mapping[str, NDArray[Any]], size: tuple[int, ...]) -> ClassMap:
        return self._map(np.asarray(arrays[self.blended]), self.card.input.geometry(size))

    def strip(self, values: NDArray[Any]) -> ClassMap:
        rows, width = values.shape[1:]
        return self._map(values, ImageGeometry(InputSize(rows, width, "squash"), (width, rows)))

    def _map(self, probabilities: NDArray[Any], geometry: InputGeometry) -> ClassMap:
        palette = self._palette
        found = most_probable(probabilities, geometry, palette.unknown)
        return ClassMap(palette.names, palette.colours, found.indices, palette.unknown, found.scores, found.leads)

    def joined(self, strips: Sequence[ClassMap]) -> ClassMap:
        return ClassMap.joined(strips)

    def question(self, arrays: Mapping[str, NDArray[Any]], size: tuple[int, ...], wanted: str | None) -> RegionQuestion:
        return region_question(np.asarray(arrays[self.blended]), self.card.input.geometry(size), self.classes, wanted)

    def metrics(self) -> ClassMapMetrics:
        return ClassMapMetrics(self.classes)
