"""`ClassMapMetrics`: how good a class for every pixel is, by one confusion matrix of all pixels of all images."""

from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from convsight.metrics import Described, Measured, Metric
from convsight.metrics.bootstrap import bootstrapped, measured, resamples_for
from convsight.metrics.intervals import by_logits
from convsight.metrics.paired import Comparison, paired_bootstrap
from convsight.metrics.pixels.boundaries import boundary_f1
from convsight.metrics.pixels.confusion import confusion
from convsight.metrics.pixels.overlap import PixelCounts, mean_defined
from convsight.results import ClassMap, Result
from convsight.results.class_map_mistakes import NO_CLASS
from convsight.tasks.reader import Confusions, Metrics
from convsight.tasks.segmentation.light.surface_figures import SurfaceFigures
from convsight.words import counted, first_few

Floats = NDArray[np.floating[Any]]

_SHARES = (
    *("mIoU", "mDice", "pixel_accuracy", "mean_accuracy", "picture_mIoU", "picture_mDice", "boundary_F1"),
    *("IoU", "Dice", "accuracy"),
)
_DESCRIBED = {name: Metric(name) for name in _SHARES} | SurfaceFigures.described
_PASSES = 5  # of a resample over the numbers of each class in an image


@final
class ClassMapMetrics(Metrics):
    """Overlap of the classes of pixels, of all images together, and what else is told of them.

    - `IoU/<class>`: of the pixels that are or are said to be of the class, those that are both; `mIoU` its mean;
    - `Dice/<class>`: twice those that are both among those that are and those that are said to be; `mDice` its mean;
    - `accuracy/<class>`: of the pixels of the class, those said to be; `mean_accuracy` its mean;
    - `pixel_accuracy`: of all pixels, those that are right;
    - `picture_mIoU`, `picture_mDice`: the mean over the classes of an image, averaged over images. Other tools call
      this mIoU as well, and it can be half or twice the other;
    - `boundary_F1/<class>`: how well the outlines of a class are met, see `boundary_f1`, averaged over images;
      `boundary_F1` its mean over classes; of images, not of volumes;
    - of volumes, `hausdorff95_mm/<class>` and `surface_mm/<class>`: distances of surfaces, see `SurfaceFigures`.

    For the first four, pixels count alike, whatever image they are in. Those without a true class do not count, those
    that were given none are wrong. A class that neither the truth nor a prediction has is left out, of means too; one
    that is found though it is nowhere true has an IoU of 0. `absent` are the classes that are nowhere true.
    Intervals are of resamples of images, on the scale of log odds.

    >>> metrics = ClassMapMetrics(("sky", "road"))
    >>> of = lambda *row: ClassMap(metrics.classes, ((0, 0, 0), (9, 9, 9)), np.array([row], np.uint8))
    >>> metrics.update(of(0, 0, 1, 255), of(0, 1, 1, 1))
    >>> {name: round(found.value, 3) for name, found in metrics.compute(intervals=False).items() if name[0] == "m"}
    {'mIoU': 0.5, 'mDice': 0.667, 'mean_accuracy': 0.75}
    """

    selection = ("mIoU", "pixel_accuracy")
    drawn = ("mIoU", "mDice", "pixel_accuracy")

    def __init__(self, classes: tuple[str, ...]) -> None:
        self.classes = classes
        self._counts: list[PixelCounts] = []  # of each image
        self._boundaries: list[Floats] = []
        self._surfaces = SurfaceFigures(classes)
        self.confusion = np.zeros((len(classes), len(classes) + 1), np.int64)  # true, said; the last is no class

    def update(self, target: Result, result: Result) -> None:
        if not (isinstance(target, ClassMap) and isinstance(result, ClassMap)):
            raise TypeError(f"expected two class maps, not {type(target).__name__} and {type(result).__name__}")
        for each in (target, result):
            if each.classes is not self.classes and each.classes != self.classes:
                raise ValueError(f"the classes {each.classes} cannot be judged among {self.classes}")
        ignored, said = target.ignore_index, _by_index(result, target.ignore_index)
        found = confusion(target.indices, said, len(self.classes), ignored)
        self.confusion += found
        self._counts.append(PixelCounts.of(found))
        if said.ndim == 2:
            self._boundaries.append(boundary_f1(target.indices, said, len(self.classes), ignored))
        else:
            self._boundaries.append(np.full(len(self.classes), np.nan))
        self._surfaces.update(target, said)

    def compute(self, intervals: bool = True) -> dict[str, Measured]:
        if not self._counts:
            raise ValueError("no image was judged, so there is nothing to measure")
        measure, images = self._measure(), len(self._counts)
        if not intervals:
            return measured(measure, images)
        shares = {name: by_logits for name in measure.names if name.split("/")[0] in _SHARES}
        return bootstrapped(measure, images, resamples_for(images, _PASSES * len(self.classes)), intervals=shares)

    def described(self) -> Described:
        return _DESCRIBED

    def confusions(self) -> Confusions:
        columns = (*self.classes, NO_CLASS) if self.confusion[:, -1].any() else self.classes
        return Confusions(self.classes, columns, self.confusion[:, : len(columns)], "pixels", "confusion")

    def compared(self, other: "ClassMapMetrics") -> Comparison:
        pair = (self._measure(), other._measure())
        return paired_bootstrap(self.selected_by[0], *pair, len(self._counts), _PASSES * len(self.classes))

    def _measure(self) -> "_Measure":
        return _Measure(self.classes, self._counts, self._boundaries, self._surfaces)

    def absent(self) -> tuple[str, ...]:
        """The classes that are true of no pixel."""
        return tuple(name for name, count in zip(self.classes, self.confusion.sum(axis=1), strict=True) if not count)

    def remarks(self) -> list[str]:
        """What a reader of the numbers should know: which classes are nowhere true, and what empty masks count as."""
        absent = self.absent()
        said = [f"{counted(len(absent), 'class', 'es')} nowhere true, and judged by nothing: {first_few(absent)}"]
        return [*(said if absent else ()), *self._surfaces.remarks()]


