"""Ranking: all methods on pictures of one data set, picture by picture, so that what is done stays done."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from convsight.datasets import Dataset
from convsight.errors import UserError, unknown_name
from convsight.explain.evidence.checking import checked
from convsight.explain.evidence.drawn import drawn_pictures
from convsight.explain.evidence.infidelity import infidelity
from convsight.explain.evidence.judged_picture import JudgedPicture
from convsight.explain.evidence.made_maps import MadeMaps
from convsight.explain.evidence.place import model_fingerprint, ranking_file
from convsight.explain.evidence.ranking import (
    OnPicture,
    RankedPicture,
    Ranking,
    RankingKey,
    read_ranking,
    write_ranking,
)
from convsight.explain.evidence.references import BLOB, EDGES
from convsight.explain.evidence.road import road
from convsight.explain.evidence.verdict import LEAST_PICTURES
from convsight.explain.explain import ExplainedModel
from convsight.explain.method import METHODS, MethodOptions
from convsight.progress import Listener

_SAMPLES = 1000  # of methods that draw them, where nobody says how many: maps later take more, and are no worse for it
_DIGITS = 4  # of the numbers of an example, of which only the order counts


@dataclass(frozen=True)
class RankOptions:
    """What is ranked: `methods`, all that apply where none is named, on `pictures` of `data`, drawn by the seed.

    Without `data` they are those that the run held back for the test.
    """

    data: str | Path | Dataset | None = None
    pictures: int = LEAST_PICTURES
    methods: Sequence[str] = ()
    method: MethodOptions = field(default_factory=MethodOptions)
    max_megapixels: float = 100.0


def rank(network: ExplainedModel, options: RankOptions, listener: Listener) -> Ranking:
    """All methods on the same pictures, with a verdict on each; stored with the network after each picture.

    What the same call has done before is not done again. Raises `UserError` for an unknown method, and where there is
    no picture to rank on, or no method applies.
    """
    for name in options.methods:
        if name not in METHODS:
            raise unknown_name("method", name, METHODS)
    if options.method.samples is None:
        options = replace(options, method=replace(options.method, samples=_SAMPLES))
    card, origin = network.model.card, network.model.origin
    if origin is None:
        raise UserError("where this model is stored is not known: name its run or file, with which the ranking is kept")
    drawn = drawn_pictures(origin.name, options.data, card, network.spec, options.pictures, options.method.seed)
    file = ranking_file(origin.name)
    key = _key(model_fingerprint(card), card.net, drawn.source, options)
    stored = read_ranking(file)
    ranking = stored if stored is not None and stored.of == key else Ranking(of=key)
    if ranking.pictures:
        listener.say(f"{file} holds {len(ranking.pictures)} of {len(drawn.names)} pictures already")
    maps = MadeMaps(network, drawn, options.method, options.max_megapixels)
    ranking = _measured(ranking, maps, list(options.methods or METHODS), file, listener)
    if not ranking.methods:
        reasons = {**maps.refused, **maps.unread}
        raise UserError(f"nothing to rank on {drawn.source}: {next(iter(reasons.values()), 'it holds no pictures')}")
    return checked(ranking, maps, file, listener)


def _key(model: str, net: str, data: str, options: RankOptions) -> RankingKey:
    chosen = {name: value for name, value in asdict(options.method).items() if name in options.method.given()}
    return RankingKey(
        model=model, net=net, data=data, wanted=options.pictures, seed=options.method.seed, options=chosen
    )


def _measured(ranking: Ranking, maps: MadeMaps, methods: list[str], file: Path, listener: Listener) -> Ranking:
    """`ranking` with what was missing of any picture, written after each."""
    done = {picture.name: picture for picture in ranking.pictures}
    with listener.counting("ranking", len(maps.drawn.names)) as advance:
        for place, name in enumerate(maps.drawn.names):
            known = done.get(name)
            missing = [each for each in methods if known is None or each not in known.methods]
            # A method that could not explain one picture and has explained none does not apply.
            missing = [each for each in missing if each not in maps.refused or each in ranking.methods]
            picture = _picture(place, missing, known, maps) if missing else None
            if picture is not None:
                ranking = _grown(ranking, picture, place, maps)
                write_ranking(ranking, file)
            advance(1)
    return ranking


def _picture(place: int, methods: list[str], known: RankedPicture | None, maps: MadeMaps) -> RankedPicture | None:
    """What `methods` reach on the picture at `place`, beside what is `known` of it; None where it cannot be read."""
    others = {name: maps.before(place, name) for name in methods}
    subject = maps.subject(place)
    if subject is None:
        return None
    judged = JudgedPicture(subject)
    rows = {} if known is None else dict(known.methods)
    for name in methods:
        made, other = maps.of(place, name), others[name]
        if made is None:
            continue
        told = infidelity(judged.blurred, made.values) if made.in_unit and judged.blurred.is_defined else None
        rows[name] = OnPicture(
            e=judged.e(made.values),
            e_mean=judged.e_by_mean(made.values),
            other=None if other is None else judged.e(other.values),
            road=road(subject, judged.cells, made.values),
            untold=None if told is None else told.untold,
            seconds=made.seconds,
        )
    if known is not None:
        return known.model_copy(update={"methods": rows})
    return RankedPicture(
        name=maps.drawn.names[place],
        about=subject.question.words,
        score=subject.score,
        blob=judged.chance.get(BLOB),
        edges=judged.chance.get(EDGES),
        methods=rows,
    )


def _grown(ranking: Ranking, picture: RankedPicture, place: int, maps: MadeMaps) -> Ranking:
    """`ranking` with `picture`, and its maps as examples of those methods that had none."""
    examples = dict(ranking.examples)
    for name in picture.methods:
        made, subject = maps.of(place, name) if name not in examples else None, maps.subject(place)
        if made is not None and subject is not None:
            cells = JudgedPicture(subject).cells
            means = cells.means(made.values).reshape(cells.grid)
            examples[name] = [[float(f"{value:.{_DIGITS}g}") for value in row] for row in means]
    left_out = {name: why for name, why in maps.refused.items() if name not in [*ranking.methods, *picture.methods]}
    return ranking.with_picture(picture).model_copy(
        update={"examples": examples, "left_out": left_out, "unread": dict(maps.unread)}
    )
