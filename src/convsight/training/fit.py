"""The training loop. It has no branch on the task: it knows a learner, predictions and metrics."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager

from convsight.progress import Listener, Status
from convsight.results import InvalidOutputError
from convsight.training.epoch_state import EpochState
from convsight.training.held_stop import HeldStop, held_stops
from convsight.training.loader import LoadedBatch
from convsight.training.not_finite import weights_not_finite
from convsight.training.saving import keep_state
from convsight.training.state import Training
from convsight.training.step import autocast, average_weights, diverged, first_place, prepared, seed_step
from convsight.training.update import NotFiniteError
from convsight.training.validation import headline, record, validate
from convsight.training.waiting import advice_on_waiting


def fit(t: Training, listener: Listener) -> None:
    """Train until the clock or early stopping says stop; the best network is in the run folder all along.

    So is the state of the training, every now and then and when the user stops it.
    """
    t.checkpoints.begin()
    with listener.training() as show, held_stops() as held, _kept_if_stopped(t, held, listener):
        while not t.is_over:
            part, known = _opened(t), headline(t)
            for loaded in part.waiting.over(_until_validation(t, part, held)):
                with held:
                    seed_step(t)
                    if t.transfer:
                        t.transfer.apply(t.learner, t.clock.progress)
                    batch = prepared(t, loaded, t.plan.choices.first_side if t.clock.is_cheap else None)
                    t.update.lr = t.rate
                    try:
                        with t.processes.step(loaded.share), autocast(t.device, t.plan.choices.precision):
                            losses = t.processes.of_all(t.learner.step(batch, t.update))
                    except NotFiniteError as error:
                        raise diverged(t, str(error), t.processes.first_words(first_place(t, batch))) from error
                    part.take(losses, loaded.share.whole)
                    average_weights(t)
                    t.step += 1
                    t.clock.advance()
                    t.processes.follow(t.clock)
                t.callbacks.step(t.epoch + 1, t.step, losses, t.update.lr, t.clock.progress, t.learner.network)
                show(_status(t, part, known))
                if t.clock.done:
                    break
                if t.checkpoints.is_due:
                    keep_state(t, listener)
            with held:
                t.update.flush()
                average_weights(t)
            t.processes.check_alike(t.learner)
            _finish_epoch(t, part, held, listener)
            t.processes.follow(t.clock)
            t.callbacks.epoch(t.epoch, t.rows[-1], t.best_epoch == t.epoch, t.run.path, t.deployed)
    if advice := advice_on_waiting(t.rows, t.train.images.kept, t.plan.settings.workers):
        listener.say(advice)


def _until_validation(t: Training, part: EpochState, held: HeldStop) -> Iterator[LoadedBatch]:
    """What is left of an epoch, and whole ones after it where validating after each would take much of --minutes."""
    last = int(t.rows[-1]["epoch"]) if t.rows else 0
    waits_for_each = t.plateau is not None or bool(t.plan.settings.patience)
    while not t.clock.done:
        yield from t.loader.epoch(t.epoch, part.batches, t.augmentation.together)
        if waits_for_each or t.epoch + 1 - last >= t.clock.epochs_a_validation:
            return
        with held:
            t.epoch, part.batches = t.epoch + 1, 0


def _opened(t: Training) -> EpochState:
    """A new epoch, or the one that was stopped, with everything as its next step needs it."""
    t.part = t.part or EpochState()
    t.part.began = time.monotonic()
    t.learner.train()
    return t.part


@contextmanager
def _kept_if_stopped(t: Training, held: HeldStop, listener: Listener) -> Iterator[None]:
    """Write a checkpoint where the user stops the training between two steps."""
    try:
        yield
    except KeyboardInterrupt:
        if held.is_whole and t.part is not None and t.part.seen:
            keep_state(t, listener)
        raise


def _finish_epoch(t: Training, epoch: EpochState, held: HeldStop, listener: Listener) -> None:
    """Validate, keep the best, write the checkpoint, and tell the epoch in one line of words."""
    trained, images_per_s, waited = time.monotonic(), epoch.images_per_s, epoch.waited_share
    if name := weights_not_finite(t.learner) or weights_not_finite(t.kept):
        raise diverged(t, "the weights became infinite", f"first those called {name}")
    try:
        metrics = validate(t)
    except InvalidOutputError as error:  # finite weights may still be too large to compute with
        raise diverged(t, "the network ceased to answer") from error
    with held:
        t.epoch += 1
        t.part = None
        lowered = t.plateau is not None and t.plateau.take(t.reader.metrics().selected_by[0].key(metrics))
        record(t, metrics, epoch.losses, epoch.seconds, images_per_s, listener, waited)
        t.clock.finish_epoch(time.monotonic() - trained)
        listener.epoch(t.epoch, _words(t, epoch, lowered))


def _words(t: Training, epoch: EpochState, lowered: bool) -> str:
    """The epoch that just ended, in one line."""
    planned = t.epoch + math.ceil(t.clock.epochs_left)
    speed = t.rows[-1]["images_per_s"]
    return (
        f"epoch {t.epoch}/{planned}  loss {epoch.loss:.4f}  {headline(t)}  {speed:,.0f} images/s  "
        f"{t.seconds:.0f} s{' *' if t.best_epoch == t.epoch else ''}"
        f"{f'  no better: the rate is now {t.rate:g}' if lowered else ''}"
    )


def _status(t: Training, part: EpochState, known: str) -> Status:
    return Status(t.epoch + 1, t.clock.progress, part.loss, part.images_per_s, t.clock.seconds_left, known)
