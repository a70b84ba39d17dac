"""`convsight explain --rank`: which methods to trust for a network, as a table or JSON."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table

from convsight.errors import UserError
from convsight.explain.evidence.choice import by_ranking
from convsight.explain.evidence.place import ranking_file
from convsight.explain.evidence.rank import RankOptions, rank
from convsight.explain.evidence.ranking import Ranking
from convsight.explain.evidence.references import REFERENCES
from convsight.explain.evidence.verdict import LEAST_PICTURES
from convsight.explain.explain import load_explained
from convsight.explain.method import MethodOptions
from convsight.metrics import Measured
from convsight.printing import json_document, print_fitting
from convsight.progress import Listener
from convsight.runtime.find_network import NetworkName
from convsight.words import counted, visible


@dataclass(frozen=True)
class RankVerb:
    """What a user names: a network, `data`, how many pictures of it, methods if not all."""

    network: NetworkName
    data: Sequence[str] = ()
    pictures: int = LEAST_PICTURES
    methods: Sequence[str] = ()
    method: MethodOptions = field(default_factory=MethodOptions)
    max_megapixels: float = 100.0


def rank_methods(asked: RankVerb, output: str, listener: Listener) -> None:
    """Rank, and print what came out; where the user stops, what is done stays, and the same call goes on."""
    if len(asked.data) > 1:
        raise UserError(f"--rank takes one data set or folder, not {len(asked.data)}; name the folder above them")
    network = load_explained(asked.network)
    listener.say(network.model.words)
    options = RankOptions(
        next(iter(asked.data), None), asked.pictures, asked.methods, asked.method, asked.max_megapixels
    )
    try:
        ranking = rank(network, options, listener)
    except KeyboardInterrupt:
        listener.say("stopped: finished pictures are kept, and the same command goes on with them")
        raise
    for name, why in [*ranking.left_out.items(), *ranking.unread.items()]:
        listener.say(f"note: without {name}: {why}")
    if output == "json":
        print(json_document(ranking.to_json()))
        return
    print_ranking(ranking)
    listener.say(
        f"stored in {ranking_file(asked.network.name)}: without --method, `explain` takes {by_ranking(ranking).method}"
    )


def print_ranking(ranking: Ranking) -> None:
    """A table of the methods, the most trusted first, and one of what a few pictures told besides."""
    console = Console(highlight=False, markup=False, emoji=False)
    print_fitting(console, [_verdicts(ranking, whole=True), _verdicts(ranking, whole=False)])
    for name, judgement in ranking.judgements.items():
        console.print(f"{name}: {judgement.verdict}; {judgement.why}", soft_wrap=True)
    console.print(_checks(ranking))


def _verdicts(ranking: Ranking, whole: bool) -> Table:
    """With intervals if `whole`, else with their lower ends alone."""
    pictures = counted(len(ranking.pictures), "picture")
    title = f"{visible(ranking.of.net)} on {pictures} of {visible(ranking.of.data)}: E, and by how much it is beyond"
    columns = ["method", "E", "E by mean", *REFERENCES, "ROAD", "s a picture", "verdict"]
    table = Table(*columns, title=title, title_justify="left")
    for name, judgement in ranking.judgements.items():
        rows = ranking.rows(name)
        by_mean = [row.e_mean for row in rows if row.e_mean is not None]
        table.add_row(
            name,
            _number(judgement.e and judgement.e.value),
            _number(_mean(by_mean)),
            *(_gap(judgement.beyond.get(reference), whole) for reference in REFERENCES),
            _number(_mean([row.road for row in rows])),
            f"{_mean([row.seconds for row in rows]) or 0:.2f}",
            str(judgement.verdict),
        )
    return table


def _checks(ranking: Ranking) -> Table:
    table = Table("method", "infidelity", "sensitivity", "same with other seeds", "fresh weights")
    for name in ranking.judgements:
        untold = [row.untold for row in ranking.rows(name) if row.untold is not None]
        seen = ranking.checks.get(name)
        numbers = [_mean(untold), *((seen.sensitivity, seen.stability) if seen else (None, None))]
        table.add_row(name, *map(_number, numbers), (seen and seen.dependence) or "-")
    return table


def _gap(measured: Measured | None, whole: bool) -> str:
    if measured is None:
        return "-"
    ends = measured.interval(" .. ", 2)
    return f"{measured.value:+.2f} [{ends}]" if whole and ends else f"{measured.value:+.2f} (from {measured.low:+.2f})"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None
