"""Real pictures to look inside with: those that a run held back, or those of other data."""

from pathlib import Path
from typing import NamedTuple

from convsight.card import Card
from convsight.datasets import read_for
from convsight.datasets.examples import Examples
from convsight.datasets.read_examples import read_examples
from convsight.progress import Listener
from convsight.runtime.evaluate import judged_split, own_data
from convsight.spread import evenly
from convsight.tasks.adoption import data_for


class RealPictures(NamedTuple):
    """Loaded pictures with what is true of them, their names, and what data they are of."""

    source: str
    names: list[str]
    examples: Examples


def real_pictures(
    name: str | Path, card: Card, data: str | None, count: int, listener: Listener, max_megapixels: float = 100.0
) -> RealPictures:
    """At most `count` pictures, evenly spread, of `data`, by default of what the run called `name` was judged on.

    Unreadable ones are left out, which is said. Raises `UserError` where a file alone does not know its data.
    """
    if data is None:
        dataset, settings = own_data(name, card)
        max_megapixels = settings.max_megapixels
    else:
        dataset = read_for(data_for(data, card.task), card.task, card.target)
    split = judged_split(dataset)
    chosen = split.select(evenly(len(split), count), split.name)
    read = read_examples(
        dataset.source,
        {chosen.name: chosen},
        card.input,
        listener,
        skip_unreadable=True,
        workers=2,
        max_megapixels=max_megapixels,
    )[chosen.name]
    return RealPictures(dataset.source, list(read.split.names), read.examples)
