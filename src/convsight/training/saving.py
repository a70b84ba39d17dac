"""What a checkpoint holds of a training, and a training put back to where one was written."""

import json

from convsight.errors import UserError
from convsight.export.torch_engine import load_tensors
from convsight.metrics import Measured
from convsight.progress import Listener
from convsight.run import settings_document
from convsight.training.checkpoint import Checkpoint
from convsight.training.epoch_state import EpochState
from convsight.training.not_finite import weights_not_finite
from convsight.training.state import Training


def keep_state(t: Training, listener: Listener) -> None:
    """Write a checkpoint, or say once why that cannot be done: the training is worth more than its copy.

    `t` must stand between two steps. Where weights are infinite, the last one is better, and the next step tells.
    Gradients that wait in several processes are parts, which no checkpoint knows: a later step is kept instead.
    """
    if not t.processes.is_first or (t.processes.count > 1 and t.update.waiting()[1]):
        return
    if weights_not_finite(t.learner):
        return
    try:
        _save(t)
    except UserError as error:
        kept = "no state is kept so far" if t.saved_step is None else f"the state after step {t.saved_step:,} is kept"
        if not t.is_unsaved:
            listener.say(f"note: {error}; the training goes on, and {kept}")
        t.is_unsaved = True
    else:
        if t.is_unsaved:
            listener.say(f"checkpoints can be written again: the state after step {t.step:,} is kept")
        t.is_unsaved = False


def _save(t: Training) -> None:
    if t.part is None:
        t.run.save_rows(t.rows)
    gradients, waiting = t.update.waiting()
    averaged = {"ema": t.ema.model.state_dict()} if t.ema else {}
    parts = {"learner": t.learner.state_dict(), **averaged, "waiting": gradients}
    facts = {
        "epoch": t.epoch,
        "step": t.step,
        "averaged": t.averaged,
        "seconds": t.seconds,
        "lr": t.update.lr,
        "budget_from": t.budget_from,
        "rows": t.rows,
        "best_epoch": t.best_epoch,
        "risen_epoch": t.risen_epoch,
        "best_key": t.best_key,
        "frozen": t.frozen,
        "clock": t.clock.state(),
        **({"plateau": t.plateau.state()} if t.plateau else {}),
        **({"part": t.part.state()} if t.part else {}),
        "waiting": waiting,
        "splits": t.splits,
        "settings": settings_document(t.plan.settings, t.plan.choices.model_dump()),
        "card": json.loads(t.plan.card.model_dump_json()),
    }
    t.checkpoints.save(parts, t.update.states(), facts)
    t.saved_step = t.step


def restore(t: Training, kept: Checkpoint) -> None:
    """Put `t` back to where `kept` was written."""
    facts = kept.facts
    load_tensors(t.learner, kept.part("learner"))
    if t.ema:
        load_tensors(t.ema.model, kept.part("ema"))
    kept.put_into(t.update.states())
    # Of several processes one has them, or their sum would be so many times as large.
    t.update.wait_again(kept.part("waiting") if t.processes.is_first else {}, facts.get("waiting", {}))
    t.epoch, t.step, t.seconds = facts["epoch"], facts["step"], facts["seconds"]
    t.averaged = facts.get("averaged", t.step)  # once a batch, in checkpoints that do not tell
    t.update.lr = facts.get("lr", 0.0)
    t.part = EpochState.restored(facts["part"]) if "part" in facts else None
    t.saved_step, t.budget_from, t.risen_epoch = t.step, facts["budget_from"], facts["risen_epoch"]
    if t.plateau:
        t.plateau.restore(facts["plateau"])
    t.rows, t.best_epoch, t.best_key = list(facts["rows"]), facts["best_epoch"], tuple(facts["best_key"])
    t.frozen = {name: Measured(*values) for name, values in facts.get("frozen", {}).items()}
