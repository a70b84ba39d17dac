"""`train` and `resume`: from data to a trained, judged network in a run folder."""

import math
import shlex
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from convsight.card import Card
from convsight.datasets import Dataset, splits_csv
from convsight.errors import UserError
from convsight.export.torch_engine import load_network, load_tensors, save_network
from convsight.files import write_atomic
from convsight.metrics import Measured
from convsight.progress import Listener, Silent
from convsight.run import Run
from convsight.settings import TrainSettings
from convsight.tasks import task_of
from convsight.tasks.capabilities import baselines_of
from convsight.tasks.choices import for_task
from convsight.tasks.contract import Task
from convsight.training.assembly import assemble, clock_for, settle
from convsight.training.batch_memory import check_batch, out_of_memory
from convsight.training.beginning import FROZEN, Pretrained, first_network, keep_beginning, start_head
from convsight.training.checkpoint import Checkpoint
from convsight.training.choices import Choices
from convsight.training.cutting import digests_by_name
from convsight.training.data import Prepared, lasting
from convsight.training.exporting import export_trained
from convsight.training.features.frozen import ON_IMAGES, Frozen
from convsight.training.features.making import frozen_features
from convsight.training.fit import fit
from convsight.training.freed_memory import freed_memory_kept
from convsight.training.generations import Generations
from convsight.training.given import NOTHING, Given
from convsight.training.judging import finish, judge_best
from convsight.training.log.trackers import Trackers, check_packages, trackers_of
from convsight.training.opening import open_training
from convsight.training.processes.processes import Processes
from convsight.training.processes.shared_choices import shared_choices, tell_other_number
from convsight.training.processes.shared_run import locked_shared, new_shared_run
from convsight.training.processes.start import check_alone, joined
from convsight.training.processes.together import ProcessLostError
from convsight.training.recorder import Recorder
from convsight.training.reporting import report_trained
from convsight.training.same_again import as_many_threads, promise, tell_edits
from convsight.training.same_data import same_data
from convsight.training.saving import restore
from convsight.training.sheets import save_varied
from convsight.training.state import Training
from convsight.training.tuning import tuned
from convsight.training.validation import unfinished_card
from convsight.versions import versions
from convsight.words import counted

_TOLERATED = 0.05  # of the time given: by so much a training may end later without a word


@dataclass(frozen=True)
class _Call:
    """What `train` or `resume` was given beside settings, and the processes that it was called in."""

    processes: Processes
    listener: Recorder
    held: Dataset | None
    began: float
    given: Given

    def deadline(self, minutes: float | None, spent: float = 0.0) -> float | None:
        """When so many `minutes` are over, of which calls before this one `spent` so many seconds."""
        return None if minutes is None else self.began + 60 * minutes - spent


def train(
    settings: TrainSettings,
    listener: Listener,
    held: Dataset | None = None,
    instead: Callable[[Training], None] | None = None,
    began: float | None = None,
    given: Given = NOTHING,
) -> Run:
    """Train and judge a network on the data of `settings`, or those `held` in memory; returns its run folder.

    `minutes` are counted from `began`, a moment of `time.monotonic()`; from now on where it is not given.
    `given` are a program's own network, loss and the like, called within `given.at_work()`.
    What shall be done `instead` is given the training as it stands before its first step; the folder stays as it is.

    What is wrong with data, network or settings is found before the folder is made. Raises `UserError` for
    it, and KeyboardInterrupt where the user stops; the best network so far is then kept.
    """
    began = began or time.monotonic()
    if instead:
        check_alone("lr-find")
    if settings.tune or settings.tune_batch:
        check_alone("--tune")
    with joined(settings.device) as processes:
        said = Recorder(processes.listener(listener))
        with _begun(settings, _Call(processes, said, held, began, given)) as begun:
            t = begun.training
            if instead:
                instead(t)
                return t.run
            with _explain_if_stopped(t, said):
                baselines = _before_the_first_step(begun, said)
                fit(t, said)
                _end(t, begun.prepared, baselines, said)
    return t.run


@dataclass(frozen=True)
class _Begun:
    """A training before its first step."""

    training: Training
    prepared: Prepared
    deadline: float | None  # of `time.monotonic()`
    loss: float | None  # of the training examples, where a last layer was fitted to them beforehand


