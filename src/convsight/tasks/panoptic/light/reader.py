"""The light half of panoptic: classes, centres and offsets to a `PanopticMap`."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, final

import numpy as np
from numpy.typing import NDArray

from convsight.datasets import Dataset
from convsight.datasets.answers.answers import Answers, GivenAnswers
from convsight.datasets.answers.panoptic_answers import read_segments
from convsight.results import InvalidOutputError, PanopticMap
from convsight.results.masks import masks_of_ids
from convsight.targets import Palette
from convsight.tasks.full_size import most_probable
from convsight.tasks.mask_question import MaskedThing, mask_question
from convsight.tasks.panoptic.light.adoption import as_panoptic_maps, things_of
from convsight.tasks.panoptic.light.grouping import centres_of, grouped
from convsight.tasks.panoptic.light.merging import merged
from convsight.tasks.panoptic.light.metrics import PanopticMetrics
from convsight.tasks.panoptic.light.settings import PanopticSettings
from convsight.tasks.question import Question
from convsight.tasks.reader import Reader

if TYPE_CHECKING:
    from convsight.card import Card

_UNKNOWN = 65_535  # the index of pixels that a network was not shown

_PLAIN_PYTHON = """\
indices = arrays["probabilities"][0].argmax(axis=0)  # a class for every pixel of the fitted picture
for index, name in enumerate(classes):
    print(name, float((indices == index).mean()))
print(float(arrays["centres"][0].max()), "is the surest centre of a thing; offsets point to them")
"""


@final
class PanopticReader(Reader):
    """Reads `probabilities` (classes, height, width), `centres` (height, width) and `offsets` (2, height, width).

    Offsets are shares of the sides, x before y, from a pixel to the centre of its thing. Classes are taken to the
    original's size, see `full_size`; pixels there are grouped as those of the network's grid, see `grouping`; and
    the two are merged, see `merging`.
    """

    result = PanopticMap
    pipeline_tag = "image-segmentation"
    plain_python = _PLAIN_PYTHON

    def __init__(self, card: "Card") -> None:
        super().__init__(card)
        if not isinstance(card.target, Palette):
            raise TypeError(f"segments need a Palette, not {type(card.target).__name__}")
        self._things = things_of(card.target)
        default = PanopticSettings.model_fields["least_stuff"].default
        self._least_stuff = float(card.options.get("least_stuff", default))

    @classmethod
    def adopted(cls, dataset: Dataset) -> Dataset | None:
        return as_panoptic_maps(dataset)

    @classmethod
    def answers(cls, given: GivenAnswers) -> Answers:
        return read_segments(given)

    @classmethod
    def judging(cls, given: GivenAnswers) -> PanopticMetrics:
        target = given.dataset.target
        if not isinstance(target, Palette):
            raise TypeError(f"segments need a Palette, not {type(target).__name__}")
        return PanopticMetrics(target.names, things_of(target))

    def columns(self) -> tuple[str, ...]:
        return ("label", "score", "id", "pixels")

    def read(self, arrays: Mapping[str, NDArray[Any]], size: tuple[int, ...]) -> PanopticMap:
        geometry = self.card.input.geometry(size)
        found = most_probable(np.asarray(arrays["probabilities"]), geometry, _UNKNOWN)
        heat, shares = (np.asarray(arrays[name], np.float32) for name in ("centres", "offsets"))
        if not (np.isfinite(heat).all() and np.isfinite(shares).all()):
            raise InvalidOutputError("centres and offsets must be numbers")
        centres = centres_of(heat)
        height, width = heat.shape
        offsets = shares[::-1] * np.array([height, width], np.float32)[:, None, None]  # rows before columns
        group = geometry.mask_back(grouped(centres, offsets))
        sure = heat[centres[:, 0], centres[:, 1]]
        segments = merged(found.indices, found.scores, group, sure, self._things, self._least_stuff)
        numbers = np.arange(1, len(segments.labels) + 1)
        return PanopticMap.of(
            self.classes, self._things, segments.ids, numbers, segments.labels, scores=segments.scores
        )

    def question(self, arrays: Mapping[str, NDArray[Any]], size: tuple[int, ...], wanted: str | None) -> Question:
        """As of any reader; without a wish it is about the surest thing, of stuff where there are none."""
        return mask_question(self._shown, arrays, self.card.input, size, self.classes, wanted, self._surest_thing)

    def _shown(self, arrays: Mapping[str, NDArray[Any]], size: tuple[int, int]) -> list[MaskedThing]:
        """The segments of a picture, the largest first."""
        found = self.read(arrays, size)
        masks = dict(zip(found.numbers.tolist(), masks_of_ids(found.rows, len(found.numbers)), strict=True))
        labels = dict(zip(found.numbers.tolist(), found.labels.tolist(), strict=True))
        return [MaskedThing(labels[each.number], each.score, 0.0, masks[each.number]) for each in found.segments]

    def _surest_thing(self, segments: Sequence[MaskedThing]) -> str | None:
        things = [(each.score, -place) for place, each in enumerate(segments) if self._things[each.label]]
        return f"#{1 - max(things)[1]}" if things else None

    def metrics(self) -> PanopticMetrics:
        return PanopticMetrics(self.classes, self._things)
