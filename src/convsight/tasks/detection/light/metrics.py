"""`BoxMetrics`: how good predictions of "which things, and where" are. Every COCO number equals pycocotools'."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from convsight.metrics import Described, Measured, Metric
from convsight.metrics.bootstrap import bootstrapped, measured, resamples_for
from convsight.metrics.paired import Comparison, paired_bootstrap
from convsight.metrics.sweep import Sweep
from convsight.metrics.things.best_thresholds import best_thresholds
from convsight.metrics.things.coco import Coco, mean
from convsight.metrics.things.error_kinds import error_kinds, error_shares
from convsight.metrics.things.flat_boxes import EvaluatedBoxes
from convsight.metrics.things.interval_of_averages import interval_of_averages, rare_classes
from convsight.metrics.things.threshold_metrics import ThresholdCurve, metrics_at_thresholds, threshold_curves
from convsight.metrics.things.threshold_sweep import threshold_sweep
from convsight.metrics.things.thresholds import THRESHOLD, thresholds_of
from convsight.metrics.things.voc import ELEVEN, voc_curves, voc_precisions
from convsight.results import Boxes, Result
from convsight.tasks.reader import Metrics

Floats = NDArray[np.floating[Any]]

_AVERAGES = ("AP", "VOC")  # what the names of average precisions begin with

_SHARES = (
    *("AP", "AP50", "AP75", "APsmall", "APmedium", "APlarge", "VOC", "VOC11"),
    *("AR1", "AR10", "AR100", "ARsmall", "ARmedium", "ARlarge", "precision", "recall", "f1"),
)
_DESCRIBED = {name: Metric(name) for name in _SHARES} | {
    "errors": Metric("errors", "lower", perfect=0.0, share=False)  # for each thing: there may be more than things
}


@final
class BoxMetrics(Metrics):
    """Average precision, recall and more of the predictions to "which things, and where".

    - `AP` (mean over classes and the overlaps 0.5, 0.55 .. 0.95), `AP50`, `AP75`, `APsmall`, `APmedium`, `APlarge`
      (areas up to 32², 96² and above, in pixels), `AR1`, `AR10`, `AR100` (recall where so many predictions of a class
      in an image count), `ARsmall`, `ARmedium`, `ARlarge`, `AP/<class>`, `AP50/<class>`: as COCO defines them;
    - `VOC`, `VOC11`: average precision at an overlap of 0.5 as Pascal VOC measured it since 2010, and before;
    - `precision`, `recall`, `f1` at an overlap of 0.5 of the boxes that count as found (their score reaches their
      `thresholds`), of all and of each class. All other numbers judge every box, whatever `thresholds` says;
    - `errors/<kind>`: errors of each kind for each thing that is to be found; see `error_kinds`.

    What is undefined is left out. Crowds and difficult boxes need not be found, and predictions of them are neither
    right nor wrong. Intervals are those of `metrics.bootstrap`, but for average precision on the scale of log odds,
    and lower: the fewer the images, the higher it is by chance, see `by_unbiased_logits`. Where a class has fewer than
    ten boxes, its average precision and the means over classes have none.

    Boxes with other classes than `classes` raise ValueError, other results TypeError; computing before the first update
    raises ValueError.

    >>> metrics = BoxMetrics(("cat",))
    >>> target = Boxes.of(("cat",), (9, 9), [(0, 0, 4, 4)], [0])
    >>> metrics.update(target, Boxes.of(("cat",), (9, 9), [(0, 0, 4, 3), (5, 5, 9, 9)], [0, 0], scores=[0.9, 0.3]))
    >>> found = metrics.compute(intervals=False)
    >>> found["AP50"].value, found["recall"].value, found["precision"].value, metrics.calibration()
    (1.0, 1.0, 0.5, {'threshold/cat': 0.6})
    """

    selection = ("AP", "AP50")
    drawn = ("AP", "AP50", "AP75", "precision", "recall")  # all seventeen would be a thicket

    def __init__(self, classes: tuple[str, ...]) -> None:
        self.classes = classes
        self._targets: list[Boxes] = []
        self._results: list[Boxes] = []
        self._known: Coco | None = None  # the images so far, judged

    def update(self, target: Result, result: Result) -> None:
        if not (isinstance(target, Boxes) and isinstance(result, Boxes)):
            raise TypeError(f"expected two lists of boxes, not {type(target).__name__} and {type(result).__name__}")
        for boxes in (target, result):
            if boxes.classes is not self.classes and boxes.classes != self.classes:
                raise ValueError(f"boxes of the classes {boxes.classes} cannot be judged among {self.classes}")
        self._targets.append(target)
        self._results.append(result)
        self._known = None

    def compute(self, intervals: bool = True) -> dict[str, Measured]:
        coco, images = self._judged(), len(self._targets)
        measure = BoxMeasure(coco)
        if not intervals:
            return measured(measure, images)
        names = (*_SHARES, *(f"{kind}/{name}" for kind in ("AP", "AP50") for name in self.classes))
        averages = {name: interval_of_averages for name in names if name.startswith(_AVERAGES)}
        found = bootstrapped(measure, images, resamples_for(images, coco.passes), intervals=averages)
        bare = self._rare() & found.keys()
        return found | {name: found[name].bare for name in bare}

    def _rare(self) -> set[str]:
        """The average precisions that rest on a class of so few boxes that they get no interval."""
        rare = rare_classes(self.classes, self._targets)
        means = {name for name in _SHARES if name.startswith(_AVERAGES)} if rare else set()
        return means | {f"{kind}/{name}" for kind in ("AP", "AP50") for name in rare}

    def described(self) -> Described:
        return _DESCRIBED

    def calibration(self) -> dict[str, float]:
        best = best_thresholds(self._judged())
        return {f"{THRESHOLD}{name}": value for name, value in zip(self.classes, best, strict=True)}

    def calibrated(self, calibration: Mapping[str, float]) -> "BoxMetrics":
        thresholds = thresholds_of(calibration, self.classes)
        found = BoxMetrics(self.classes)
        found._targets = list(self._targets)
        found._results = [replace(boxes, thresholds=thresholds[boxes.labels]) for boxes in self._results]
        return found

    def compared(self, other: "BoxMetrics") -> Comparison:
        coco, images = self._judged(), len(self._targets)
        return paired_bootstrap(self.selected_by[0], coco.measure, other._judged().measure, images, coco.passes)

    def errors(self) -> dict[str, int]:
        """How many errors there are of each kind; see `error_kinds`."""
        return {kind: len(images) for kind, images in error_kinds(self._judged()).items()}

    def precision_recall(self) -> dict[str, ThresholdCurve]:
        """Precision and recall of each class at an overlap of 0.5, for a plot; see `threshold_curves`."""
        return threshold_curves(self._judged())

    def swept(self, thresholds: Floats) -> dict[str, Sweep]:
        return threshold_sweep(self._judged(), thresholds)

    def _judged(self) -> Coco:
        if not self._targets:
            raise ValueError("no image was judged, so there is nothing to measure")
        if self._known is None:
            self._known = Coco(EvaluatedBoxes(self.classes, self._targets, self._results))
        return self._known


class BoxMeasure:
    """All numbers of weighted images: weights (resamples, images) to (resamples,) by name, NaN where undefined."""

    def __init__(self, coco: Coco) -> None:
        self._coco = coco
        self._voc = voc_curves(coco.evaluated)
        self._errors = error_kinds(coco)

    def __call__(self, weights: Floats) -> dict[str, Floats]:
        coco = self._coco
        voc = {"VOC": None, "VOC11": ELEVEN}
        return (
            coco.measure(weights)
            | {name: mean(voc_precisions(self._voc, weights, grid)) for name, grid in voc.items()}
            | metrics_at_thresholds(coco, weights)
            | error_shares(coco, self._errors, weights)
        )