@contextmanager
def _begun(settings: TrainSettings, call: _Call) -> Iterator[_Begun]:
    """From data to a training in a run folder, which is removed where nothing of it is to be kept."""
    processes, listener, given = call.processes, call.listener, call.given
    deadline = call.deadline(settings.minutes)
    task, settings, dataset, prepared, card, weights = open_training(settings, listener, call.held, given)
    with freed_memory_kept(), new_shared_run(processes, settings.run, dataset.name, listener) as run:
        listener.record_in(run)
        if processes.is_first:
            write_atomic(run.splits_file, splits_csv(dataset, digests_by_name(prepared)))
        choices = Choices.first(settings, prepared.draws, card.input.positions, task)
        choices = shared_choices(choices, processes)
        known = Pretrained(weights, deadline) if weights and processes.is_first else None
        network = first_network(task, card, known, choices, settings.seed, listener)
        frozen = frozen_features(task, network, card, prepared, settings, choices, deadline, listener, given)
        loss = processes.same(_head_started(task, network, card, prepared, frozen, known, choices, listener))
        processes.take_weights(network.to(choices.device))
        del weights, known  # half a gigabyte, for some networks
        t = assemble(task, card, prepared, settings, choices, run, network, given, processes, frozen)
        if settings.tune or settings.tune_batch:
            settle(t, dataset, None, Silent())
            settings = tuned(t, listener)
            choices = Choices.first(settings, prepared.draws, card.input.positions, task)
            t = assemble(task, card, prepared, settings, choices, run, network, given, processes, frozen)
        settle(t, dataset, deadline, listener)
        check_batch(t)
        yield _Begun(t, prepared, deadline, loss)


def _before_the_first_step(begun: _Begun, listener: Listener) -> Mapping[str, Mapping[str, Measured]]:
    """Write what is settled, keep the network as it is, and set the clock; returns what baselines reach."""
    t, prepared = begun.training, begun.prepared
    t.run.save_settings(lasting(t.plan.settings), t.plan.choices.model_dump())
    t.log = _trackers(t, listener)
    if t.processes.is_first:
        save_varied(t)
    if t.frozen_part is not None:  # checkpoints hold what learns alone
        save_network(t.run.model_file, t.deployed, unfinished_card(t, {}))
    if begun.loss is not None:
        keep_beginning(t, begun.loss, prepared.examples[prepared.judged], listener)
    baselines = _baselines(t, prepared, listener)
    t.clock = clock_for(t, begun.deadline, len(prepared.names))
    _warn_if_late(t, listener)
    return baselines


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
                call = _Call(processes, Recorder(processes.listener(listener)), held, began, given)
                return _resumed(its, call, changes, place)
        given.check_same(settings.given, run.path, same_python=False)
        settings = _changed(settings, changes, place).model_copy(update={"run": str(run.path.absolute())})
        threads = chosen.get("threads") if (chosen.get("processes") or 1) == processes.count else None
        with as_many_threads(threads, listener):
            return train(settings, listener, held, began=began, given=given)


def _resumed(run: Run, call: _Call, changes: Mapping[str, int | float], place: str | None) -> Run:
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
    call: _Call,
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
    baselines = _baselines(t, prepared, listener)
    t.clock = clock_for(t, deadline, len(prepared.names), kept.facts["clock"])
    _warn_if_late(t, listener)
    # A run that was trained longer and stopped while it was judged has the card of its first end.
    ended = run.card.training if run.model_file.is_file() else {}
    if t.is_over and ended.get("finished") and ended["epochs"] == t.epoch:
        raise UserError(
            f"{run.path} is finished after {counted(t.epoch, 'epoch')}; go on with more: --epochs or --minutes"
        )
    listener.say(f"resumed {_place(t)}{promise(t, kept.facts)}")
    run.save_settings(settings, t.plan.choices.model_dump())
    t.log = _trackers(t, listener)
    with _explain_if_stopped(t, listener):
        fit(t, listener)  # no step, where the run was stopped while it was judged
        _end(t, prepared, baselines, listener)


def _head_started(
    task: Task,
    network: nn.Module,
    card: Card,
    prepared: Prepared,
    frozen: Frozen | None,
    given: Pretrained | None,
    choices: Choices,
    listener: Listener,
) -> float | None:
    """The loss of a last layer that was fitted to images, or to their features; None where none was."""
    if frozen is None:
        return start_head(task, network, card, prepared.examples["train"], given, choices, listener)
    return start_head(task, frozen.tail, frozen.card, frozen.examples["train"], given, choices, listener)


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


