"""What must hold of the targets of a data set, and how they are matched to those of a network."""

from dataclasses import replace

from convsight.datasets.dataset import Dataset, Split
from convsight.errors import UserError
from convsight.results import Boxes
from convsight.targets import TargetSpec
from convsight.words import first_few


def check_task(dataset: Dataset, task: str) -> None:
    """Raise `UserError` where the targets of `dataset` do not answer the kind of question called `task`."""
    if dataset.task != task:
        raise UserError(
            f"{dataset.source} holds targets of {dataset.task}, not of {task}; give data of that kind, or "
            f"--task {dataset.task}"
        )


def check_judgeable(source: str, split: Split) -> None:
    """Raise `UserError` where no image of `split`, one of the data at `source`, shows anything to be judged by."""
    if not split.targets.to_find():
        raise UserError(
            f"{source}: no image of the split {split.name!r} shows anything that is to be found, so nothing can be "
            f"judged by it{_need_not(split)}; add some that do, or cut the data otherwise"
        )


def _need_not(split: Split) -> str:
    """What is there all the same."""
    targets = (split.targets[row] for row in range(len(split)))
    marked = sum(len(target) for target in targets if isinstance(target, Boxes))
    return f" ({marked:,} boxes are marked as crowds or as difficult, which need not be found)" if marked else ""


def check_learnable(dataset: Dataset) -> Dataset:
    """`dataset`, fit to train on, with what its targets' specification has to remark added to its notes.

    Raises `UserError` where there is nothing to learn, or something that cannot be learnt.
    """
    notes = dataset.target.check(dataset.source, {name: split.targets for name, split in dataset.splits.items()})
    return replace(dataset, notes=(*dataset.notes, *notes))


def align_targets(dataset: Dataset, target: TargetSpec) -> Dataset:
    """`dataset` with targets as `target` counts them: classes by its indices, matched by name; some may be absent.

    Raises `UserError` for what `target` does not know.
    """
    hint = "" if dataset.classes_named else " (the data holds numbers only, no class names)"
    splits = {
        name: replace(split, targets=target.aligned(dataset.source, split.targets, hint))
        for name, split in dataset.splits.items()
    }
    return replace(dataset, target=target, splits=splits)


def check_same_target(source: str, now: TargetSpec, then: TargetSpec) -> None:
    """Raise `UserError` where the data at `source`, which a run learnt `then` from, ask for something else."""
    held, known = (target.unfitted().model_dump() for target in (now, then))
    for part in dict.fromkeys(("kind", "names", *held, *known)):
        if held.get(part) != known.get(part):
            if part == "names" and (said := _named_otherwise(now, then)):
                raise UserError(f"{source} holds other {now.nouns} than the run knows: {said}; train a new run on it")
            what = f"the {now.nouns}" if part == "names" else f"{now.nouns} with {part}"
            raise UserError(f"{source} now holds {what} {held.get(part)!r}; the run knows {known.get(part)!r}")


def _named_otherwise(now: TargetSpec, then: TargetSpec) -> str:
    """Which names are new and which are gone, in words; empty where only their order is another."""
    parts = (
        ("new", [name for name in now.names if name not in then.names]),
        ("gone", [name for name in then.names if name not in now.names]),
    )
    return ", ".join(
        f"{len(names):,} {'is' if len(names) == 1 else 'are'} {how} ({first_few(names)})"
        for how, names in parts
        if names
    )
