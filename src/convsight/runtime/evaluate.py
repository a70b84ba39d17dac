"""Judging a trained network on data, its own test split or any other with the same classes."""

from dataclasses import dataclass
from pathlib import Path

from convsight.card import Card
from convsight.datasets import (
    UNSPLIT,
    Dataset,
    Examples,
    FittedPictures,
    Split,
    Unreadable,
    apply_splits_csv,
    read_dataset,
)
from convsight.errors import UserError
from convsight.progress import Listener
from convsight.run import Run
from convsight.runtime.judge import judge
from convsight.runtime.model import load
from convsight.tasks.reader import Measured


@dataclass(frozen=True)
class Evaluation:
    """What a network reached: `metrics` by name, on `pictures` pictures of `data`."""

    data: str
    pictures: int
    metrics: dict[str, Measured]


def evaluate(
    path: str | Path,
    data: str | Path | None,
    listener: Listener,
    *,
    split: str | None,
    workers: int,
    max_megapixels: float,
) -> Evaluation:
    """Metrics of the network at `path` on `data`, named `test/...`, or after the split that the user chose.

    Without `data`, that of the run is judged, cut as it was for the training. Without `split`, the split called test
    is, else val, else everything there is. Labels are matched by class name. Raises `UserError` for unknown
    classes, unreadable data, and pictures that cannot be read.
    """
    model = load(path)
    dataset = _own_data(path) if data is None else read_dataset(data, classes=model.card.classes)
    for note in dataset.notes:
        listener.say(f"note: {note}")
    chosen = dataset.split(split) if split else _judged_split(dataset)
    examples = _examples(chosen, model.card, listener, workers, max_megapixels)
    with listener.counting("judging", len(examples)) as advance:
        metrics = judge(model.engine, model.reader, examples, advance).compute()
    prefix = split or "test"
    return Evaluation(dataset.source, len(examples), {f"{prefix}/{name}": value for name, value in metrics.items()})


def _own_data(path: str | Path) -> Dataset:
    """The data that the run at `path` was trained on, with its stored cut."""
    run = Run.open(path)
    settings, _ = run.settings()
    return apply_splits_csv(read_dataset(settings.data), run.splits_file.read_text(encoding="utf-8"))


def _judged_split(dataset: Dataset) -> Split:
    return next(dataset.splits[name] for name in ("test", "val", UNSPLIT, "train") if name in dataset.splits)


def _examples(split: Split, card: Card, listener: Listener, workers: int, max_megapixels: float) -> Examples:
    with listener.counting("reading pictures", len(split)) as advance:
        fitted, unreadable = FittedPictures.read(
            split, card.preprocessing, workers=workers, max_megapixels=max_megapixels, progress=advance
        )
    if unreadable:
        raise UserError(_listed(unreadable))
    return Examples(fitted, split.truths)


def _listed(unreadable: list[Unreadable]) -> str:
    lines = "\n".join(f"  {bad.name}: {bad.reason}" for bad in unreadable)
    return f"{len(unreadable)} pictures cannot be read; mend or remove them:\n{lines}"