def _warn_if_late(t: Training, listener: Listener) -> None:
    """Say what time would do, where that which was given does not even allow one step."""
    minutes, late = t.plan.settings.minutes, t.clock.seconds_late
    if minutes is None or late < _TOLERATED * 60 * minutes:
        return
    needed = math.ceil((60 * minutes + late) / 6) / 10  # a tenth of a minute
    listener.say(
        f"note: --minutes {minutes:g} is too short: what stands before and after the training takes about {late:.0f} s "
        f"more than that; one step is made, and --minutes {needed:g} would do"
    )


def _end(t: Training, prepared: Prepared, baselines: Mapping[str, Mapping[str, Measured]], listener: Listener) -> None:
    """Judge the best network, export it, and only then call the training finished."""
    card = judge_best(t, prepared.examples.get("test"), baselines, listener, prepared.names)
    if not t.processes.is_first:
        return
    _remove_older(t.run, listener)
    if t.plan.settings.export:
        export_trained(t.run, card, prepared, t.plan.settings.max_megapixels, listener)
    finish(t.run, card)
    if t.plan.settings.report:
        report_trained(t.run, prepared.dataset, listener)
    t.log.rows(t.rows)  # those of a run whose training had ended before
    t.log.finished(card, sorted(t.run.path.glob("*.png")))


def _remove_older(run: Run, listener: Listener) -> None:
    """Remove what was exported of the network before a resumed training."""
    run.exported_file.unlink(missing_ok=True)
    if run.int8_file.is_file():
        run.int8_file.unlink()
        listener.say(
            f"note: {run.int8_file} was of the network before and is removed; make it anew with: convsight export "
            f"{shlex.quote(str(run.path))} --int8"
        )


@contextmanager
def _explain_if_stopped(t: Training, listener: Listener) -> Iterator[None]:
    """Say what is kept and how to go on where the user stops the training."""
    try:
        yield
    except ProcessLostError as error:
        raise ProcessLostError(f"{error}; {_how_to_go_on(t)}") from error
    except RuntimeError as error:
        raise out_of_memory(t, error) or error from None
    except KeyboardInterrupt:
        listener.say(_how_to_go_on(t))
        raise
    finally:
        t.log.close()


def _trackers(t: Training, listener: Listener) -> Trackers:
    """The logs that the user asked for; of several processes the first one writes them."""
    if not t.processes.is_first:
        return Trackers()
    plan = t.plan
    return trackers_of(plan.settings, t.run, plan.choices.model_dump(), str(plan.card.data["name"]), listener)


def _how_to_go_on(t: Training) -> str:
    """Where a training that was stopped stands, what of it is kept, and how to go on."""
    if not t.processes.is_first:  # which alone knows what was written
        return f"stopped {_place(t)}; the state that was written last is kept\ngo on with: {_command(t)}"
    if t.saved_step is None:
        return "stopped before the first step was made: there is nothing to keep, the run folder is removed"
    lost = "" if t.saved_step == t.step else f", kept as it was after step {t.saved_step:,}"
    best = (
        f"the best network so far is {t.run.model_file}" if t.rows else "no epoch has ended, so no network is kept yet"
    )
    return f"stopped {_place(t)}{lost}; {best}\ngo on with: {_command(t)}"


def _place(t: Training) -> str:
    """How far a training is, in words: `after epoch 2`, `in epoch 3 after 12 of 40 batches`."""
    if t.part is None:
        return f"after epoch {t.epoch}"
    return f"in epoch {t.epoch + 1} after {t.part.batches:,} of {t.loader.steps:,} batches"


def _command(t: Training) -> str:
    """The command, or what a program says that gave more than settings."""
    names = [words.partition(" ")[0] for words in t.plan.settings.given]
    if names:
        return f"convsight.resume({str(t.run.path)!r}, {', '.join(f'{name}=...' for name in names)})"
    return f"convsight train --resume {shlex.quote(str(t.run.path))}"


def _same_python(card: Card) -> bool:
    """Whether the run was trained by this version of Python, which makes other code of the same function."""
    mine, its = (str(each.get("python", "")).split(".")[:2] for each in (versions(), card.versions))
    return mine == its


def _baselines(t: Training, prepared: Prepared, listener: Listener) -> dict[str, dict[str, Measured]]:
    if not t.processes.is_first:  # which alone compares and writes
        return {}
    with listener.counting("baselines", 1) as advance:
        found = baselines_of(t.plan.task, prepared.examples["train"], prepared.examples[prepared.judged])
        advance(1)
    return found | ({FROZEN: t.frozen} if t.frozen else {})
