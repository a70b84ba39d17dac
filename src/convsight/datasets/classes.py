"""What must hold of the classes of a data set, and how they are matched by name to those of a network."""

from dataclasses import replace

from convsight.datasets.dataset import UNSPLIT, Dataset, Split
from convsight.datasets.names import first_few
from convsight.errors import UserError, unknown_name


def check_task(dataset: Dataset, task: str) -> None:
    """Raise `UserError` where the truths of `dataset` do not answer the kind of question called `task`."""
    if dataset.task != task:
        raise UserError(
            f"{dataset.source} holds the truth of {dataset.task}, not of {task}; give data of that kind, or "
            f"--task {dataset.task}"
        )


def check_judgeable(source: str, split: Split) -> None:
    """Raise `UserError` where no picture of `split`, one of the data at `source`, shows anything to be judged by."""
    if not split.truths.to_find():
        raise UserError(
            f"{source}: no picture of the split {split.name!r} shows anything that is to be found, so nothing can be "
            "judged by it; add some that do, or cut the data otherwise"
        )


def check_classes(dataset: Dataset) -> Dataset:
    """`dataset`, fit to train on; a class that val or test lacks is added to its notes.

    Raises `UserError` where there is one class only, a class without pictures, or one that only val or
    test has.
    """
    counts = {name: split.truths.counts() for name, split in dataset.splits.items()}
    present = [name for name in dataset.classes if any(count.get(name) for count in counts.values())]
    fewest = min(split.truths.fewest_classes for split in dataset.splits.values())
    if len(present) == 1 and fewest > 1:
        raise UserError(f"{dataset.source}: one class only: {present[0]!r}; a classifier needs two or more")
    learnt = counts.get("train") or counts.get(UNSPLIT)
    for name in dataset.classes:
        elsewhere = [split for split, count in counts.items() if count.get(name)]
        if not elsewhere:
            raise UserError(f"{dataset.source}: the class {name!r} has no picture; add some or remove the class")
        if learnt is not None and not learnt.get(name):
            raise UserError(
                f"{dataset.source}: the class {name!r} is in {' and '.join(elsewhere)} but not in train, so it cannot "
                "be learnt; add training pictures of it, or correct its name"
            )
    return replace(dataset, notes=(*dataset.notes, *_missing(dataset.classes, counts)))


def _missing(classes: tuple[str, ...], counts: dict[str, dict[str, int]]) -> list[str]:
    notes = []
    for split, count in counts.items():
        lacking = [name for name in classes if not count.get(name)]
        if lacking:
            notes.append(f"{split} holds no picture of {first_few(lacking)}")
    return notes


def align_classes(dataset: Dataset, classes: tuple[str, ...]) -> Dataset:
    """`dataset` with its labels as indices of `classes`, matched by name; some of `classes` may be absent.

    Raises `UserError` for a class of the data that is not among `classes`, with the nearest known ones.
    """
    for split in dataset.splits.values():
        for name, count in split.truths.counts().items():
            if count and name not in classes:
                hint = "" if dataset.classes_named else " (the data holds numbers only, no class names)"
                raise UserError(f"{dataset.source}: {unknown_name('class', name, classes)}{hint}")
    splits = {name: replace(split, truths=split.truths.aligned(classes)) for name, split in dataset.splits.items()}
    return replace(dataset, classes=classes, splits=splits)
