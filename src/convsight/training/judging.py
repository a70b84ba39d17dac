"""The end of a training: the best network judged on images it was not chosen by."""

import copy
from collections.abc import Mapping, Sequence

import numpy as np
from torch import nn

from convsight.card import Card
from convsight.datasets import Examples, ImageStore
from convsight.export.torch_engine import load_network, save_network
from convsight.figures.figure_file import save_figure
from convsight.figures.training_curves import curves_figure
from convsight.inputs import ImageInput, InputSpec
from convsight.metrics import Measured, named
from convsight.progress import Listener
from convsight.run import Run
from convsight.runtime.judge import judge
from convsight.runtime.mistakes import MistakeCollector
from convsight.spread import evenly
from convsight.tasks import reader_of
from convsight.tasks.capabilities import figures_of, trivial_value, untried_weights, without_effect
from convsight.tasks.reader import Metrics, calibrated_by, remarks_of
from convsight.training.advice import Advice, Untried, advise
from convsight.training.judged import Judged
from convsight.training.reporting import keep_judgement
from convsight.training.sheets import WORST, save_worst, worst_pictures
from convsight.training.state import Training

_SIZED = 200  # images whose size tells whether they have more detail
_ROUND = 32  # px


def judge_best(
    t: Training,
    test: Examples | None,
    baselines: Mapping[str, Mapping[str, Measured]],
    listener: Listener,
    names: Sequence[str],
) -> Card:
    """Judge the run's best network; write what it reached and figures, say what to try next; returns its final card.

    The card in the file says that the training is not finished, until `finish`. Without a `test`, val serves as one.
    `names` are those of the images that are judged.
    """
    plan, told, wrong = t.plan, test or t.val, MistakeCollector(WORST)
    model = _best_network(t)
    judged = Judged.of(t, model, test)
    with listener.counting("judging", len(told) + len(judged.val) + len(judged.seen)) as advance:
        on_val = judge(t.processes.shared(plan.engine(judged.network, judged.card)), t.reader, judged.val, advance)
        on_val, calibration = calibrated_by(on_val)
        calibrated = plan.card.model_copy(update={"calibration": calibration})
        by_what = plan.engine(judged.network, judged.card.model_copy(update={"calibration": calibration}))
        engine, reader = t.processes.shared(by_what), reader_of(calibrated)
        on_told = judge(engine, reader, judged.told, advance, wrong.take)
        on_seen = judge(engine, reader, judged.seen, advance)
    if not t.processes.is_first:
        return calibrated
    scores = on_val.compute()
    reached = on_told.compute()
    split = "test" if test else "val"
    for remark in remarks_of(on_told):
        listener.say(f"note: {split}: {remark}")
    metrics = named(split, reached)
    for method, found in baselines.items():
        metrics |= named(split, found, baseline=method)
    metrics |= named("val", scores)
    card = calibrated.model_copy(update={"metrics": metrics, "training": t.summary(finished=True)})
    save_network(t.run.model_file, model, card.model_copy(update={"training": t.summary(finished=False)}))
    _draw(t, on_told)
    worst = worst_pictures(t, wrong, told)
    save_worst(t, split, wrong, worst, names, listener)
    advice = _advise(t, on_seen.compute(), scores, listener)
    keep_judgement(t, split, on_told, wrong, worst, names, advice, listener)
    _compare(t, split, reached, baselines, listener)
    return card


def _best_network(t: Training) -> nn.Module:
    """The best network of the run, which the first process reads."""
    model = load_network(t.run.model_file) if t.processes.is_first else copy.deepcopy(t.kept).eval()
    model = model.to(t.device)
    t.processes.take_weights(model)
    return model


def finish(run: Run, card: Card) -> None:
    """Write the final card, which says that the training is finished: when all else is there, so that it is true."""
    save_network(run.model_file, load_network(run.model_file), card)


def _draw(t: Training, metrics: Metrics) -> None:
    """Write every figure of the run as PNG."""
    described = metrics.described()
    drawn = [described[name] for name in metrics.drawn]
    curves = curves_figure(t.rows, drawn, t.run.path.name, t.best_epoch)
    figures = {"curves": curves, **figures_of(t.plan.task, metrics)}
    for name, figure in figures.items():
        save_figure(figure, t.run.path / f"{name}.png")


def _advise(
    t: Training,
    on_seen: Mapping[str, Measured],
    on_val: Mapping[str, Measured],
    listener: Listener,
) -> Advice:
    """Say whether the run under- or overfits, and what to try."""
    metric = t.reader.metrics().selected_by[0]
    advice = advise(
        t.rows,
        metric,
        t.best_epoch,
        train_score=on_seen[metric.name],
        val_score=on_val[metric.name],
        baseline=trivial_value(t.plan.task, metric, t.train, t.val),
        settings=t.plan.settings,
        untried=_untried(t),
    )
    listener.say(advice.text)
    return advice


def _untried(t: Training) -> Untried:
    """What of variation, pretrained weights and detail the training left unused."""
    task, card = t.plan.task, t.plan.card
    return Untried(
        varies=not t.varies_most,
        weights=untried_weights(task, card),
        side=_larger_side(t.train.images, card.input),
        augments="augment" not in without_effect(task, card.input),
    )


def _larger_side(images: ImageStore, spec: InputSpec) -> int | None:
    """A side in px, at most twice that of the input, that most of the `images` have; None where they have no more."""
    if not isinstance(spec, ImageInput) or spec.is_tiled:
        return None
    side = min(spec.height, spec.width)
    there = int(np.median([min(images.size(index)) for index in evenly(len(images), _SIZED)]))
    larger = min(2 * side, there) // _ROUND * _ROUND
    return larger if larger > side else None


def _compare(
    t: Training,
    judged: str,
    scores: Mapping[str, Measured],
    baselines: Mapping[str, Mapping[str, Measured]],
    listener: Listener,
) -> None:
    """Say which baselines the network does not beat on the split called `judged`."""
    metric = t.reader.metrics().selected_by[0]
    reached = scores[metric.name].value
    for method, metrics in baselines.items():
        found = metrics.get(metric.name)
        if found is not None and not metric.beats(reached, found.value):
            listener.say(
                f"note: the baseline {method!r} reaches {metric.name} {metric.text(found.value, 3)} on the {judged} "
                f"split, the network {metric.text(reached, 3)}: it adds nothing to so simple a method"
            )
