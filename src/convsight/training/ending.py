"""What stands around the steps of a training: what they are compared with, its logs, the time left, its end."""

import math
from collections.abc import Mapping

from convsight.metrics import Measured
from convsight.progress import Listener
from convsight.run import Run
from convsight.tasks.capabilities import baselines_of
from convsight.training.beginning import FROZEN
from convsight.training.data import Prepared
from convsight.training.exporting import export_trained
from convsight.training.judging import finish, judge_best
from convsight.training.log.trackers import Trackers, trackers_of
from convsight.training.reporting import report_trained
from convsight.training.state import Training
from convsight.words import shell_word

_TOLERATED = 0.05  # of the time given: by so much a training may end later without a word


def baselines_reached(t: Training, prepared: Prepared, listener: Listener) -> dict[str, dict[str, Measured]]:
    """What simple answers reach on the judged examples, and the frozen network where there was one."""
    if not t.processes.is_first:  # which alone compares and writes
        return {}
    with listener.counting("baselines", 1) as advance:
        found = baselines_of(t.plan.task, prepared.examples["train"], prepared.examples[prepared.judged])
        advance(1)
    return found | ({FROZEN: t.frozen} if t.frozen else {})


def trackers(t: Training, listener: Listener) -> Trackers:
    """The logs that the user asked for; of several processes the first one writes them."""
    if not t.processes.is_first:
        return Trackers()
    plan = t.plan
    return trackers_of(plan.settings, t.run, plan.choices.model_dump(), str(plan.card.data["name"]), listener)


def warn_if_late(t: Training, listener: Listener) -> None:
    """Say what time would do, where that which was given does not even allow one step."""
    minutes, late = t.plan.settings.minutes, t.clock.seconds_late
    if minutes is None or late < _TOLERATED * 60 * minutes:
        return
    needed = math.ceil((60 * minutes + late) / 6) / 10  # a tenth of a minute
    listener.say(
        f"note: --minutes {minutes:g} is too short: what stands before and after the training takes about {late:.0f} s "
        f"more than that; one step is made, and --minutes {needed:g} would do"
    )


def end(t: Training, prepared: Prepared, baselines: Mapping[str, Mapping[str, Measured]], listener: Listener) -> None:
    """Judge the best network, export it, and only then call the training finished."""
    card = judge_best(t, prepared.examples.get("test"), baselines, listener, prepared.names)
    if not t.processes.is_first:
        return
    remove_older(t.run, listener)
    if t.plan.settings.export:
        export_trained(t.run, card, prepared, t.plan.settings.max_megapixels, listener)
    finish(t.run, card)
    if t.plan.settings.report:
        report_trained(t.run, prepared.dataset, listener)
    t.log.rows(t.rows)  # those of a run whose training had ended before
    t.log.finished(card, sorted(t.run.path.glob("*.png")))


def remove_older(run: Run, listener: Listener) -> None:
    """Remove what was exported of the network before a resumed training."""
    run.exported_file.unlink(missing_ok=True)
    if run.int8_file.is_file():
        run.int8_file.unlink()
        listener.say(
            f"note: {run.int8_file} was of the network before and is removed; make it anew with: convsight export "
            f"{shell_word(str(run.path))} --int8"
        )
