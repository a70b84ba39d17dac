"""The data of a run, read again: the same, or what differs is said."""

from convsight.card import Card
from convsight.datasets import Dataset, apply_splits_csv, fingerprint, read_dataset
from convsight.datasets.checks import check_same_target
from convsight.datasets.stored_splits import changed_in_splits_csv
from convsight.errors import UserError
from convsight.progress import Listener
from convsight.run import Run, check_there
from convsight.settings import TrainSettings
from convsight.targets import counts_by_class
from convsight.tasks.adoption import data_for
from convsight.training.cutting import digests_by_name
from convsight.training.data import Prepared, fit_images
from convsight.words import counted, first_few


def same_data(run: Run, card: Card, settings: TrainSettings, listener: Listener, held: Dataset | None) -> Prepared:
    """The data of `run`, read again, with the cut that it stored.

    Raises `UserError` that says what differs from when it was begun: names, classes, pixels, or what is true of images.
    """
    if held is None:
        check_there(run, settings)
    read = read_dataset(data_for(held or settings.data, card.task))
    check_same_target(settings.data, read.target, card.target)
    dataset = apply_splits_csv(read, run.splits())
    prepared = fit_images(dataset, card.input, settings, listener)
    if fingerprint(prepared.dataset) != card.data["fingerprint"]:
        raise UserError(
            f"{settings.data} has changed since {run.path} was begun: {_differing(run, card, prepared)}; put it back, "
            "or train a new run on it"
        )
    return prepared


def _differing(run: Run, card: Card, prepared: Prepared) -> str:
    """What of data with the same names is not what it was when `run` was begun."""
    said = []
    if changed := changed_in_splits_csv(run.splits(), digests_by_name(prepared)):
        said.append(f"{counted(len(changed), 'image')} with other pixels ({first_few(changed)})")
    before = card.data.get("train_counts", {})
    now = counts_by_class(prepared.examples["train"].targets)
    other = [name for name in now if now[name] != before.get(name)]
    said += [f"{now[name]:,} training images of {name}, not {before.get(name, 0):,}" for name in other]
    return ", ".join(said) or "the images have the same names and pixels, but other targets, or files of other bytes"
