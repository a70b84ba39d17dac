"""`train`: from data to a trained, judged network in a run folder."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from torch import nn

from convsight.card import Card
from convsight.datasets import Dataset, splits_csv
from convsight.export.torch_engine import save_network
from convsight.files import write_atomic
from convsight.metrics import Measured
from convsight.progress import Listener, Silent
from convsight.run import Run
from convsight.settings import TrainSettings
from convsight.tasks.contract import Task
from convsight.training.assembly import assemble, clock_for, settle
from convsight.training.batch_memory import check_batch
from convsight.training.beginning import Pretrained, first_network, keep_beginning, start_head
from convsight.training.call import Call
from convsight.training.choices import Choices
from convsight.training.cutting import digests_by_name
from convsight.training.data import Prepared, lasting
from convsight.training.ending import baselines_reached, end, trackers, warn_if_late
from convsight.training.features.frozen import Frozen
from convsight.training.features.making import frozen_features
from convsight.training.fit import fit
from convsight.training.freed_memory import freed_memory_kept
from convsight.training.given import NOTHING, Given
from convsight.training.opening import open_training
from convsight.training.processes.shared_choices import shared_choices
from convsight.training.processes.shared_run import new_shared_run
from convsight.training.processes.start import check_alone, joined
from convsight.training.recorder import Recorder
from convsight.training.sheets import save_varied
from convsight.training.state import Training
from convsight.training.stopped import explained_if_stopped
from convsight.training.tuning import tuned
from convsight.training.validation import unfinished_card


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
        with _begun(settings, Call(processes, said, held, began, given)) as begun:
            t = begun.training
            if instead:
                instead(t)
                return t.run
            with explained_if_stopped(t, said):
                baselines = _before_the_first_step(begun, said)
                fit(t, said)
                end(t, begun.prepared, baselines, said)
    return t.run


@dataclass(frozen=True)
class _Begun:
    """A training before its first step."""

    training: Training
    prepared: Prepared
    deadline: float | None  # of `time.monotonic()`
    loss: float | None  # of the training examples, where a last layer was fitted to them beforehand


@contextmanager
def _begun(settings: TrainSettings, call: Call) -> Iterator[_Begun]:
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
    t.log = trackers(t, listener)
    if t.processes.is_first:
        save_varied(t)
    if t.frozen_part is not None:  # checkpoints hold what learns alone
        save_network(t.run.model_file, t.deployed, unfinished_card(t, {}))
    if begun.loss is not None:
        keep_beginning(t, begun.loss, prepared.examples[prepared.judged], listener)
    baselines = baselines_reached(t, prepared, listener)
    t.clock = clock_for(t, begun.deadline, len(prepared.names))
    warn_if_late(t, listener)
    return baselines


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
