"""Methods whose worth is known beforehand, for the network that looks for red."""

from collections import Counter
from typing import ClassVar, final

import numpy as np
from numpy.typing import NDArray
from tests.explain.evidence.additive import pictures, redness

from convsight.errors import UserError
from convsight.explain.evidence.references import edges
from convsight.explain.method import Method, MethodEntry
from convsight.explain.subject import Subject

Floats = NDArray[np.float64]


@final
class TrueMap(Method):
    """What each pixel adds."""

    scale = "score"
    signed = False
    made: ClassVar[Counter[bytes]] = Counter()  # how often each picture was explained

    def importance(self, subject: Subject) -> Floats:
        self.made[subject.array.tobytes()] += 1
        return redness(subject.array)


@final
class OtherClass(Method):
    """What each pixel adds to the other answer."""

    scale = "score"
    signed = True

    def importance(self, subject: Subject) -> Floats:
        return -redness(subject.array)


@final
class OtherPicture(Method):
    """The true map of another picture of the same kind."""

    scale = "score"
    signed = False

    def importance(self, subject: Subject) -> Floats:
        return redness(next(pictures(1, seed=_number_of(subject))))


@final
class Numbers(Method):
    """Random numbers, others for each picture and seed."""

    scale = "relative"
    signed = True
    takes = frozenset({"seed"})

    def importance(self, subject: Subject) -> Floats:
        return np.random.default_rng((_number_of(subject), self.options.seed)).normal(size=subject.sides)


@final
class EdgeFilter(Method):
    """How fast the lightness changes."""

    scale = "relative"
    signed = False

    def importance(self, subject: Subject) -> Floats:
        return edges(subject)


@final
class Refusing(Method):
    """Applies to no network."""

    scale = "relative"
    signed = False

    def importance(self, subject: Subject) -> Floats:
        raise UserError("this network has no layer of that kind")


TOYS = {
    kind.__name__: MethodEntry(f"{__name__}:{kind.__name__}", str(kind.__doc__))
    for kind in (TrueMap, OtherClass, OtherPicture, Numbers, EdgeFilter, Refusing)
}


def _number_of(subject: Subject) -> int:
    """Another for each picture."""
    return int.from_bytes(np.flatnonzero(redness(subject.array))[:2].astype(np.uint8).tobytes()) + int(
        subject.array.astype(np.int64).sum()
    )
