"""`WholeData`: the pictures of a whole data set, with what is true of each where that is known."""

from dataclasses import dataclass

from convsight.card import Card
from convsight.datasets import Dataset, apply_splits_csv, read_for
from convsight.errors import UserError
from convsight.results import Result
from convsight.run import Run
from convsight.runtime.evaluate import is_of_training, judged_split, own_data
from convsight.runtime.sources import Item
from convsight.serve.explore.samples import Sample, pictures_in
from convsight.spread import evenly
from convsight.tasks.adoption import data_for

MOST = 2_000  # pictures; t-SNE takes about ten seconds of them, and people see no more in one plane


@dataclass(frozen=True)
class KnownPicture:
    """A picture, the part of the data it belongs to, and what is true of it, where that is known."""

    sample: Sample
    part: str = ""
    truth: Result | None = None


@dataclass(frozen=True)
class WholeData:
    """At most 2,000 `pictures`, spread evenly over the `count` that there are."""

    pictures: list[KnownPicture]
    count: int


def whole_data(name: str, card: Card, data: str | None) -> WholeData:
    """All splits of `data`, by default of what the run called `name` was trained on.

    `data` may also be pictures of which nothing is known. Raises `UserError` where there are none.
    """
    try:
        dataset = _dataset(name, card, data)
    except UserError:
        if data is None:
            raise
        samples, count = pictures_in(data, MOST)
        return WholeData([KnownPicture(each) for each in samples], count)
    places = [(part, n) for part, split in dataset.splits.items() for n in range(len(split))]
    return WholeData([_known(dataset, *places[n]) for n in evenly(len(places), MOST).tolist()], len(places))


def judged_data(name: str, card: Card, data: str | None) -> WholeData:
    """Of the same, the split that networks are judged on; raises `UserError` where nothing is known of the pictures."""
    try:
        dataset = _dataset(name, card, data)
    except UserError as error:
        if data is None:
            raise
        reason = f"what is true of the pictures in {data} is not known: name data with their answers ({error})"
        raise UserError(reason) from error
    split = judged_split(dataset)
    places = evenly(len(split), MOST).tolist()
    return WholeData([_known(dataset, split.name, n) for n in places], len(split))


def _dataset(name: str, card: Card, data: str | None) -> Dataset:
    """The data set; raises `UserError` where nothing is known of the pictures in `data`, and says why."""
    if data is None:
        return own_data(name, card)[0]
    dataset, run = read_for(data_for(data, card.task), card.task, card.target), Run.of_network(name)
    # By any name they are cut as for the training: what was learnt judges nothing.
    own = run is not None and is_of_training(dataset, card, run)
    return apply_splits_csv(dataset, run.splits()) if run is not None and own else dataset


def nothing_known() -> WholeData:
    """No pictures at all; raises `UserError` that says so."""
    raise UserError("no data are known: name them, as in convsight explore MODEL DATA")


def _known(dataset: Dataset, part: str, number: int) -> KnownPicture:
    split = dataset.splits[part]
    item = Item(split.names[number], lambda: split.images[number])
    return KnownPicture(Sample(item), part, split.targets[number])
