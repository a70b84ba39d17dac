"""What is seen of a ranking's methods on a few pictures: whether maps stay under noise, other seeds, fresh weights."""

from pathlib import Path
from typing import Any

from convsight.errors import UserError
from convsight.explain.evidence.cells import Cells
from convsight.explain.evidence.made_maps import MadeMaps
from convsight.explain.evidence.ranking import Checks, Ranking, write_ranking
from convsight.explain.evidence.steadiness import sensitivity, stability
from convsight.explain.method import make_method
from convsight.explain.subject import Subject
from convsight.progress import Listener
from convsight.training_half import training_half

_VARIED = 3  # pictures that are varied by noise and seeds
_FRESH = 10  # pictures that are explained by fresh weights too


def checked(ranking: Ranking, maps: MadeMaps, file: Path, listener: Listener) -> Ranking:
    """`ranking` with what was missing of its methods, written to `file` after each."""
    missing = [name for name in ranking.methods if name not in ranking.checks]
    subjects = maps.some(_FRESH) if missing else []
    with listener.counting("checking", len(missing)) as advance:
        for name in missing:
            found = _seen_of(name, subjects, maps)
            ranking = ranking.model_copy(update={"checks": {**ranking.checks, name: found}})
            write_ranking(ranking, file)
            advance(1)
    return ranking


def _seen_of(name: str, subjects: list[Subject], maps: MadeMaps) -> Checks:
    varied = subjects[:_VARIED]
    method = make_method(name, maps.options)
    try:
        changes = [sensitivity(subject, method, method.importance(subject)) for subject in varied]
        agreements = [stability(subject, Cells(subject.sides), name, maps.options) for subject in varied]
    except UserError:  # of a single picture that a method cannot explain
        return Checks()
    fresh = _by_fresh_weights(name, subjects, maps)
    known = [each for each in agreements if each is not None]
    return Checks(
        sensitivity=max((each for each in changes if each is not None), default=None),
        stability=sum(known) / len(known) if known else None,
        dependence=fresh and fresh["verdict"],
        fresh=fresh,
    )


def _by_fresh_weights(name: str, subjects: list[Subject], maps: MadeMaps) -> dict[str, Any] | None:
    """How alike maps by fresh weights are; None of fewer pictures, and where there are none: exported, no PyTorch."""
    if len(subjects) < _FRESH:
        return None
    try:
        randomise = training_half("convsight.inside.randomise")
        subjects[0].open_network()  # before any map is made in vain
        found = randomise.randomised(name, subjects, maps.options)
    except UserError:
        return None
    told: dict[str, Any] = found.to_json()
    return told
