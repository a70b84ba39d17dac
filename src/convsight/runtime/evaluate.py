"""Judging a trained network on data, its own test split or any other with the same classes."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convsight.card import Card
from convsight.datasets import UNSPLIT, Dataset, Split, apply_splits_csv, fingerprint, read_dataset, read_for
from convsight.datasets.checks import check_judgeable, check_same_target
from convsight.datasets.read_examples import ReadSplit, read_examples
from convsight.datasets.stored_splits import names_in_splits_csv
from convsight.errors import UserError
from convsight.metrics import Described, Measured, named
from convsight.pages.cell import metrics_table, shown
from convsight.progress import Listener
from convsight.run import Run, check_there
from convsight.runtime.judge import judge
from convsight.runtime.mistakes import DRAWN, MistakeCollector, check_place, write_mistakes
from convsight.runtime.model import Model, load
from convsight.runtime.seen import parts_of, stored_digests
from convsight.settings import TrainSettings
from convsight.tasks.adoption import data_for
from convsight.tasks.reader import check_targets, remarks_of
from convsight.words import counted


@dataclass(frozen=True)
class Evaluation:
    """What a network reached: `metrics` by name, on `images` images of `data`; `described` says what they are.

    `parts` are the images behind the metrics of each name: `test`, and apart from them what was seen in the training.
    """

    data: str
    images: int
    metrics: dict[str, Measured]
    described: Described
    parts: dict[str, int]

    def _repr_html_(self) -> str:
        """The metrics with their intervals, which a notebook shows below the cell."""
        title = f"{counted(self.images, 'image')} of {self.data}"
        return shown(title, [], metrics_table(self.metrics, self.described))


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
    mistakes: str | Path | None = None,
) -> Evaluation:
    """Metrics of the network at `path` on `data`, named `test/...`, or after the split that the user chose.

    Without `data`, that of the run is judged, cut and read as it was for the training; so it is where `data` is the
    same, since a network knows what it was trained on. Without `split`, the split called test is judged, else val, else
    everything there is. Of other data, images equal to some that the run was trained or chosen on are judged apart,
    named `train/...` and `val/...`. What is predicted wrong is written to `mistakes`, a new folder or a .csv file: see
    `runtime.mistakes`. Labels are matched by class name. Raises `UserError` for unknown classes,
    unreadable data, and images that cannot be read.
    """
    place = None if mistakes is None else Path(mistakes)
    if place is not None:
        check_place(place)
    model = load(path, engine, precision)
    listener.say(model.words)
    run = Run.of_network(path)
    if data is None:
        dataset, settings = own_data(path, model.card)
        skip_unreadable, max_megapixels = settings.skip_unreadable, settings.max_megapixels
        own = True
    else:
        dataset = read_for(data_for(data, model.card.task), model.card.task, model.card.target)
        check_targets(type(model.reader), dataset)
        own = is_of_training(dataset, model.card, run)
        if own:
            dataset = _as_trained(path, run, dataset, listener)
    for note in dataset.notes:
        listener.say(f"note: {note}")
    chosen = dataset.split(split) if split else judged_split(dataset)
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
    judged = read[chosen.name]
    # All of its own data that is not cut was trained on, but for what was held back from it.
    name = ("train" if own else "test") if chosen.name == UNSPLIT else chosen.name
    parts = parts_of(judged.examples.images.digests, stored_digests(run), name)
    _tell_seen(parts, name, own, listener)
    if own:  # as the training judged it, whatever its splits share
        parts = {name: np.arange(len(judged.split))}
    metrics: dict[str, Measured] = {}
    wrong = None if place is None else MistakeCollector()
    with listener.counting("judging", len(judged.split)) as advance:
        for part, positions in parts.items():
            metrics |= _judged_part(model, part, judged, positions, dataset.source, listener, advance, wrong)
    if place is not None and wrong is not None:
        _write_mistakes(model, place, wrong, judged, parts, max_megapixels, listener)
    return Evaluation(
        dataset.source,
        len(judged.split),
        metrics,
        model.reader.metrics().described(),
        {part: len(positions) for part, positions in parts.items()},
    )


def _judged_part(
    model: Model,
    part: str,
    judged: ReadSplit,
    positions: NDArray[np.int64],
    source: str,
    listener: Listener,
    advance: Callable[[int], None],
    wrong: MistakeCollector | None,
) -> dict[str, Measured]:
    """Metrics of the images at `positions`, named after `part`; none, and why, where there is nothing to find there.

    `wrong` hears of all of them.
    """
    hear = None if wrong is None else lambda index, *both: wrong.take(int(positions[index]), *both)
    try:
        check_judgeable(source, judged.split.select(positions, part))
    except UserError as error:
        listener.say(f"note: no metrics of {part}: {error}")
        return {}
    examples = judged.examples.select(positions)
    found = judge(model.engine, model.reader, examples, advance, hear)
    for remark in remarks_of(found):
        listener.say(f"note: {part}: {remark}")
    return named(part, found.compute())


def _write_mistakes(
    model: Model,
    place: Path,
    wrong: MistakeCollector,
    judged: ReadSplit,
    parts: Mapping[str, NDArray[np.int64]],
    max_megapixels: float,
    listener: Listener,
) -> None:
    """Write the mistakes, and say how many there are and where."""
    part_of = np.empty(len(judged.split), object)
    for part, positions in parts.items():
        part_of[positions] = part
    write_mistakes(place, wrong, judged.examples, judged.split.names, part_of.tolist(), max_megapixels)
    count = len(wrong.mistakes)
    drawn = f", the worst {DRAWN:,} of them as pictures" if count > DRAWN and place.suffix.lower() != ".csv" else ""
    how = model.reader.result.wrong
    listener.say(f"{count:,} of {len(judged.split):,} images {how}: {place}{drawn}, the surest first")


def _tell_seen(parts: Mapping[str, NDArray[np.int64]], name: str, own: bool, listener: Listener) -> None:
    """Say how many of the images, which would be called `name`, the network was trained or chosen on."""
    images = sum(map(len, parts.values()))
    for part, why in (("train", "trained on"), ("val", "chosen on: they decided which epoch is the best")):
        if part in parts and part != name:
            told = f"{name} is too kind by that" if own else f"told as {part}, not as {name}"
            listener.say(
                f"note: {len(parts[part]):,} of {images:,} images are, pixel for pixel, what the run was {why}; {told}"
            )


def own_data(path: str | Path, card: Card) -> tuple[Dataset, TrainSettings]:
    """The data that the run at `path` was trained on, with its stored cut, and the run's settings."""
    run = Run.of_network(path)
    if run is None:
        what = "is a model file alone" if Path(path).is_file() else "holds a network without the data it was trained on"
        raise UserError(f"{path} {what}: give the data to judge it on")
    settings, _ = run.settings()
    check_there(run, settings)
    dataset = apply_splits_csv(read_dataset(data_for(settings.data, card.task)), run.splits())
    check_same_target(settings.data, dataset.target, card.target)
    # Where images were left out the fingerprint is that of the rest, which is known only once all were read.
    if not settings.skip_unreadable and fingerprint(dataset) != card.data["fingerprint"]:
        raise UserError(f"{settings.data} has changed since {run.path} was trained; name it to judge it as it is now")
    return dataset, settings


def is_of_training(dataset: Dataset, card: Card, run: Run | None) -> bool:
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


def judged_split(dataset: Dataset) -> Split:
    """What is judged where nobody says it: test, else val, else all there is."""
    return next(dataset.splits[name] for name in ("test", "val", UNSPLIT, "train") if name in dataset.splits)