class _Measure:
    """All numbers of weighted images: weights (resamples, images) to (resamples,) by name, NaN where undefined."""

    def __init__(
        self, classes: tuple[str, ...], counts: list[PixelCounts], boundaries: list[Floats], surfaces: SurfaceFigures
    ) -> None:
        self._classes = classes
        self._counts = PixelCounts(*(np.stack(each) for each in zip(*counts, strict=True)))
        self._boundaries = np.stack(boundaries)
        self._surfaces = surfaces
        self._of_pictures = {
            "picture_mIoU": mean_defined(self._counts.iou),
            "picture_mDice": mean_defined(self._counts.dice),
        }
        self.names = tuple(self(np.ones((1, len(counts)))))

    def __call__(self, weights: Floats) -> dict[str, Floats]:
        pooled = self._counts.pooled(weights)
        outlines = mean_defined(self._boundaries.T, weights)
        by_class = {"IoU": pooled.iou, "Dice": pooled.dice, "accuracy": pooled.recall, "boundary_F1": outlines}
        means = zip(("mIoU", "mDice", "mean_accuracy", "boundary_F1"), by_class.values(), strict=True)
        found = {name: mean_defined(values) for name, values in means}
        found |= {"pixel_accuracy": pooled.accuracy}
        found |= {name: mean_defined(values, weights) for name, values in self._of_pictures.items()}
        for name, values in by_class.items():
            found |= {f"{name}/{each}": values[:, index] for index, each in enumerate(self._classes)}
        return found | self._surfaces.measure(weights)


def _by_index(result: ClassMap, ignore_index: int) -> NDArray[np.integer[Any]]:
    """The indices of `result`, with `ignore_index` where it names no class."""
    if result.ignore_index == ignore_index:
        return result.indices
    return np.where(result.indices == result.ignore_index, np.uint16(ignore_index), result.indices)
