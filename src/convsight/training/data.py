"""From a cut data set to fitted images in its splits, every image decoded once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from convsight.datasets import Dataset, Examples
from convsight.datasets.checks import check_learnable
from convsight.datasets.read_examples import read_examples
from convsight.datasets.statistics import channel_statistics
from convsight.errors import UserError
from convsight.inputs import ImageInput, InputSpec
from convsight.nets.weights import Weights
from convsight.progress import Listener
from convsight.settings import TrainSettings
from convsight.training.places import Places


@dataclass(frozen=True)
class Prepared:
    """A data set cut into train, val and, unless the user wants none, test, fitted to one size."""

    dataset: Dataset
    examples: Mapping[str, Examples]
    input: InputSpec

    @property
    def judged(self) -> str:
        """The split that the network is judged by in the end: test, or val, where there is none."""
        return "test" if "test" in self.examples else "val"

    @property
    def draws(self) -> int:
        """How many examples an epoch has: the training images, or the tiles that cover them."""
        train = self.examples["train"].images
        places = Places.of(train, 0)
        return len(train) if places is None else len(places)

    @property
    def names(self) -> Sequence[str]:
        """What messages call the images of that split."""
        return self.dataset.splits[self.judged].names


def fit_images(dataset: Dataset, wanted: InputSpec, settings: TrainSettings, listener: Listener) -> Prepared:
    """Decode and fit every image of every split.

    Raises `UserError` that lists the unreadable ones, unless they are to be skipped; and where the others are too few.
    """
    read = read_examples(
        dataset.source,
        dataset.splits,
        wanted,
        listener,
        skip_unreadable=settings.skip_unreadable,
        workers=settings.workers,
        max_megapixels=settings.max_megapixels,
        on_disk=True,
    )
    examples = {name: each.examples for name, each in read.items()}
    if all(len(each.split) == len(dataset.splits[name]) for name, each in read.items()):
        return Prepared(dataset, examples, wanted)
    readable = dataset.with_splits({name: each.split for name, each in read.items()})
    return Prepared(check_learnable(readable), examples, wanted)


def measured(prepared: Prepared, settings: TrainSettings) -> InputSpec:
    """The input with mean and std measured on the training examples; of RGB images it is told whether they are grey."""
    images, spec = prepared.examples["train"].images, prepared.input
    if isinstance(spec, ImageInput) and spec.is_rgb:
        grey = settings.colour == "grey" or (settings.colour != "rgb" and images.all_grey)
        spec = spec.model_copy(update={"channels": 1 if grey else 3})
    elif settings.colour not in {"auto", "bands"}:
        raise UserError(f"--colour {settings.colour} goes with RGB images, not with {spec.summary}; leave it out")
    mean, std = channel_statistics(images, spec)
    # A channel that never varies must not be divided by zero.
    return spec.model_copy(update={"mean": mean, "std": tuple(max(value, spec.min_std) for value in std)})


def expected(spec: InputSpec, weights: Weights) -> InputSpec:
    """The input with the mean and std that `weights` were trained with, where that is known.

    Those of colours mean nothing for other channels, whose own are kept.
    """
    is_rgb = isinstance(spec, ImageInput) and spec.is_rgb
    known = weights.statistics(spec.channels) if is_rgb or len(weights.mean or ()) == spec.channels else None
    return spec.model_copy(update={"mean": known[0], "std": known[1]}) if known else spec


def lasting(settings: TrainSettings) -> TrainSettings:
    """The settings with a path of the data that holds from any folder."""
    path = Path(settings.data)
    return settings.model_copy(update={"data": str(path.resolve())}) if path.exists() else settings
