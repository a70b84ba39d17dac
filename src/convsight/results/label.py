"""`Label`: which one of a list of classes an image shows, with the probability of each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple, final, overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convsight.extras import extra
from convsight.results.caption import with_caption
from convsight.results.mistakes import Mistake
from convsight.results.result import Difference, InvalidOutputError, Result


class Score(NamedTuple):
    """A class name and its probability."""

    name: str
    probability: float


@final
@dataclass(frozen=True, eq=False)
class Label(Result):
    """One class of several, for targets (all probability on one class) and prediction alike.

    Shapes: `probabilities` is (classes,), each in 0..1, sum 1.

    >>> label = Label(("cat", "dog"), np.array([0.25, 0.75]))
    >>> label.name, label.top(1)
    ('dog', [Score(name='dog', probability=0.75)])

    With `threshold`, a prediction less probable than that is rejected: the label is then reported as unsure.

    >>> label.at_least(0.8).summary()
    'unsure: dog 75.0%, cat 25.0%'
    """

    classes: tuple[str, ...]
    probabilities: NDArray[np.floating[Any]]
    threshold: float | None = None

    def __post_init__(self) -> None:
        if self.probabilities.shape != (len(self.classes),):
            raise ValueError(f"{len(self.classes)} classes but probabilities of shape {self.probabilities.shape}")
        total = float(self.probabilities.sum())
        # NaN fails both comparisons, so a network that returns NaN never becomes a prediction.
        if not (abs(total - 1) < 1e-3 and float(self.probabilities.min()) >= 0):
            raise InvalidOutputError(f"probabilities must be at least 0 and sum to 1, not {total}")

    @classmethod
    def certain(cls, index: int, classes: tuple[str, ...]) -> "Label":
        """The target: all probability on class `index`."""
        probabilities = np.zeros(len(classes))
        probabilities[index] = 1.0
        return cls(classes, probabilities)

    @property
    def index(self) -> int:
        """Index of the most probable class."""
        return int(self.probabilities.argmax())

    @property
    def name(self) -> str:
        """Name of the most probable class."""
        return self.classes[self.index]

    @property
    def probability(self) -> float:
        """Probability of the most probable class."""
        return float(self.probabilities[self.index])

    @property
    def confidence(self) -> float:
        """The same: how sure it is of its one class."""
        return self.probability

    def class_names(self) -> tuple[str, ...]:
        return (self.name,)

    @property
    def rejected(self) -> bool:
        """Whether the most probable class is less probable than was asked for."""
        return self.threshold is not None and self.probability < self.threshold

    def at_least(self, confidence: float) -> "Label":
        return replace(self, threshold=confidence)

    def top(self, count: int) -> list[Score]:
        """The `count` most probable classes, most probable first."""
        order = np.argsort(-self.probabilities, kind="stable")[:count]
        return [Score(self.classes[i], float(self.probabilities[i])) for i in order]

    def to_json(self) -> dict[str, Any]:
        decision: dict[str, Any] = {}
        if self.threshold is not None:
            decision = {"label": None if self.rejected else self.name, "rejected": self.rejected}
        return decision | {"labels": [score._asdict() for score in self.top(len(self.classes))]}

    def to_rows(self) -> list[tuple[str | float, ...]]:
        return [("" if self.rejected else self.name, self.probability, *self.probabilities.tolist())]

    def to_supervision(self) -> Any:
        classes = np.arange(len(self.classes))
        return extra("supervision", "supervision").Classifications(classes, np.asarray(self.probabilities))

    def summary(self) -> str:
        return ", ".join(self._words())

    def _words(self) -> list[str]:
        words = [f"{score.name} {score.probability:.1%}" for score in self.top(3)]
        return [f"unsure: {words[0]}", *words[1:]] if self.rejected else words

    def difference(self, other: "Label") -> Difference:
        largest = float(np.abs(self.probabilities - other.probabilities).max())
        return Difference(largest, float(self.index == other.index))

    def mistakes(self, target: "Label") -> list[Mistake]:
        if self.index == target.index:
            return []
        return [Mistake("class", target.name, self.name, self.probability)]

    def draw_mistakes(self, image: Image.Image, target: "Label") -> Image.Image:
        true = f"true: {target.name} {float(self.probabilities[target.index]):.1%}"
        return with_caption(image, [f"{self.name} {self.probability:.1%}", true])

    def draw(self, image: Image.Image) -> Image.Image:
        """The image under a bar with the prediction, so larger than `image`: see `with_caption`."""
        return with_caption(image, self._words())


@final
class Labels(Sequence[Label]):
    """The true labels of many images, held as one array of class indices.

    >>> labels = Labels(np.array([0, 1, 1]), ("cat", "dog"))
    >>> len(labels), labels[2].name, labels.counts()
    (3, 'dog', {'cat': 1, 'dog': 2})
    """

    fewest_classes: ClassVar[int] = 2

    def __init__(self, indices: NDArray[np.integer[Any]], classes: tuple[str, ...]) -> None:
        if indices.ndim != 1:
            raise ValueError(f"class indices must be one-dimensional, not {indices.shape}")
        if len(indices) and not (int(indices.min()) >= 0 and int(indices.max()) < len(classes)):
            raise ValueError(f"class indices {indices.min()}..{indices.max()} outside 0..{len(classes) - 1}")
        self.indices = indices.astype(np.int64)
        self.classes = classes

    def __len__(self) -> int:
        return len(self.indices)

    @overload
    def __getitem__(self, index: int) -> Label: ...
    @overload
    def __getitem__(self, index: slice) -> "Labels": ...
    def __getitem__(self, index: int | slice) -> "Label | Labels":
        if isinstance(index, slice):
            return Labels(self.indices[index], self.classes)
        return Label.certain(int(self.indices[index]), self.classes)

    def select(self, positions: NDArray[np.integer[Any]]) -> "Labels":
        """The labels at `positions`, in that order."""
        return Labels(self.indices[positions], self.classes)

    def counts(self) -> dict[str, int]:
        """How many images show each class."""
        counted = np.bincount(self.indices, minlength=len(self.classes))
        return dict(zip(self.classes, counted.tolist(), strict=True))

    def to_find(self) -> int:
        """How many predictions there are to be right or wrong."""
        return len(self)

    def strata(self) -> NDArray[np.int64]:
        """The class index of each image: what splits are stratified by."""
        return self.indices

    def aligned(self, classes: tuple[str, ...]) -> "Labels":
        """The same labels by the indices of `classes`, found by name.

        Raises `ValueError` where a class that occurs is not among them.

        >>> Labels(np.array([0, 1]), ("cat", "dog")).aligned(("ant", "dog", "cat")).indices.tolist()
        [2, 1]
        """
        index = {name: position for position, name in enumerate(classes)}
        table = np.array([index.get(name, -1) for name in self.classes], dtype=np.int64)
        return Labels(table[self.indices], classes)

    def lines(self) -> list[str]:
        """The class name of each image."""
        return [self.classes[index] for index in self.indices.tolist()]
