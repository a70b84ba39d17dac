"""`LabelSet`: which of a list of labels an image shows, any number of them; `LabelSets`: those of many images."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, final, overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convsight.extras import extra
from convsight.results.caption import with_caption
from convsight.results.mistakes import Mistake
from convsight.results.result import Difference, InvalidOutputError, Result

SEPARATOR = ";"  # between names, where several stand in one field of a table
NONE = "none"  # in such a field: none of the labels

_COMMON = 10  # images that show a label, from which splits can be cut by it
_WORDS = 3  # absent labels in a summary where none is present
_UNSURE = 0.1  # of an absent label: less is not worth a word


@final
@dataclass(frozen=True, eq=False)
class LabelSet(Result):
    """A probability for each label, and the threshold from which it counts as present.

    A target has 1 and 0. Shapes: `probabilities` (each in 0..1) and `thresholds` are (classes,).

    >>> found = LabelSet(("cat", "dog", "sky"), np.array([0.7, 0.2, 0.9]), np.full(3, 0.5))
    >>> found.names, found.summary()
    (('sky', 'cat'), 'sky 90.0%, cat 70.0%')
    >>> found.at_least(0.95).summary()
    'none, sky 90.0% is not enough, cat 70.0% is not enough, dog 20.0% is not enough'
    """

    classes: tuple[str, ...]
    probabilities: NDArray[np.floating[Any]]
    thresholds: NDArray[np.floating[Any]]

    def __post_init__(self) -> None:
        for values in (self.probabilities, self.thresholds):
            if values.shape != (len(self.classes),):
                raise ValueError(f"{len(self.classes)} labels but numbers of shape {values.shape}")
        # NaN fails both comparisons, so a network that returns NaN never becomes a prediction.
        if not (float(self.probabilities.min()) >= 0 and float(self.probabilities.max()) <= 1):
            raise InvalidOutputError(f"probabilities must lie in 0..1, not {self.probabilities.tolist()}")

    @classmethod
    def certain(cls, present: NDArray[np.bool_], classes: tuple[str, ...]) -> "LabelSet":
        """The target: labels that are there, (classes,), and those that are not."""
        return cls(classes, present.astype(np.float64), np.full(len(classes), 0.5))

    @property
    def present(self) -> NDArray[np.bool_]:
        """Whether each label is as probable as its threshold asks for: (classes,)."""
        found: NDArray[np.bool_] = self.probabilities >= self.thresholds
        return found

    @property
    def names(self) -> tuple[str, ...]:
        """The labels that are present, most probable first."""
        return tuple(self.classes[index] for index in self._order() if self.present[index])

    @property
    def confidence(self) -> float:
        """How sure it is of the label that it is least sure of, there or not."""
        return float(np.where(self.present, self.probabilities, 1 - self.probabilities).min())

    def class_names(self) -> tuple[str, ...]:
        return self.names

    def at_least(self, confidence: float) -> "LabelSet":
        return replace(self, thresholds=np.maximum(self.thresholds, confidence))

    def to_json(self) -> dict[str, Any]:
        return {
            "labels": [
                {
                    "name": self.classes[index],
                    "probability": float(self.probabilities[index]),
                    "present": bool(self.present[index]),
                    "threshold": float(self.thresholds[index]),
                }
                for index in self._order()
            ]
        }

    def to_rows(self) -> list[tuple[str | float, ...]]:
        return [(SEPARATOR.join(self.names) or NONE, *self.probabilities.tolist())]

    def to_supervision(self) -> Any:
        found = np.array([index for index in self._order() if self.present[index]], np.int64)
        return extra("supervision", "supervision").Classifications(found, np.asarray(self.probabilities)[found])

    def summary(self) -> str:
        return ", ".join(self._words())

    def _words(self) -> list[str]:
        order = self._order()
        words = [f"{self.classes[index]} {self.probabilities[index]:.1%}" for index in order if self.present[index]]
        if words:
            return words
        near = [index for index in order if self.probabilities[index] >= _UNSURE][:_WORDS]
        return [NONE, *(f"{self.classes[index]} {self.probabilities[index]:.1%} is not enough" for index in near)]

    def difference(self, other: "LabelSet") -> Difference:
        """Labels that both, or one of them, say are present are what is said; where neither says any, the likeliest."""
        largest = float(np.abs(self.probabilities - other.probabilities).max())
        here, there = self.present, other.present
        said = int((here | there).sum())
        if not said:
            return Difference(largest, float(self.probabilities.argmax() == other.probabilities.argmax()))
        return Difference(largest, float((here & there).sum()) / said, said)

    def mistakes(self, target: "LabelSet") -> list[Mistake]:
        """Labels that are wrongly said to be there (`wrong`), and those that are there and not said (`missed`)."""
        found = []
        for index in np.flatnonzero(self.present != target.present).tolist():
            name, probability = self.classes[index], float(self.probabilities[index])
            if target.present[index]:
                found.append(Mistake("missed", name, NONE, 1 - probability))
            else:
                found.append(Mistake("wrong", NONE, name, probability))
        return sorted(found, key=lambda mistake: -mistake.severity)

    def draw_mistakes(self, image: Image.Image, target: "LabelSet") -> Image.Image:
        words = []
        for mistake in self.mistakes(target):
            name = mistake.target if mistake.kind == "missed" else mistake.prediction
            words.append(f"{mistake.kind} {name} {self.probabilities[self.classes.index(name)]:.1%}")
        return with_caption(image, [*words, f"true: {', '.join(target.names) or NONE}"])

    def draw(self, image: Image.Image) -> Image.Image:
        """The image under a bar with the labels that are present, so larger than `image`: see `with_caption`."""
        return with_caption(image, self._words())

    def _order(self) -> list[int]:
        """The labels that are present first, each part by falling probability."""
        found: list[int] = np.lexsort((-self.probabilities, ~self.present)).tolist()
        return found


@final
class LabelSets(Sequence[LabelSet]):
    """The true labels of many images: `present` (images, classes), held as bits.

    >>> sets = LabelSets(np.array([[True, True], [False, True], [False, False]]), ("cat", "dog"))
    >>> len(sets), sets[0].names, sets.counts(), sets.lines()
    (3, ('cat', 'dog'), {'cat': 1, 'dog': 2}, ['cat;dog', 'dog', ''])
    """

    fewest_classes: ClassVar[int] = 1

    def __init__(self, present: NDArray[np.bool_], classes: tuple[str, ...]) -> None:
        if present.ndim != 2 or present.shape[1] != len(classes) or present.dtype != np.bool_:
            raise ValueError(f"expected (images, {len(classes)}) flags, not {present.dtype} of shape {present.shape}")
        self.present = present
        self.classes = classes

    @classmethod
    def of(cls, names: Sequence[Iterable[str]], classes: tuple[str, ...]) -> "LabelSets":
        """From the names of the labels of each image; raises KeyError for one that is not among `classes`."""
        index = {name: position for position, name in enumerate(classes)}
        present = np.zeros((len(names), len(classes)), np.bool_)
        for row, labels in enumerate(names):
            present[row, [index[name] for name in labels]] = True
        return cls(present, classes)

    def __len__(self) -> int:
        return len(self.present)

    @overload
    def __getitem__(self, index: int) -> LabelSet: ...
    @overload
    def __getitem__(self, index: slice) -> "LabelSets": ...
    def __getitem__(self, index: int | slice) -> "LabelSet | LabelSets":
        if isinstance(index, slice):
            return LabelSets(self.present[index], self.classes)
        return LabelSet.certain(self.present[index], self.classes)

    def select(self, positions: NDArray[np.integer[Any]]) -> "LabelSets":
        """The labels at `positions`, in that order."""
        return LabelSets(self.present[positions], self.classes)

    def counts(self) -> dict[str, int]:
        """How many images show each label."""
        return dict(zip(self.classes, self.present.sum(axis=0).tolist(), strict=True))

    def to_find(self) -> int:
        """How many labels there are to be found."""
        return int(self.present.sum())

    def strata(self) -> NDArray[np.int64]:
        """The rarest label of each image that at least ten images show; a group of its own where there is none.

        Sechidis et al., On the Stratification of Multi-Label Data, 2011, also begin with the rarest label.
        """
        counts = self.present.sum(axis=0)
        common = self.present & (counts >= _COMMON)
        rarity = np.where(common, counts, np.iinfo(np.int64).max)
        found: NDArray[np.int64] = np.where(common.any(axis=1), rarity.argmin(axis=1), len(self.classes))
        # A stratum can be left with few of its images, since others counted for a rarer label.
        few = np.bincount(found, minlength=len(self.classes) + 1) < _COMMON
        most = int(np.bincount(found).argmax()) if len(found) else 0
        return np.where(few[found], most, found)

    def aligned(self, classes: tuple[str, ...]) -> "LabelSets":
        """The same labels by the indices of `classes`, found by name.

        Raises `ValueError` where a label that occurs is not among them.

        >>> LabelSets(np.array([[True, False]]), ("cat", "dog")).aligned(("ant", "dog", "cat"))[0].names
        ('cat',)
        """
        missing = [name for name, count in self.counts().items() if count and name not in classes]
        if missing:
            raise ValueError(f"the labels {missing} are not among {classes}")
        index = {name: position for position, name in enumerate(self.classes)}
        present = np.zeros((len(self), len(classes)), np.bool_)
        for position, name in enumerate(classes):
            if name in index:
                present[:, position] = self.present[:, index[name]]
        return LabelSets(present, classes)

    def lines(self) -> list[str]:
        """The labels of each image, in the order of the classes."""
        return [SEPARATOR.join(self.classes[i] for i in np.flatnonzero(row).tolist()) for row in self.present]
