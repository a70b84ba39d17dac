"""From what the user named to fitted pictures in three splits, every picture decoded once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from convsight.datasets import (
    Dataset,
    Examples,
    FittedPictures,
    Split,
    Unreadable,
    apply_splits_csv,
    cut_splits,
    read_dataset,
)
from convsight.datasets.checks import check_judgeable, check_learnable
from convsight.datasets.unreadable import report_unreadable
from convsight.errors import UserError
from convsight.nets.weights import Weights
from convsight.pictures import Frame, Preprocessing
from convsight.progress import Listener
from convsight.settings import TrainSettings


@dataclass(frozen=True)
class Prepared:
    """A data set cut into train, val and test, fitted to one size."""

    dataset: Dataset
    examples: Mapping[str, Examples]
    preprocessing: Preprocessing


def load_data(settings: TrainSettings, splits: str | None = None) -> Dataset:
    """The data the user named, cut into train, val and test; `splits` is a cut stored earlier."""
    dataset = read_dataset(settings.data)
    if splits is not None:
        return apply_splits_csv(dataset, splits)
    return cut_splits(dataset, settings.val_fraction, settings.test_fraction, settings.seed)


def fit_pictures(dataset: Dataset, wanted: Preprocessing, settings: TrainSettings, listener: Listener) -> Prepared:
    """Decode and fit every picture of every split.

    Raises `UserError` that lists the unreadable ones, unless they are to be skipped; and where the others are too few.
    """
    total = sum(len(split) for split in dataset.splits.values())
    fitted: dict[str, FittedPictures] = {}
    unreadable: dict[str, list[Unreadable]] = {}
    with listener.counting("reading pictures", total) as advance:
        for name, split in dataset.splits.items():
            fitted[name], unreadable[name] = _read(split, wanted, settings, advance)
    report_unreadable([bad for found in unreadable.values() for bad in found], settings.skip_unreadable, listener)
    splits = {name: _readable(split, unreadable[name]) for name, split in dataset.splits.items()}
    examples = {name: Examples(fitted[name], split.truths) for name, split in splits.items()}
    if not any(unreadable.values()):
        return Prepared(dataset, examples, wanted)
    for split in splits.values():
        check_judgeable(dataset.source, split)
    return Prepared(check_learnable(dataset.with_splits(splits)), examples, wanted)


def plain(frame: Frame) -> Preprocessing:
    """How pictures are fitted before their colours are measured."""
    height, width, fit = frame
    return Preprocessing(height=height, width=width, fit=fit, channels=3, mean=(0.0,) * 3, std=(1.0,) * 3)


def measured(prepared: Prepared, settings: TrainSettings) -> Preprocessing:
    """The preprocessing with channels, mean and std measured on the training pictures."""
    pictures = prepared.examples["train"].pictures
    grey = pictures.all_grey if settings.colour == "auto" else settings.colour == "grey"
    statistics = pictures.channel_statistics()
    mean, std = (statistics.grey_mean, statistics.grey_std) if grey else (statistics.mean, statistics.std)
    # A channel that never varies must not be divided by zero.
    floor = tuple(max(value, 1 / 255) for value in std)
    return prepared.preprocessing.model_copy(update={"channels": 1 if grey else 3, "mean": mean, "std": floor})


def expected(preprocessing: Preprocessing, weights: Weights) -> Preprocessing:
    """The preprocessing with the mean and std that `weights` were trained with, where that is known."""
    known = weights.statistics(preprocessing.channels)
    return preprocessing.model_copy(update={"mean": known[0], "std": known[1]}) if known else preprocessing


def _read(
    split: Split, wanted: Preprocessing, settings: TrainSettings, advance: Callable[[int], None]
) -> tuple[FittedPictures, list[Unreadable]]:
    return FittedPictures.read(
        split, wanted, workers=settings.workers, max_megapixels=settings.max_megapixels, progress=advance
    )


def _readable(split: Split, unreadable: Sequence[Unreadable]) -> Split:
    if len(unreadable) == len(split):
        raise UserError(f"no picture of the split {split.name!r} can be read")
    return split.without([bad.position for bad in unreadable])
