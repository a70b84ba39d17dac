"""`InstanceMetrics`: how good masks of single things are. Numbers of COCO equal pycocotools' with masks."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from convsight.metrics import Described, Measured, Metric
from convsight.metrics.bootstrap import bootstrapped, measured, resamples_for
from convsight.metrics.intervals import by_logits
from convsight.metrics.paired import Comparison, paired_bootstrap
from convsight.metrics.pixels.jaccard_of_things import aggregated_jaccard
from convsight.metrics.pixels.mask_pairs import MaskPairs
from convsight.metrics.pixels.overlap import mean_defined
from convsight.metrics.pixels.science_bowl import science_bowl_precision
from convsight.metrics.sweep import Sweep
from convsight.metrics.things.best_thresholds import best_thresholds
from convsight.metrics.things.coco import Coco
from convsight.metrics.things.error_kinds import error_kinds, error_shares
from convsight.metrics.things.flat_boxes import EvaluatedBoxes
from convsight.metrics.things.interval_of_averages import interval_of_averages, rare_classes
from convsight.metrics.things.threshold_metrics import ThresholdCurve, metrics_at_thresholds, threshold_curves
from convsight.metrics.things.threshold_sweep import threshold_sweep
from convsight.metrics.things.thresholds import THRESHOLD, thresholds_of
from convsight.results import Boxes, Result
from convsight.results.box_columns import MASK
from convsight.tasks.reader import Metrics

Floats = NDArray[np.floating[Any]]

_AVERAGES = ("AP", "AP50", "AP75", "APsmall", "APmedium", "APlarge")
_OF_IMAGES = ("DSB", "DSB50", "AJI")  # means over images
_RECALLS = ("AR1", "AR10", "AR100", "ARsmall", "ARmedium", "ARlarge", "precision", "recall", "f1")
_DESCRIBED = {name: Metric(name) for name in (*_AVERAGES, *_OF_IMAGES, *_RECALLS)} | {
    "errors": Metric("errors", "lower", perfect=0.0, share=False)
}


@final
class InstanceMetrics(Metrics):
    """Average precision, recall and more of the predictions to "which things, and which pixels are of each".

    - `AP` .. `ARlarge`, `AP/<class>`, `AP50/<class>`: as `BoxMetrics`, by the overlap of masks; the area of a
      prediction is that of its mask, the area of a target what its `areas` say;
    - `precision`, `recall`, `f1` (of all and of each class) and `errors/<kind>`, of the things that count as found;
    - `DSB`, `DSB50`: TP / (TP + FP + FN) of the things that count as found, averaged over images, and over the overlaps
      0.5, 0.55 .. 0.95 or at 0.5, as the Data Science Bowl 2018 had it; see `science_bowl_precision`;
    - `AJI`: the aggregated Jaccard index of the things that count as found, averaged over images.

    Crowds and difficult things need not be found; for `DSB` and `AJI`, what lies on a crowd by more than half is left
    out. Masks are compared when an image is taken in, and not kept. Boxes without masks, or of other classes, raise
    ValueError, other results TypeError; computing before the first update raises ValueError.

    >>> metrics = InstanceMetrics(("cell",))
    >>> mask = np.zeros((1, 9, 9), bool)
    >>> mask[:, :4, :4] = True
    >>> target = Boxes.of(("cell",), (9, 9), [(0, 0, 4, 4)], [0], columns={"mask": mask})
    >>> columns = {"mask": mask & (np.arange(9) < 3)}
    >>> less = Boxes.of(("cell",), (9, 9), [(0, 0, 3, 4)], [0], scores=[0.9], columns=columns)
    >>> metrics.update(target, less)
    >>> found = metrics.compute(intervals=False)
    >>> found["AP50"].value, found["DSB"].value, found["AJI"].value
    (1.0, 0.5, 0.75)
    """

    selection = ("AP", "AP50")
    drawn = ("AP", "AP50", "AP75", "DSB", "AJI")

    def __init__(self, classes: tuple[str, ...]) -> None:
        self.classes = classes
        self._targets: list[Boxes] = []
        self._results: list[Boxes] = []
        self._pairs: list[MaskPairs] = []
        self._known: Coco | None = None  # the images so far, judged

    def update(self, target: Result, result: Result) -> None:
        if not (isinstance(target, Boxes) and isinstance(result, Boxes)):
            raise TypeError(f"expected two lists of boxes, not {type(target).__name__} and {type(result).__name__}")
        for boxes in (target, result):
            if boxes.classes != self.classes:
                raise ValueError(f"boxes of the classes {boxes.classes} cannot be judged among {self.classes}")
            if len(boxes) and MASK not in boxes.columns:
                raise ValueError("boxes without masks cannot be judged by these")
        pairs = MaskPairs.of(result.masks, target.masks)
        self._pairs.append(pairs)
        self._targets.append(replace(target, columns={}))
        self._results.append(replace(result, columns={}, areas=pairs.found_areas.astype(np.float64)))
        self._known = None

    def compute(self, intervals: bool = True) -> dict[str, Measured]:
        coco, images = self.judged, len(self._targets)
        measure = _Measure(coco, self._of_images())
        if not intervals:
            return measured(measure, images)
        of_classes = [f"{kind}/{name}" for kind in ("AP", "AP50") for name in self.classes]
        ways = dict.fromkeys((*_AVERAGES, *of_classes), interval_of_averages) | dict.fromkeys(_OF_IMAGES, by_logits)
        found = bootstrapped(measure, images, resamples_for(images, coco.passes), intervals=ways)
        rare = rare_classes(self.classes, self._targets)
        bare = {*(_AVERAGES if rare else ()), *(f"{kind}/{name}" for kind in ("AP", "AP50") for name in rare)}
        return found | {name: found[name].bare for name in bare & found.keys()}

    def described(self) -> Described:
        return _DESCRIBED

    def calibration(self) -> dict[str, float]:
        best = best_thresholds(self.judged)
        return {f"{THRESHOLD}{name}": value for name, value in zip(self.classes, best, strict=True)}

    def calibrated(self, calibration: Mapping[str, float]) -> "InstanceMetrics":
        thresholds = thresholds_of(calibration, self.classes)
        found = InstanceMetrics(self.classes)
        found._targets, found._pairs = list(self._targets), list(self._pairs)
        found._results = [replace(boxes, thresholds=thresholds[boxes.labels]) for boxes in self._results]
        return found

    def compared(self, other: "InstanceMetrics") -> Comparison:
        coco, images = self.judged, len(self._targets)
        return paired_bootstrap(self.selected_by[0], coco.measure, other.judged.measure, images, coco.passes)

    def errors(self) -> dict[str, int]:
        """How many errors there are of each kind; see `error_kinds`."""
        return {kind: len(images) for kind, images in error_kinds(self.judged).items()}

    def precision_recall(self) -> dict[str, ThresholdCurve]:
        """Precision and recall of each class at an overlap of 0.5, for a plot; see `threshold_curves`."""
        return threshold_curves(self.judged)

    def swept(self, thresholds: Floats) -> dict[str, Sweep]:
        return threshold_sweep(self.judged, thresholds)

    @property
    def judged(self) -> Coco:
        """All images so far, judged by the rules of COCO; raises `ValueError` where there are none."""
        if not self._targets:
            raise ValueError("no image was judged, so there is nothing to measure")
        if self._known is None:
            self._known = Coco(EvaluatedBoxes(self.classes, self._targets, self._results, self._pairs))
        return self._known

    def _of_images(self) -> Floats:
        """`DSB`, `DSB50` and `AJI` of each image: (images, 3), NaN where nothing is to be found and nothing was."""
        trios = zip(self._targets, self._results, self._pairs, strict=True)
        return np.array([_of_image(counted_pairs(*trio)) for trio in trios])


class _Measure:
    """All numbers of weighted images: weights (resamples, images) to (resamples,) by name, NaN where undefined."""

    def __init__(self, coco: Coco, of_images: Floats) -> None:
        self._coco = coco
        self._errors = error_kinds(coco)
        self._of_images = of_images

    def __call__(self, weights: Floats) -> dict[str, Floats]:
        means = zip(_OF_IMAGES, self._of_images.T, strict=True)
        return (
            self._coco.measure(weights)
            | {name: mean_defined(values, weights) for name, values in means}
            | metrics_at_thresholds(self._coco, weights)
            | error_shares(self._coco, self._errors, weights)
        )


def counted_pairs(target: Boxes, result: Boxes, pairs: MaskPairs) -> MaskPairs:
    """The pairs of one class among the things to be found and those found, less what lies on crowds."""
    needed = ~(target.crowd | target.difficult)
    on_crowds = np.zeros(len(result), np.int64)
    crowded = target.crowd[pairs.true]
    np.add.at(on_crowds, pairs.found[crowded], pairs.shared[crowded])
    counted = (result.scores >= result.thresholds) & (2 * on_crowds <= pairs.found_areas)
    same = result.labels[pairs.found] == target.labels[pairs.true]
    return pairs.select(same).among(counted, needed)


def _of_image(pairs: MaskPairs) -> Sequence[float]:
    precisions = science_bowl_precision(pairs)
    return float(precisions.mean()), float(precisions[0]), aggregated_jaccard(pairs)
