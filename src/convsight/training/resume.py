"""`resume`: a training goes on where its last checkpoint was written."""

import time
from collections.abc import Mapping
from pathlib import Path

from torch import nn

from convsight.card import Card
from convsight.datasets import Dataset
from convsight.errors import UserError
from convsight.export.torch_engine import load_network, load_tensors
from convsight.progress import Listener
from convsight.run import Run
from convsight.settings import TrainSettings
from convsight.tasks import task_of
from convsight.tasks.choices import for_task
from convsight.tasks.contract import Task
from convsight.training.assembly import assemble, clock_for
from convsight.training.beginning import first_network
from convsight.training.call import Call
from convsight.training.checkpoint import Checkpoint
from convsight.training.choices import Choices
from convsight.training.data import Prepared, lasting
from convsight.training.ending import baselines_reached, end, trackers, warn_if_late
from convsight.training.features.frozen import ON_IMAGES, Frozen
from convsight.training.features.making import frozen_features
from convsight.training.fit import fit
from convsight.training.freed_memory import freed_memory_kept
from convsight.training.generations import Generations
from convsight.training.given import NOTHING, Given
from convsight.training.log.trackers import check_packages
from convsight.training.processes.shared_choices import shared_choices, tell_other_number
from convsight.training.processes.shared_run import locked_shared
from convsight.training.processes.start import joined
from convsight.training.recorder import Recorder
from convsight.training.same_again import as_many_threads, promise, tell_edits
from convsight.training.same_data import same_data
from convsight.training.saving import restore
from convsight.training.stopped import explained_if_stopped, place_of
from convsight.training.train import train
from convsight.versions import versions
from convsight.words import counted


def resume(
    path: str | Path,
    changes: Mapping[str, int | float],
    listener: Listener,
    held: Dataset | None = None,
    place: str | None = None,
    began: float | None = None,
    given: Given = NOTHING,
) -> Run:
    """Go on with the run at `path` where its last checkpoint was written; `changes` may hold new `epochs` or `minutes`.

    A run that was stopped before it kept a state is begun anew, in its folder.

    Data that a program held are not stored with a run: they are given again, `held`. Data that have moved lie at
    `place` now. What a program gave is `given` again, within `given.at_work()`.

    With the epochs of the first call, the result has the same bits as an unbroken run, in as many threads. Raises
    `UserError` where there is nothing to resume, another call goes on with it, or the data are not what they were.
    """
    began = began or time.monotonic()
    run = Run.open(path)
    settings, chosen = run.settings()
    with joined(settings.device) as processes:
        with freed_memory_kept(), locked_shared(processes, run) as its:
            if processes.same(run.is_begun):
                call = Call(processes, Recorder(processes.listener(listener)), held, began, given)
                return _resumed(its, call, changes, place)
        given.check_same(settings.given, run.path, same_python=False)
        settings = _changed(settings, changes, place).model_copy(update={"run": str(run.path.absolute())})
        threads = chosen.get("threads") if (chosen.get("processes") or 1) == processes.count else None
        with as_many_threads(threads, listener):
            return train(settings, listener, held, began=began, given=given)


def _resumed(run: Run, call: Call, changes: Mapping[str, int | float], place: str | None) -> Run:
    listener = call.listener
    listener.record_in(run)
    checkpoints = Generations(run)
    kept = checkpoints.read(listener)
    card = kept.card or run.card
    settings, chosen = run.settings()
    check_packages(settings.logs)
    call.given.check_same(settings.given, run.path, _same_python(card))
    settings = for_task(_changed(settings, changes, place), card.task)
    choices = Choices.stored(run.path, {**chosen, "epochs": settings.epochs or chosen.get("epochs")})
    before, choices = choices, shared_choices(choices, call.processes)
    tell_other_number(before.processes, choices.processes, listener)
    with as_many_threads(choices.threads, listener):
        _go_on(call, checkpoints, kept, card, settings, choices, has_new_minutes="minutes" in changes)
    return run


def _changed(settings: TrainSettings, changes: Mapping[str, int | float], place: str | None) -> TrainSettings:
    """The settings with new `epochs` or `minutes` and the place of the data, where these are given."""
    if changes:
        settings = TrainSettings.of(**{**settings.model_dump(exclude={"epochs", "minutes"}), **changes})
    return settings if place is None else lasting(settings.model_copy(update={"data": place}))


def _go_on(
    call: Call,
    checkpoints: Generations,
    kept: Checkpoint,
    card: Card,
    settings: TrainSettings,
    choices: Choices,
    has_new_minutes: bool,
) -> None:
    """Train from where `kept` was written, and end as a training does."""
    run, listener, given = checkpoints.run, call.listener, call.given
    prepared = same_data(run, card, settings, listener, call.held)
    task = task_of(card.task)
    network = first_network(task, card, None, choices, settings.seed, listener)
    frozen = _frozen_again(run, task, network, card, prepared, settings, choices, listener, given)
    t = assemble(task, card, prepared, settings, choices, run, network, given, call.processes, frozen)
    t.checkpoints = checkpoints
    restore(t, kept)
    tell_edits(run, t, kept.facts, listener)
    if has_new_minutes:
        t.budget_from = t.spent
    # Unless new minutes are given, those of the last call that gave some are shared.
    deadline = call.deadline(settings.minutes, spent=t.spent - t.budget_from)
    baselines = baselines_reached(t, prepared, listener)
    t.clock = clock_for(t, deadline, len(prepared.names), kept.facts["clock"])
    warn_if_late(t, listener)
    # A run that was trained longer and stopped while it was judged has the card of its first end.
    ended = run.card.training if run.model_file.is_file() else {}
    if t.is_over and ended.get("finished") and ended["epochs"] == t.epoch:
        raise UserError(
            f"{run.path} is finished after {counted(t.epoch, 'epoch')}; go on with more: --epochs or --minutes"
        )
    listener.say(f"resumed {place_of(t)}{promise(t, kept.facts)}")
    run.save_settings(settings, t.plan.choices.model_dump())
    t.log = trackers(t, listener)
    with explained_if_stopped(t, listener):
        fit(t, listener)  # no step, where the run was stopped while it was judged
        end(t, prepared, baselines, listener)


def _frozen_again(
    run: Run,
    task: Task,
    network: nn.Module,
    card: Card,
    prepared: Prepared,
    settings: TrainSettings,
    choices: Choices,
    listener: Listener,
    given: Given,
) -> Frozen | None:
    """The features that `run` learns from, if it does: their network is that of its model file."""
    if choices.views is None or choices.views == ON_IMAGES:
        return None
    load_tensors(network, load_network(run.model_file).state_dict())
    frozen = frozen_features(task, network, card, prepared, settings, choices, None, listener, given)
    if frozen is None:
        raise UserError(
            f"{run.path} learns from features of its images, which cannot be made here; see what was said of them above"
        )
    if len(frozen.views) - 1 < choices.views:
        raise UserError(
            f"{run.path} learns from {counted(choices.views, 'varied view')} of each image, and there is room for "
            f"{len(frozen.views) - 1} here: make some on the disk, or let CONVSIGHT_FEATURES name a folder of another"
        )
    return frozen


def _same_python(card: Card) -> bool:
    """Whether the run was trained by this version of Python, which makes other code of the same function."""
    mine, its = (str(each.get("python", "")).split(".")[:2] for each in (versions(), card.versions))
    return mine == its
