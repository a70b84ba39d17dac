"""What was asked and answered, in three sentences."""

from convsight.metrics import Measured, Metric
from convsight.pages.markup import Piece
from convsight.pages.page import paragraph
from convsight.report.evidence import Evidence
from convsight.words import counted, shortened

_NET = 80  # characters of the text of a network


def summary(evidence: Evidence, parameters: int | None) -> list[Piece]:
    """What was asked, what the network reached beside the best baseline, and what its curves say."""
    sentences = [_asked(evidence, parameters), _answered(evidence), _verdict(evidence)]
    return [paragraph(sentence, kind="lead") for sentence in sentences]


def _asked(evidence: Evidence, parameters: int | None) -> str:
    card = evidence.card
    images = evidence.parts.get("train")
    learnt = f"{counted(images, 'image')} of " if images else ""
    net = shortened(card.net, _NET) + (f", {counted(parameters, 'parameter')}" if parameters else "")
    training = card.training
    epochs = training.get("epochs")
    long = f" in {counted(epochs, 'epoch')} ({duration(training.get('seconds', 0.0))})" if epochs else ""
    return (
        f"Asked: {card.task} of {card.target.summary} in {card.input.summary}, learnt from {learnt}"
        f"{card.data.get('name', 'data that are not named')} by {net}{long}."
    )


def _answered(evidence: Evidence) -> str:
    metric = evidence.selection
    reached = evidence.reached(metric)
    if reached is None:
        return "Answered: nothing was measured yet."
    images = evidence.parts.get(evidence.split)
    judged = counted(images, "image") if images else "the images"
    role = "which it never saw" if evidence.split == "test" else "which also chose its epoch, so that this is too kind"
    told = f"Answered: on {judged} of {evidence.split}, {role}, {metric.words} is {with_interval(metric, reached)}"
    best = _best_baseline(evidence, metric)
    return f"{told}; the baseline {best[0]} reaches {metric.text(best[1], 3)}." if best else f"{told}."


def _best_baseline(evidence: Evidence, metric: Metric) -> tuple[str, float] | None:
    found = {name: evidence.reached(metric, name) for name in evidence.baselines}
    known = {name: measured.value for name, measured in found.items() if measured is not None}
    return max(known.items(), key=lambda item: metric.signed(item[1])) if known else None


def _verdict(evidence: Evidence) -> str:
    if not evidence.is_finished:
        return f"The training has not ended; go on with it: convsight train --resume {evidence.called}"
    if evidence.judgement is None or not evidence.judgement.advice:
        return "What its curves say was not kept."
    return evidence.judgement.advice


def with_interval(metric: Metric, measured: Measured) -> str:
    """A number with its 95 % interval, if there is one."""
    ends = metric.interval(measured, " to ")
    return metric.text(measured.value) + (f" (95 %: {ends})" if ends else "")


def duration(seconds: float) -> str:
    """So many seconds in words.

    >>> duration(42), duration(394), duration(7300)
    ('42 s', '6 min 34 s', '2 h 1 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"
