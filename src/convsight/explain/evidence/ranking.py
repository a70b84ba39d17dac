"""`Ranking`: what was measured of several methods on pictures of one data set, stored with the network it is of."""

from pathlib import Path
from typing import Any, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from convsight.errors import UserError
from convsight.explain.evidence.references import BLOB, EDGES, OTHER
from convsight.explain.evidence.verdict import Floats, Judgement, Verdict, judge
from convsight.files import write_atomic
from convsight.printing import json_document

_VERDICTS = list(Verdict)


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RankingKey(_Record):
    """What a ranking is of: another model, other data or options make another ranking.

    `model` is the fingerprint of its card, `options` are those of the methods, `wanted` how many pictures were asked
    for, drawn by `seed`.
    """

    model: str
    net: str
    data: str
    wanted: int = Field(ge=1)
    seed: int
    options: dict[str, Any] = Field(default_factory=dict)


class OnPicture(_Record):
    """One method on one picture: E by blur and by the data's mean, E of `other`, a map of another picture, and ROAD.

    E is None where hiding everything changes too little; `untold` is the infidelity's share, None of maps without unit.
    """

    e: FiniteFloat | None
    e_mean: FiniteFloat | None
    other: FiniteFloat | None
    road: FiniteFloat
    untold: FiniteFloat | None = None
    seconds: FiniteFloat = Field(ge=0)


class RankedPicture(_Record):
    """One picture: what was asked about it, E of the references that are of it alone, and what the methods reached."""

    name: str
    about: str
    score: FiniteFloat
    blob: FiniteFloat | None
    edges: FiniteFloat | None
    methods: dict[str, OnPicture] = Field(default_factory=dict)


class Checks(_Record):
    """What was seen on a few pictures: the largest sensitivity, the mean stability, and what `fresh` weights say.

    None where it does not apply: a method without chance, a network whose weights cannot be drawn anew.
    """

    sensitivity: FiniteFloat | None = None
    stability: FiniteFloat | None = None
    dependence: str | None = None
    fresh: dict[str, Any] | None = None


class Ranking(_Record):
    """`pictures` are those done so far; `left_out` says why a method does not apply, `unread` why a picture is missing.

    `examples` are a map for each method, of one of the pictures: what later pictures are compared with.
    """

    of: RankingKey
    pictures: tuple[RankedPicture, ...] = ()
    unread: dict[str, str] = Field(default_factory=dict)
    left_out: dict[str, str] = Field(default_factory=dict)
    checks: dict[str, Checks] = Field(default_factory=dict)
    examples: dict[str, list[list[FiniteFloat]]] = Field(default_factory=dict)

    @property
    def methods(self) -> list[str]:
        """Those that were measured, as they came."""
        return list(dict.fromkeys(name for picture in self.pictures for name in picture.methods))

    @property
    def judgements(self) -> dict[str, Judgement]:
        """The verdict on each method, the most trusted first: by verdict, then by how much it is better at least."""
        found = {name: self.judged(name) for name in self.methods}
        return dict(sorted(found.items(), key=lambda item: _trust(item[1]), reverse=True))

    def rows(self, method: str) -> list[OnPicture]:
        """What was measured of a method."""
        return [picture.methods[method] for picture in self.pictures if method in picture.methods]

    def with_picture(self, picture: RankedPicture) -> Self:
        """The same with one picture more, or with more of the one that has its name."""
        others = {each.name: each for each in self.pictures}
        return self.model_copy(update={"pictures": tuple({**others, picture.name: picture}.values())})

    def to_json(self) -> dict[str, Any]:
        """The record, and the verdicts that follow from it, the most trusted method first."""
        return {
            "verdicts": {name: judgement_json(each) for name, each in self.judgements.items()},
            "ranking": self.model_dump(mode="json"),
        }

    def judged(self, method: str) -> Judgement:
        """The verdict on one method that was measured."""
        there = [picture for picture in self.pictures if method in picture.methods]
        references = {
            OTHER: _numbers([picture.methods[method].other for picture in there]),
            BLOB: _numbers([picture.blob for picture in there]),
            EDGES: _numbers([picture.edges for picture in there]),
        }
        depends = {str(Verdict.OTHER_CAUSE): False}.get(self.checks.get(method, Checks()).dependence or "")
        return judge(_numbers([picture.methods[method].e for picture in there]), references, depends)


def judgement_json(judgement: Judgement) -> dict[str, Any]:
    """A verdict with what it is made of."""
    return {
        "verdict": str(judgement.verdict),
        "why": judgement.why,
        "pictures": judgement.pictures,
        "defined": judgement.defined,
        "e": judgement.e and judgement.e._asdict(),
        "beyond": {name: each._asdict() for name, each in judgement.beyond.items()},
    }


def read_ranking(file: Path) -> Ranking | None:
    """The ranking in `file`, None where there is no such file; raises `UserError` where it is damaged."""
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read {file}: {error}") from error
    try:
        return _Stored.model_validate_json(text).ranking
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise UserError(f"{file} is no ranking, at {place!r}: {first['msg']}; remove it, and rank anew") from error


def write_ranking(ranking: Ranking, file: Path) -> None:
    """Write it whole or not at all; raises `UserError` where that cannot be."""
    write_atomic(file, json_document(ranking.to_json()) + "\n")


class _Stored(BaseModel):
    """The file: verdicts are made anew from the record, whatever it says of them."""

    ranking: Ranking


def _trust(judgement: Judgement) -> tuple[int, float, float]:
    return -_VERDICTS.index(judgement.verdict), judgement.least, judgement.e.value if judgement.e else -1.0


def _numbers(values: list[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], np.float64)
