"""What must be as it was for a resumed training to end with the bits of an unbroken one, and what is told where not."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

from convsight.errors import UserError
from convsight.progress import Listener
from convsight.run import Run, settings_document
from convsight.training.state import Training
from convsight.versions import versions

# Settings that say where things are or how long it shall take, and what follows from that.
_FREE = {
    "settings.data",
    "settings.run",
    "settings.epochs",
    "settings.minutes",
    "chosen.epochs",
    "settings.workers",
    "settings.log",
}
_OF_PROCESSES = {"chosen.processes", "chosen.threads"}  # told where their number is another


@contextmanager
def as_many_threads(threads: int | None, listener: Listener) -> Iterator[None]:
    """PyTorch computes in so many threads within: sums of parts have other bits than others. None: as it is."""
    before = torch.get_num_threads()
    if threads is None or threads == before:
        yield
        return
    listener.say(f"{threads} threads, as the training began with, not {before}: others compute other bits")
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def tell_edits(run: Run, t: Training, facts: Mapping[str, Any], listener: Listener) -> None:
    """Say which settings of `run` are not those that its checkpoint, with `facts`, was trained with.

    Raises `UserError` where its splits are others: images that were learnt would be judged.
    """
    if facts["splits"] != t.splits:
        raise UserError(
            f"{run.splits_file} was changed since {run.path} was begun: what was learnt would be judged; put it back, "
            "or train a new run"
        )
    before = _flat(facts["settings"])
    now = _flat(settings_document(t.plan.settings, t.plan.choices.model_dump()))
    free = _FREE | (_OF_PROCESSES if before.get("chosen.processes") != now.get("chosen.processes") else set())
    for name in sorted((before.keys() | now.keys()) - free):
        if before.get(name) != now.get(name):
            listener.say(
                f"note: settings.toml was changed: {name.partition('.')[2]} is {now.get(name, 'not set')}, was "
                f"{before.get(name, 'not set')} up to step {t.step:,}; an unbroken training would have ended otherwise"
            )


def promise(t: Training, facts: Mapping[str, Any]) -> str:
    """What the weights will be that the resumed training ends with; nothing to say where they are an unbroken one's."""
    if t.plan.settings.minutes is not None:
        return (
            "; it ends on time: how many steps that makes follows this machine's speed, so the weights are those of a "
            "training with one plan and a pause, not the bits of an unbroken one (--epochs promises those)"
        )
    if facts["settings"]["chosen"].get("processes") != t.plan.choices.processes:
        return ""  # that is told by itself
    clock = t.clock.state()
    if clock["total"] != facts["clock"]["total"]:
        return (
            f"; {clock['total']:,} steps in all instead of {facts['clock']['total']:,}: the schedule goes on from here "
            "as if it had been planned so, and no unbroken training has the same bits"
        )
    if differing := _other_versions(facts):
        return f"; {differing}: other versions may compute other bits than an unbroken training would have had"
    return ", to the same weights as an unbroken training"


def _other_versions(facts: Mapping[str, Any]) -> str:
    """What computes now in another version than the training began with."""
    before, now = facts.get("card", {}).get("versions", {}), versions()
    return ", ".join(
        f"{name} {now.get(name, 'none')} instead of {old}" for name, old in before.items() if now.get(name) != old
    )


def _flat(document: Mapping[str, Any], within: str = "") -> dict[str, Any]:
    """Every value by the names that lead to it, with dots between."""
    found: dict[str, Any] = {}
    for name, value in document.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{within}{name}.")
        else:
            found[f"{within}{name}"] = value
    return found
