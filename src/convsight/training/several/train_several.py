"""`train_several` and `resume_several`: the same training several times, and what the runs reach together."""

import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from convsight.datasets import Dataset, fingerprint, read_dataset
from convsight.datasets.stored_splits import came_and_went, names_in_splits_csv
from convsight.errors import UserError
from convsight.metrics import Measured
from convsight.progress import Listener
from convsight.run import Run, check_there
from convsight.settings import TrainSettings
from convsight.tasks.adoption import data_for
from convsight.tasks.choices import for_task
from convsight.training.cutting import Source
from convsight.training.data import lasting
from convsight.training.processes.start import check_alone
from convsight.training.resume import resume
from convsight.training.run_folder import locked
from convsight.training.several.average import average_networks, check_average
from convsight.training.several.cuts import cuts
from convsight.training.several.folder import SeveralRuns
from convsight.training.several.out_of_fold import judge_folds
from convsight.training.several.plan import Member, Several
from convsight.training.several.strategies import Comparison, compare_strategies, ways_to_freeze
from convsight.training.several.summary import Summaries, summarise, write_summary
from convsight.training.train import train
from convsight.words import shell_word

# Of the time given, kept for judging all folds together and for the average.
_KEPT = 0.03
_LEAST_MINUTES = 0.01


@dataclass(frozen=True)
class Together:
    """Finished runs, what they reached, and what the average of their networks reaches on a test none has seen."""

    runs: SeveralRuns
    summaries: Summaries
    comparison: Comparison | None = None  # of strategies of transfer, where these are what differs
    average: Mapping[str, Measured] = field(default_factory=dict)


def train_several(
    settings: TrainSettings,
    several: Several,
    listener: Listener,
    held: Dataset | None = None,
    began: float | None = None,
) -> Together:
    """Train a network for each fold and seed of `several`, each in a run folder of one that is returned.

    The minutes of `settings` are those of all runs together, from `began` on, a moment of `time.monotonic()`; from now
    on where it is not given. What is wrong with data or settings is found before the folder is made. Raises `UserError`
    for it, and KeyboardInterrupt where the user stops: finished runs are kept.
    """
    check_alone("several runs: --folds or --repeat")
    began = began or time.monotonic()
    data = read_dataset(data_for(held or settings.data, settings.task, settings.group))
    settings = for_task(lasting(settings), settings.task or data.task)
    if several.average:
        check_average(settings.task or data.task)
    if several.freezes:
        ways = ways_to_freeze(Source.of(data, settings, listener).cut(settings), settings)
        several = several.model_copy(update={"freezes": ways})
    cut = cuts(data, several, settings, listener)
    made = Run.create(
        settings.run, f"{data.name}-{'freeze' if several.freezes else 'folds' if several.folds else 'seeds'}"
    )
    runs = SeveralRuns(made.path)
    with locked(made), _kept_if_begun(runs, list(cut)):
        runs.save(several, settings, fingerprint(data, workers=max(1, settings.workers)))
        return _train_all(runs, several, settings, cut, listener, began, held)


def resume_several(
    runs: SeveralRuns, listener: Listener, held: Dataset | None = None, place: str | None = None
) -> Together:
    """Go on with several runs: finished ones are kept, one that was stopped goes on, the others are trained.

    Data that a program held are given again, `held`; data that have moved lie at `place` now. Raises `UserError` where
    the data are others, or another call goes on with them.
    """
    check_alone("several runs: --resume of such a folder")
    began = time.monotonic()
    with locked(Run(runs.path)):
        several, settings, known = runs.load()
        if place is not None:
            settings = lasting(settings.model_copy(update={"data": place}))
        if held is None:
            check_there(Run(runs.path), settings)
        data = read_dataset(data_for(held or settings.data, settings.task, settings.group))
        if fingerprint(data, workers=max(1, settings.workers)) != known:
            said = _differing(runs, several, settings, data)
            raise UserError(f"{settings.data} has changed since {runs.path} was begun{said}; train anew on it")
        cut = cuts(data, several, settings, listener)
        return _train_all(runs, several, settings, cut, listener, began, held, place)


def _differing(runs: SeveralRuns, several: Several, settings: TrainSettings, data: Dataset) -> str:
    """What of `data` is not what it was, as far as a run that was begun tells."""
    begun = [run for run in map(runs.run, several.members(settings.seed)) if run.splits_file.is_file()]
    if not begun:
        return ""
    names = [name for split in data.splits.values() for name in split.names]
    said = came_and_went(sorted(names_in_splits_csv(begun[0].splits())), names)
    return f": {said or 'the images have the same names, but other pixels, files or targets'}"


def _train_all(
    runs: SeveralRuns,
    several: Several,
    settings: TrainSettings,
    cut: Mapping[Member, Dataset],
    listener: Listener,
    began: float,
    held: Dataset | None,
    place: str | None = None,
) -> Together:
    """Make what is missing of the runs, then what they are together."""
    with _explain_if_stopped(runs, list(cut), listener):
        for number, (member, dataset) in enumerate(cut.items(), start=1):
            run, which = runs.run(member), f"{member.name} ({number} of {len(cut)})"
            if runs.finished(member):
                listener.say(f"{which}: finished before, and kept")
            elif run.is_begun:
                listener.say(f"{which}: gone on with")
                resume(run.path, {}, listener, held, place)
            else:
                minutes = _share(runs, list(cut), settings, began)
                listener.say(
                    f"{member.name} ({number} of {len(cut)})" + (f": {minutes:.2g} minutes" if minutes else "")
                )
                train(member.settings(settings, str(run.path.absolute()), minutes), listener, dataset)
        pooled = judge_folds(runs, cut, listener) if several.folds else {}
        found = Together(runs, summarise(runs, several, list(cut), pooled))
        if several.freezes:
            return replace(found, comparison=compare_strategies(runs, cut, listener))
        write_summary(runs, found.summaries, {})  # an average that fails loses nothing
        if several.average:
            found = replace(found, average=average_networks(runs, cut, settings, listener))
            write_summary(runs, found.summaries, found.average)
    return found


def _share(runs: SeveralRuns, members: list[Member], settings: TrainSettings, began: float) -> float | None:
    """The minutes of the next run: an equal share of those that are left to runs that were not begun."""
    if settings.minutes is None:
        return None
    begun = [run for run in map(runs.run, members) if run.is_begun]
    now = time.monotonic()
    # What runs of earlier calls spent counts too: a stopped one still has all of its share.
    spent = sum(run.settings()[0].minutes or 0.0 for run in begun)
    elapsed = max(spent, (now - began) / 60)
    left = settings.minutes * (1 - _KEPT) - elapsed
    return max(_LEAST_MINUTES, left / (len(members) - len(begun)))


@contextmanager
def _kept_if_begun(runs: SeveralRuns, members: list[Member]) -> Iterator[None]:
    """Remove the folder where no run kept a state: there is nothing to keep."""
    try:
        yield
    except BaseException:
        if not any(runs.run(member).is_begun for member in members):
            shutil.rmtree(runs.path, ignore_errors=True)
        raise


@contextmanager
def _explain_if_stopped(runs: SeveralRuns, members: list[Member], listener: Listener) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        done = sum(runs.finished(member) is not None for member in members)
        listener.say(
            f"{done} of {len(members)} runs are finished and kept; go on with all of them: "
            f"convsight train --resume {shell_word(str(runs.path))}"
        )
        raise
