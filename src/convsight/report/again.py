"""A run judged once more on its own test images, in a given order, so that it can be held against another."""

from dataclasses import dataclass

import numpy as np

from convsight.datasets.read_examples import read_examples
from convsight.errors import UserError
from convsight.progress import Listener
from convsight.run import Run
from convsight.runtime.evaluate import own_data
from convsight.runtime.judge import judge
from convsight.runtime.mistakes import MistakeCollector
from convsight.runtime.model import load
from convsight.tasks.reader import Metrics


@dataclass(frozen=True)
class JudgedAgain:
    """What the network of a run answers to the images called `names`: metrics, and all that is wrong, by position."""

    names: tuple[str, ...]
    metrics: Metrics
    wrong: MistakeCollector


def judged_again(run: Run, split: str, names: tuple[str, ...], listener: Listener, workers: int = 2) -> JudgedAgain:
    """The network of `run` on the images called `names` of its `split`, in that order.

    Raises `UserError` where its data are not as they were, or an image cannot be read.
    """
    dataset, settings = own_data(run.path, run.card)
    there = dataset.split(split)
    places = {name: place for place, name in enumerate(there.names)}
    missing = [name for name in names if name not in places]
    if missing:
        raise UserError(f"{dataset.source} has no image {missing[0]} in {split} any more")
    chosen = there.select(np.array([places[name] for name in names]))
    model = load(run.path)
    read = read_examples(
        dataset.source,
        {split: chosen},
        model.card.input,
        listener,
        skip_unreadable=False,
        workers=workers,
        max_megapixels=settings.max_megapixels,
    )[split]
    wrong = MistakeCollector()
    with listener.counting(f"judging {run.path.name}", len(names)) as advance:
        metrics = judge(model.engine, model.reader, read.examples, advance, wrong.take)
    return JudgedAgain(names, metrics, wrong)
