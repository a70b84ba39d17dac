"""The cut of every run: folds, or one for all seeds; images that are equal or of one group are never parted."""

from collections.abc import Mapping

import numpy as np

from convsight.datasets import Dataset
from convsight.datasets.checks import check_task
from convsight.datasets.folds import cut_folds
from convsight.datasets.together import equal_images, joined
from convsight.progress import Listener
from convsight.settings import TrainSettings
from convsight.tasks import reader_type, task_of
from convsight.tasks.capabilities import start_of
from convsight.tasks.choices import for_task
from convsight.tasks.reader import check_targets
from convsight.training.cutting import Source, digests_by_name, keep_together
from convsight.training.data import Prepared, fit_images
from convsight.training.several.plan import Member, Several


def cuts(data: Dataset, several: Several, settings: TrainSettings, listener: Listener) -> Mapping[Member, Dataset]:
    """`data` as each run is given it. All images are read once, to find those that are equal.

    All seeds without folds have one cut, that of `settings.seed`, so that their networks are judged by one test; of
    folds each seed has a cut of its own. Raises `UserError` as `cut_folds`, `cut_splits` and readers do.
    """
    check_task(data, settings.task or data.task)
    settings = for_task(settings, data.task)
    check_targets(reader_type(data.task), data)
    source = Source.of(data, settings, listener)
    members = several.members(settings.seed)
    if several.folds is None:
        dataset = source.cut(settings)
        prepared = _read(dataset, settings, listener)
        dataset, _ = keep_together(source, dataset, prepared, settings, listener)
        return dict.fromkeys(members, dataset)
    by_names = cut_folds(source.data, several.folds, settings.val_fraction, settings.seed, source.together)
    digests = digests_by_name(_read(by_names[0], settings, listener))
    equal = equal_images(list(digests), np.array(list(digests.values()), np.uint64))
    together = joined(source.together, equal)
    if equal:
        listener.say(f"note: {len(equal):,} images are equal to others, and no such group is cut by a fold")
    by_seed = {
        seed: cut_folds(source.data, several.folds, settings.val_fraction, seed, together)
        for seed in sorted({member.seed for member in members})
    }
    return {member: by_seed[member.seed][member.fold or 0] for member in members}


def _read(dataset: Dataset, settings: TrainSettings, listener: Listener) -> Prepared:
    """Every image as a network of `settings` is given it."""
    task = task_of(dataset.task)
    net = task.net(start_of(task, dataset, settings).net, settings)
    spec, _ = task.input(net, dataset, settings)
    return fit_images(dataset, spec, settings, listener)
