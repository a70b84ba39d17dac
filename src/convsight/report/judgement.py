"""`Judgement`: what was found out when a network was judged, beyond its metrics: `judged.json` of a run."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, FiniteFloat, ValidationError

from convsight.errors import UserError
from convsight.files import write_atomic
from convsight.run import Run
from convsight.runtime.mistakes import MistakeCollector
from convsight.tasks.reader import Metrics, confusions_of, remarks_of

_MOST_CLASSES = 30  # of a table of confusions: beyond that nobody reads it
_MOST_GROUPS = 200
_MOST_PICTURES = 12  # of a group of mistakes
_MOST_WORDS = 5  # kinds of mistakes of a picture that are told


class _Stored(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Table(_Stored):
    """How often each of `rows` (the truth) was taken for each of `columns`, in so many of `what`.

    `figure` is the stem of a drawn figure that shows the same.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    what: str
    figure: str


class WrongPicture(_Stored):
    """A picture with a mistake of a group: its name among the judged, how bad it is, and where, in pixels."""

    name: str
    severity: FiniteFloat
    xyxy: tuple[float, float, float, float] | None = None


class Group(_Stored):
    """Mistakes of one kind: what is true, what was said, how often, and the worst pictures."""

    kind: str
    target: str
    prediction: str
    count: int
    pictures: tuple[WrongPicture, ...]


class Worst(_Stored):
    """One of the worst pictures: its name, what is wrong in words, and a drawing of it as the source of an `img`.

    A `broad` drawing is several times as wide as it is high.
    """

    name: str
    words: tuple[str, ...]
    picture: str | None = None
    broad: bool = False


class Judgement(_Stored):
    """What was found out about the pictures of `split`.

    `wrong` of them have mistakes, which `how` says in words; `verdict` and `advice` are those of the training.
    """

    format: int = 1
    split: str
    images: int
    wrong: int
    how: str
    verdict: str = ""
    advice: str = ""
    remarks: tuple[str, ...] = ()
    table: Table | None = None
    groups: tuple[Group, ...] = ()
    more_groups: int = 0
    worst: tuple[Worst, ...] = ()


class Drawn(NamedTuple):
    """A drawing as the source of an `img`, and whether it is several times as wide as it is high."""

    source: str
    broad: bool = False


class Verdict(NamedTuple):
    """What a training says of itself: a word, and the paragraph that explains it."""

    word: str = ""
    text: str = ""


_NONE = Verdict()


def judged_file(run: Run) -> Path:
    """Where the judgement of a run lies."""
    return run.path / "judged.json"


def judgement_of(
    split: str,
    metrics: Metrics,
    wrong: MistakeCollector,
    names: Sequence[str],
    classes: Collection[str],
    how: str,
    verdict: Verdict = _NONE,
    pictures: Mapping[int, Drawn] | None = None,
) -> Judgement:
    """What `metrics` and the mistakes of the pictures called `names` tell.

    Mistakes are put together by what was taken for what, where one of both is among `classes`. `pictures` are drawings
    of the worst by their position.
    """
    groups = _groups(wrong, names, frozenset(classes))
    return Judgement(
        split=split,
        images=len(names),
        wrong=len(wrong.mistakes),
        how=how,
        verdict=verdict.word,
        advice=verdict.text,
        remarks=tuple(remarks_of(metrics)),
        table=_table(metrics),
        groups=tuple(groups[:_MOST_GROUPS]),
        more_groups=max(0, len(groups) - _MOST_GROUPS),
        worst=tuple(_worst(wrong, names, pictures or {})),
    )


def told_as(kind: str, target: str, prediction: str) -> str:
    """A mistake in words; what kind it is, where what is true and what was said do not tell it.

    >>> told_as("class", "dog", "cat"), told_as("place", "dog", "dog")
    ('dog told as cat', 'dog told as dog (place)')
    """
    return f"{target} told as {prediction}" + (f" ({kind})" if kind != "class" else "")


def write_judgement(run: Run, judgement: Judgement) -> None:
    """Write `judged.json` of `run`."""
    write_atomic(judged_file(run), judgement.model_dump_json(exclude_defaults=True) + "\n")


def read_judgement(run: Run) -> Judgement | None:
    """The judgement of `run`; None where none was kept. Raises `UserError` where it cannot be read."""
    place = judged_file(run)
    if not place.is_file():
        return None
    try:
        return Judgement.model_validate_json(place.read_bytes())
    except OSError as error:
        raise UserError(f"cannot read {place}: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "its beginning"
        raise UserError(f"{place} is no judgement: at {where}: {first['msg']}") from error


def _table(metrics: Metrics) -> Table | None:
    found = confusions_of(metrics)
    if found is None or len(found.rows) > _MOST_CLASSES:
        return None
    counts = tuple(map(tuple, found.counts.tolist()))
    return Table(rows=found.rows, columns=found.columns, counts=counts, what=found.what, figure=found.figure)


def _groups(wrong: MistakeCollector, names: Sequence[str], classes: frozenset[str]) -> list[Group]:
    """The mistakes by kind, truth and prediction, the most frequent first."""
    counts: dict[tuple[str, str, str], int] = defaultdict(int)
    pictures: dict[tuple[str, str, str], dict[int, WrongPicture]] = defaultdict(dict)
    for position in wrong.order:
        for mistake in wrong.mistakes[position]:
            if not classes & {mistake.target, mistake.prediction}:
                continue
            key = (mistake.kind, mistake.target, mistake.prediction)
            counts[key] += 1
            if len(pictures[key]) < _MOST_PICTURES:
                found = WrongPicture(name=names[position], severity=mistake.severity, xyxy=mistake.xyxy)
                pictures[key].setdefault(position, found)
    keys = sorted(counts, key=lambda key: (-counts[key], key))
    return [
        Group(kind=kind, target=target, prediction=said, count=counts[key], pictures=tuple(pictures[key].values()))
        for key in keys
        for kind, target, said in [key]
    ]


def _worst(wrong: MistakeCollector, names: Sequence[str], pictures: Mapping[int, Drawn]) -> list[Worst]:
    found = []
    for each in wrong.worst:
        told = Counter(told_as(*mistake[:3]) for mistake in wrong.mistakes[each.position])
        words = [words if count == 1 else f"{count} times {words}" for words, count in told.most_common(_MOST_WORDS)]
        words += [f"and {len(told) - _MOST_WORDS} others"] if len(told) > _MOST_WORDS else []
        source, broad = pictures.get(each.position) or (None, False)
        found.append(Worst(name=names[each.position], words=tuple(words), picture=source, broad=broad))
    return found
