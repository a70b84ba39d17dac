"""Maps of many pictures gathered by class: what a network looks at where it names a class, rightly and wrongly."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convsight.explain.drawing import overlaid
from convsight.explain.explain import ExplainedModel, map_of
from convsight.explain.importance_map import ImportanceMap
from convsight.explain.method import Method
from convsight.explain.shortcuts import Tried, try_regions
from convsight.explain.subject import Subject
from convsight.images import ImageError
from convsight.metrics import Measured
from convsight.metrics.bootstrap import bootstrapped
from convsight.results import Result
from convsight.results.capabilities import Naming, Placing
from convsight.runtime.model import Picture
from convsight.tasks.question import NothingThereError, class_index

GRID = 56  # cells a side, at most, of what maps and pictures are averaged over
_SIDE = 180  # px of the longer side of a picture on the page
_STRONGEST = 4  # examples shown of right, and of wrong answers
_OTHERS = 48  # pictures of other classes that regions are pasted into
_RESAMPLES = 1000


@dataclass(frozen=True, eq=False)
class Known:
    """A picture of a data set: what it is called, what is true of it, and what the network answered to it."""

    name: str
    picture: Picture
    truth: frozenset[str]  # the names of its classes
    answer: frozenset[str]
    places: Placing | None = None  # where its classes are, if that is known


@dataclass(frozen=True, eq=False)
class Example:
    """A picture under its map, small, and how sure the network was."""

    name: str
    score: float
    truth: frozenset[str]
    drawn: Image.Image


class Places(list["Place"]):
    """Where the maps of several pictures lie, beside where the thing is."""

    def measured(self) -> dict[str, Measured]:
        """`mass`: the share of a map inside; `hits`: how often its largest value is inside; `area`: that of chance.

        Means over pictures with 95 % intervals.
        """
        columns = np.array([(each.mass, each.hit, each.area) for each in self], np.float64).T
        names = ("mass", "hits", "area")
        return bootstrapped(
            lambda weights: {
                name: weights @ column / weights.sum(axis=1) for name, column in zip(names, columns, strict=True)
            },
            len(self),
            _RESAMPLES,
        )


@dataclass(frozen=True)
class Place:
    """The share of a map's mass where the thing is, whether its largest value is there, and the share of the area."""

    mass: float
    hit: bool
    area: float


@dataclass(eq=False)
class Gathered:
    """The maps of several answers of one class: their mean (rows, columns), the mean of their pictures, the surest."""

    count: int = 0
    map: NDArray[np.float64] | None = None
    picture: NDArray[np.float64] | None = None
    examples: list[Example] = field(default_factory=list)
    places: Places = field(default_factory=Places)

    def take(self, known: Known, name: str, subject: Subject, found: ImportanceMap) -> None:
        """Take in the map of one more picture. Each counts alike, however large its values are."""
        positive = np.maximum(np.nan_to_num(found.seen), 0)
        share = positive / (positive.sum() or 1.0)
        cells = cells_of(share, _grid(subject.sides))
        picture = cells_of(_grey(subject.array), _grid(subject.sides))
        self.map = cells if self.map is None else self.map + (cells - self.map) / (self.count + 1)
        self.picture = picture if self.picture is None else self.picture + (picture - self.picture) / (self.count + 1)
        self.count += 1
        if known.places is not None and (place := place_of(found.values, known.places, name)):
            self.places.append(place)
        self._show(Example(known.name, found.score, known.truth, _drawn(subject, found)))

    def _show(self, example: Example) -> None:
        self.examples = sorted([*self.examples, example], key=lambda each: -each.score)[:_STRONGEST]


@final
@dataclass(eq=False)
class ClassMaps:
    """What was gathered of the class called `name`; `pictures` are those answered so, rightly and wrongly."""

    name: str
    right_answers: int
    wrong_answers: int
    missed: int  # pictures of the class that were answered otherwise
    right: Gathered = field(default_factory=Gathered)
    wrong: Gathered = field(default_factory=Gathered)
    tried: list[Tried] = field(default_factory=list)

    @property
    def places(self) -> Places:
        """Of right and wrong answers together."""
        return Places([*self.right.places, *self.wrong.places])

    def to_json(self) -> dict[str, Any]:
        """Numbers by name; pictures are on the page."""
        return {
            "class": self.name,
            "right_answers": self.right_answers,
            "wrong_answers": self.wrong_answers,
            "missed": self.missed,
            "maps": {"right": self.right.count, "wrong": self.wrong.count},
            "places": {name: each._asdict() for name, each in self.places.measured().items()} if self.places else None,
            "regions": [each.to_json() for each in self.tried],
        }


