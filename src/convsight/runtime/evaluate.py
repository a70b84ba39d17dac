"""Judging a trained network on data, its own test split or any other with the same classes."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from convsight.card import Card
from convsight.datasets import UNSPLIT, Dataset, Split, apply_splits_csv, fingerprint, read_dataset, read_for
from convsight.datasets.checks import check_judgeable
from convsight.datasets.read_examples import read_examples
from convsight.datasets.stored_splits import names_in_splits_csv
from convsight.errors import UserError
from convsight.metrics import Described, Measured, named
from convsight.progress import Listener
from convsight.run import Run
from convsight.runtime.judge import judge
from convsight.runtime.model import load
from convsight.settings import TrainSettings


@dataclass(frozen=True)
class Evaluation:
    """What a network reached: `metrics` by name, on `images` images of `data`; `described` says what they are."""

    data: str
    images: int
    metrics: dict[str, Measured]
    described: Described


def evaluate(
    path: str | Path,
    data: str | Path | Dataset | None,
    listener: Listener,
    *,
    split: str | None = None,
    skip_unreadable: bool = False,
    workers: int = 2,
    max_megapixels: float = 100.0,
    engine: str | None = None,
    precision: str | None = None,
) -> Evaluation:
    """Metrics of the network at `path` on `data`, named `test/...`, or after the split that the user chose.

    Without `data`, that of the run is judged, cut and read as it was for the training; so it is where `data` is the
    same, since a network knows what it was trained on. Without `split`, the split called test is judged, else val, else
    everything there is. Labels are matched by class name. Raises `UserError` for
    unknown classes, unreadable data, and images that cannot be read.
    """
    model = load(path, engine, precision)
    listener.say(model.words)
    if data is None:
        dataset, settings = own_data(path, model.card)
        skip_unreadable, max_megapixels = settings.skip_unreadable, settings.max_megapixels
    else:
        dataset = read_for(data, model.card.task, model.card.target)
        run = Run.of_network(path)
        if _is_of_training(dataset, model.card, run):
            dataset = _as_trained(path, run, dataset, listener)
    for note in dataset.notes:
        listener.say(f"note: {note}")
    chosen = dataset.split(split) if split else _judged_split(dataset)
    check_judgeable(dataset.source, chosen)
    read = read_examples(
        dataset.source,
        {chosen.name: chosen},
        model.card.input,
        listener,
        skip_unreadable=skip_unreadable,
        workers=workers,
        max_megapixels=max_megapixels,
    )
    examples = read[chosen.name].examples
    with listener.counting("judging", len(examples)) as advance:
        metrics = judge(model.engine, model.reader, examples, advance)
    prefix = "test" if chosen.name == UNSPLIT else chosen.name
    return Evaluation(dataset.source, len(examples), named(prefix, metrics.compute()), metrics.described())


def own_data(path: str | Path, card: Card) -> tuple[Dataset, TrainSettings]:
    """The data that the run at `path` was trained on, with its stored cut, and the run's settings."""
    run = Run.of_network(path)
    if run is None:
        what = "is a model file alone" if Path(path).is_file() else "holds a network without the data it was trained on"
        raise UserError(f"{path} {what}: give the data to judge it on")
    settings, _ = run.settings()
    dataset = apply_splits_csv(read_dataset(settings.data), run.splits())
    if dataset.target.names != card.target.names:
        held = f"the {dataset.target.nouns} {dataset.target.names}"
        raise UserError(f"{settings.data} now holds {held}; the run knows {card.target.names}")
    # Where images were left out the fingerprint is that of the rest, which is known only once all were read.
    if not settings.skip_unreadable and fingerprint(dataset) != card.data["fingerprint"]:
        raise UserError(f"{settings.data} has changed since {run.path} was trained; name it to judge it as it is now")
    return dataset, settings


def _is_of_training(dataset: Dataset, card: Card, run: Run | None) -> bool:
    """Whether `dataset` is what the network of `card`, that of `run` if there is one, was trained on.

    All images are read for that, but only where there are as many, and of the same names as far as these are known.
    """
    count = sum(len(split) for split in dataset.splits.values())
    if "fingerprint" not in card.data or sum(card.data.get("pictures", {"all": count}).values()) != count:
        return False
    if run is not None and run.splits_file.is_file():
        with suppress(UserError):  # damaged splits are reported where they are needed
            if names_in_splits_csv(run.splits()) != {name for split in dataset.splits.values() for name in split.names}:
                return False
    return fingerprint(dataset) == str(card.data["fingerprint"])


def _as_trained(path: str | Path, run: Run | None, dataset: Dataset, listener: Listener) -> Dataset:
    """`dataset`, which the network at `path` was trained on, in the own splits of `run`, if it has one."""
    if run is None:
        if "test" not in dataset.splits:
            listener.say(
                f"note: {path} was trained and chosen on most images of {dataset.source}, so that this is no test; "
                "give its run folder to judge what was held back"
            )
        return dataset
    listener.say(f"{dataset.source} is what the run was trained on: its own splits are judged")
    return apply_splits_csv(dataset, run.splits())


def _judged_split(dataset: Dataset) -> Split:
    return next(dataset.splits[name] for name in ("test", "val", UNSPLIT, "train") if name in dataset.splits)
