"""Where the ranking of a network is stored, and whether it is of the network that is there now."""

from pathlib import Path

from convsight.card import Card
from convsight.explain.evidence.ranking import Ranking, read_ranking
from convsight.run import RUNS, Run

NAME = "explain_ranking.json"


def ranking_file(name: str | Path) -> Path:
    """The file of the network called `name`: in its run folder, beside its file, or in `runs` if of a library."""
    run = Run.of_network(name)
    if run is not None:
        return run.path / NAME
    for path in (Path(name), RUNS / name):
        if path.is_dir():
            return path / NAME
        if path.is_file():
            return path.with_name(f"{path.stem}.{NAME}")
    return RUNS / f"{str(name).replace('/', '-')}.{NAME}"


def model_fingerprint(card: Card) -> str:
    """Of the network, whatever graph of it runs: exported files have the card of the one they came from."""
    return card.source().fingerprint()


def stored_ranking(name: str | Path, card: Card) -> Ranking | None:
    """The ranking of the network called `name` whose card is `card`; None where there is none, or it is of another."""
    found = read_ranking(ranking_file(name))
    return found if found is not None and found.of.model == model_fingerprint(card) else None