@dataclass(frozen=True)
class Gathering:
    """How maps are gathered: of at most `pictures` right, and as many wrong answers of a class, by one `method`.

    Of all classes, or of `only` one.
    """

    network: ExplainedModel
    method_name: str
    method: Method
    pictures: int = 12
    max_megapixels: float = 100.0
    only: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The classes that are looked at: all, or `only` one; raises `UserError` where there is none such."""
        names = self.network.model.classes
        return names if self.only is None else (names[class_index(self.only, names)],)

    def classes(self, known: Sequence[Known]) -> Iterator[ClassMaps]:
        """What was gathered of each class that is true of a picture or was answered, as it is ready."""
        for name in self.names:
            answered = [each for each in known if name in each.answer]
            right = [each for each in answered if name in each.truth]
            missed = sum(name in each.truth and name not in each.answer for each in known)
            if answered or missed:
                found = ClassMaps(name, len(right), len(answered) - len(right), missed)
                subjects = self._gather(found.right, name, some_of(right, self.pictures))
                wrong = [each for each in answered if name not in each.truth]
                self._gather(found.wrong, name, some_of(wrong, self.pictures))
                others = [each for each in known if name not in each.answer and name not in each.truth]
                found.tried = self._tried(name, found.right, subjects, others)
                yield found

    def _gather(self, into: Gathered, name: str, known: Iterable[Known]) -> list[Subject]:
        """Take in the maps of `known`; returns what they are of."""
        subjects = []
        for each in known:
            if subject := self._subject(each, name):
                found = map_of(subject, self.method_name, self.method)
                into.take(each, name, subject, found)
                subjects.append(subject)
        return subjects

    def _tried(self, name: str, right: Gathered, subjects: list[Subject], others: list[Known]) -> list[Tried]:
        """Interventions where a class is true of the whole picture; a thing that has a place is pasted as such."""
        if right.map is None or issubclass(self.network.model.reader.result, Placing):
            return []
        asked = [self._subject(each, name) for each in some_of(others, _OTHERS)]
        return try_regions(name, right.map, subjects, [each for each in asked if each])

    def _subject(self, known: Known, name: str) -> Subject | None:
        """A picture asked about the class; None where nothing of it can be asked, such as a box that was not found."""
        try:
            return self.network.subject(known.picture, name, self.max_megapixels)
        except (NothingThereError, ImageError):
            return None


def answers_of(network: ExplainedModel, pictures: Sequence[Picture], max_megapixels: float) -> Iterator[Result | None]:
    """What the network answers to each picture; None where it cannot be read."""
    for prediction in network.model.predict_many(list(pictures), max_megapixels=max_megapixels):
        yield prediction.result


def names_of(result: Result) -> frozenset[str]:
    """The classes that a result names."""
    return frozenset(result.class_names()) if isinstance(result, Naming) else frozenset()


def place_of(values: NDArray[np.float64], places: Placing, name: str) -> Place | None:
    """Where a map (height, width) lies beside where the class called `name` is; None where neither is anywhere.

    Where the class is not one of those known there, all of these count.
    """
    names = places.class_names()
    regions = [places.region(each) for each in (names if name not in names else (name,))]
    if not regions or regions[0].shape != values.shape:
        return None
    inside = np.any(regions, axis=0)
    seen = ~np.isnan(values)
    positive = np.where(seen, np.maximum(values, 0), 0.0)
    if not positive.sum() > 0 or not inside.any():
        return None
    largest = np.unravel_index(int(positive.argmax()), positive.shape)
    area = float((inside & seen).sum() / seen.sum())
    return Place(float(positive[inside].sum() / positive.sum()), bool(inside[largest]), area)


def some_of(known: Sequence[Known], most: int) -> list[Known]:
    """At most so many, evenly spread."""
    return [known[index] for index in np.linspace(0, len(known) - 1, min(most, len(known))).astype(int)]


def cells_of(values: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.float64]:
    """Values (rows, columns) as means, or bilinear, over so many rows and columns."""
    image = Image.fromarray(values.astype(np.float32))
    finer = shape[0] > values.shape[0]
    resized = image.resize(shape[::-1], Image.Resampling.BILINEAR if finer else Image.Resampling.BOX)
    return np.asarray(resized, np.float64)


def _grid(sides: tuple[int, int]) -> tuple[int, int]:
    height, width = sides
    return min(height, GRID), min(width, GRID)


def _grey(array: NDArray[Any]) -> NDArray[np.float64]:
    """What the network sees (height, width, channels) as one channel."""
    found: NDArray[np.float64] = array.astype(np.float64).mean(axis=2)
    return found


def _drawn(subject: Subject, found: ImportanceMap) -> Image.Image:
    """The original, small, under its map."""
    image = subject.original().convert("RGB")
    scale = _SIDE / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    small = image.resize(size, Image.Resampling.LANCZOS if scale < 1 else Image.Resampling.NEAREST)
    values = cells_of(np.nan_to_num(found.values), size[::-1])
    return overlaid(small, values, found.signed, found.end)


def by_stem(names: Sequence[str], targets: Sequence[Result]) -> Mapping[str, Placing]:
    """Targets that know places by the names of their pictures without folder and suffix."""
    stems = (name.rsplit("/", 1)[-1].rsplit(".", 1)[0] for name in names)
    return {stem: target for stem, target in zip(stems, targets, strict=True) if isinstance(target, Placing)}
