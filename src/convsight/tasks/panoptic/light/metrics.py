"""`PanopticMetrics`: how good segments of a class each are, things told apart."""

from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from convsight.metrics import Described, Measured, Metric
from convsight.metrics.bootstrap import Measure, bootstrapped, measured, resamples_for
from convsight.metrics.intervals import by_logits
from convsight.metrics.paired import Comparison, paired_bootstrap
from convsight.metrics.pixels.overlap import mean_defined
from convsight.metrics.pixels.panoptic import PanopticCounts, Segments, panoptic_counts
from convsight.results import Result
from convsight.results.panoptic_map import PanopticMap
from convsight.tasks.reader import Metrics
from convsight.words import counted, first_few

Floats = NDArray[np.floating[Any]]

_NAMES = ("PQ", "SQ", "RQ")
_DESCRIBED = {
    name: Metric(name) for name in (*_NAMES, *(f"{each}_{group}" for each in _NAMES for group in ("things", "stuff")))
}
_PASSES = 4  # of a resample over the counts of an image


@final
class PanopticMetrics(Metrics):
    """Panoptic quality `PQ` and its two factors: how well segments are recognised, `RQ`, and how well they fit, `SQ`.

    Each is the mean over the classes that occur in the truth or the predictions of all images; `PQ_things`, `PQ_stuff`
    and so on are those of single things and of the rest, `PQ/<class>` and so on those of one class. See
    `panoptic_counts` for what is void and for crowds. Intervals are those of `metrics.bootstrap`, on the scale of log
    odds. Maps of other classes raise ValueError, other results TypeError; computing before the first update ValueError.

    >>> metrics = PanopticMetrics(("sky", "car"), (False, True))
    >>> truth = PanopticMap.of(("sky", "car"), (False, True), np.array([[1, 1, 1, 2]]), [1, 2], [0, 1])
    >>> found = PanopticMap.of(("sky", "car"), (False, True), np.array([[1, 1, 2, 2]]), [1, 2], [0, 1])
    >>> metrics.update(truth, found)
    >>> {name: round(each.value, 4) for name, each in metrics.compute(intervals=False).items() if "/" not in name}
    {'PQ': 0.3333, 'SQ': 0.3333, 'RQ': 0.5, 'PQ_things': 0.0, 'SQ_things': 0.0, 'RQ_things': 0.0, 'PQ_stuff': 0.6667,
    'SQ_stuff': 0.6667, 'RQ_stuff': 1.0}
    """

    selection = ("PQ",)
    drawn = _NAMES

    def __init__(self, classes: tuple[str, ...], things: tuple[bool, ...]) -> None:
        self.classes = classes
        self.things = things
        self._images: list[PanopticCounts] = []

    def update(self, target: Result, result: Result) -> None:
        if not (isinstance(target, PanopticMap) and isinstance(result, PanopticMap)):
            raise TypeError(f"expected two panoptic maps, not {type(target).__name__} and {type(result).__name__}")
        for each in (target, result):
            if each.classes != self.classes or each.things != self.things:
                raise ValueError(f"segments of the classes {each.classes} cannot be judged among {self.classes}")
        self._images.append(panoptic_counts(_segments(target), _segments(result), len(self.classes)))

    def compute(self, intervals: bool = True) -> dict[str, Measured]:
        images = len(self._images)
        if not images:
            raise ValueError("no image was judged, so there is nothing to measure")
        measure = self._measure()
        if not intervals:
            return measured(measure, images)
        ways = dict.fromkeys(measure(np.ones((1, images))), by_logits)
        return bootstrapped(measure, images, resamples_for(images, _PASSES * len(self.classes)), intervals=ways)

    def described(self) -> Described:
        return _DESCRIBED

    def compared(self, other: "PanopticMetrics") -> Comparison:
        pair = (self._measure(), other._measure())
        return paired_bootstrap(self.selected_by[0], *pair, len(self._images), _PASSES * len(self.classes))

    def _measure(self) -> Measure:
        counts = PanopticCounts.stacked(self._images)
        return lambda weights: self._numbers(counts.pooled(weights))

    def absent(self) -> tuple[str, ...]:
        """The classes of which no image has a true segment."""
        true = sum((counts.right + counts.missed for counts in self._images), np.zeros(len(self.classes)))
        return tuple(name for name, count in zip(self.classes, true, strict=True) if not count)

    def remarks(self) -> list[str]:
        """Which classes are nowhere true."""
        absent = self.absent()
        said = (
            f"{counted(len(absent), 'class', 'es')} without a true segment, and judged by nothing: {first_few(absent)}"
        )
        return [said] if absent else []

    def _numbers(self, counts: PanopticCounts) -> dict[str, Floats]:
        values = dict(zip(_NAMES, (counts.quality, counts.segmentation, counts.recognition), strict=True))
        things = np.array(self.things)
        numbers = {name: mean_defined(each) for name, each in values.items()}
        for group, flags in (("things", things), ("stuff", ~things)):
            numbers |= {f"{name}_{group}": mean_defined(each[:, flags]) for name, each in values.items()}
        of_classes = {
            f"{name}/{of}": each[:, index] for index, of in enumerate(self.classes) for name, each in values.items()
        }
        return numbers | of_classes


def _segments(segments: PanopticMap) -> Segments:
    return Segments(segments.ids, segments.numbers, segments.labels, segments.crowd)
