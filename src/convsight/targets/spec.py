"""`TargetSpec`: what is asked about an input; `Targets`: what is true of many."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from convsight.results import Result


class Targets(Protocol):
    """What is true of every example of a split, in order; `results.Labels` is one."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> Result: ...

    def select(self, positions: NDArray[np.integer[Any]]) -> Self:
        """The targets at `positions`, in that order."""
        ...

    def to_find(self) -> int:
        """How many things there are that predictions can be judged by."""
        ...

    def strata(self) -> NDArray[np.int64]:
        """The group, as an index, that each example counts for when splits are cut; shape (examples,)."""
        ...

    def lines(self) -> Iterable[str]:
        """Each target as one line of text, equal if and only if the targets are: what a fingerprint sees."""
        ...


@runtime_checkable
class ClassTargets(Targets, Protocol):
    """Targets that name classes: labels, boxes with labels."""

    @property
    def fewest_classes(self) -> int:
        """With fewer classes than this there is nothing to learn."""
        ...

    def counts(self) -> dict[str, int]:
        """How many examples show each class."""
        ...

    def aligned(self, classes: tuple[str, ...]) -> Self:
        """The same targets by the indices of `classes`, which must hold every class that occurs."""
        ...


@runtime_checkable
class NamedTargets(Targets, Protocol):
    """Targets of so many parts, each with a name: numbers, joints."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the parts, in order."""
        ...


class TargetSpec(BaseModel, ABC):
    """What a network is asked for. It stands on the card, so that a model file alone tells what its outputs mean.

    Every kind has a `kind` that tells it from the others in JSON. Abstract or final.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    names: tuple[str, ...]

    @property
    @abstractmethod
    def outputs(self) -> int:
        """How many numbers a network's head has: one a class, a joint's two coordinates, ..."""

    @property
    @abstractmethod
    def scale(self) -> tuple[float, ...]:
        """What a difference of each output is a share of: 1 for a probability, a standard deviation for a number.

        Whether an exported network still answers the same is judged by shares of it.
        """

    @abstractmethod
    def fitted(self, train: Targets) -> Self:
        """The same, with what is measured on the targets of the training split."""

    def unfitted(self) -> Self:
        """The same, without what is measured: equal for all data that ask for the same."""
        return self

    def meaning(self) -> list[Any]:
        """The names, and what else tells what targets mean, as JSON: what a fingerprint of data sees."""
        return list(self.names)

    @abstractmethod
    def check(self, source: str, splits: Mapping[str, Targets]) -> list[str]:
        """Notes for the user on the targets of the splits (by name) of the data at `source`.

        Raises `UserError` where a network cannot be trained on them.
        """

    @abstractmethod
    def aligned(self, source: str, targets: Targets, hint: str = "") -> Targets:
        """`targets` of the data at `source` as this specification counts them, for a network that was trained on it.

        Raises `UserError`, with `hint` behind it, where they hold what the network does not know.
        """

    @property
    def labels(self) -> tuple[str, ...]:
        """The names as people read them: those of numbers with their units."""
        return self.names

    @property
    def summary(self) -> str:
        """What is predicted, in a few words.

        >>> from convsight.targets import Classes
        >>> Classes(names=("cat", "dog")).summary
        '2 classes'
        """
        count = len(self.names)
        return f"{count:,} {self.noun if count == 1 else self.nouns}"

    @property
    @abstractmethod
    def noun(self) -> str:
        """What one of its `names` is called: "class"."""

    @property
    def nouns(self) -> str:
        """Several of them."""
        return f"{self.noun}es" if self.noun.endswith("s") else f"{self.noun}s"


@runtime_checkable
class FromArray(Protocol):
    """A specification whose targets can be read from an array alone."""

    def of_array(self, values: NDArray[Any]) -> Targets:
        """Targets from an array whose first axis counts examples; raises `UserError` where it does not fit."""
        ...
