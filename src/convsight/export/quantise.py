"""Weights and activations as 8-bit whole numbers, by NNCF, and what that costs in the task's own metric."""

import io
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto

from convsight.card import Cost
from convsight.datasets import Examples
from convsight.errors import UserError
from convsight.export.onnx_graph import nodes_before_fitted
from convsight.metrics import Metric
from convsight.runtime.engine import Engine
from convsight.runtime.judge import judge
from convsight.runtime.unreported import unreported
from convsight.spread import evenly
from convsight.tasks.reader import Reader
from convsight.words import counted

_SEEN = 300  # images from which the ranges of activations are learnt


def quantised(graph: ModelProto, examples: Examples) -> ModelProto:
    """`graph` with 8-bit weights and activations; the resize in front of the network stays exact.

    Ranges are learnt from up to 300 of the examples. Raises `UserError` where NNCF is not installed.
    """
    os.environ["NNCF_DEV"] = "1"  # it would send usage data otherwise
    logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)  # warns that there is no GPU
    try:
        with unreported():
            import nncf  # noqa: PLC0415  # seconds, and not in every install
    except ModuleNotFoundError as error:
        raise UserError(f'--int8 needs {error.name}: pip install ".[int8]" in the clone of convsight') from error
    nncf.set_log_level(logging.ERROR)
    chosen = evenly(len(examples), _SEEN)

    def inputs() -> Iterator[dict[str, NDArray[Any]]]:
        for index in chosen:
            yield {examples.images.spec.graph_name: examples.images.take(np.array([index]))}

    ignored: Any = nncf.IgnoredScope(names=nodes_before_fitted(graph))
    with redirect_stdout(io.StringIO()):  # its bars; standard output belongs to the verbs
        found: ModelProto = nncf.quantize(
            graph, nncf.Dataset(list(inputs())), ignored_scope=ignored, subset_size=len(chosen)
        )
    return found


def costs(before: Engine, after: Sequence[Engine], reader: Reader, examples: Examples) -> tuple[Cost, ...]:
    """What the metric that chooses the best epoch loses from the engine `before` to each of those `after`."""
    metric = reader.metrics().selected_by[0]
    first = judge(before, reader, examples).compute(intervals=False)
    found = []
    for engine in after:
        second = judge(engine, reader, examples).compute(intervals=False)
        found.append(
            Cost(
                engine=engine.name,
                metric=metric.name,
                before=first[metric.name].value,
                after=second[metric.name].value,
                lost=metric.points(first[metric.name].value, second[metric.name].value),
            )
        )
    return tuple(found)


def coarseness(metric: Metric, images: int, most_lost: float) -> str:
    """That so few images cannot show a loss of `most_lost` points of a share, in words; empty where they can.

    >>> coarseness(Metric("accuracy"), 45, 0.5)
    'note: one of 45 images weighs 2.22 points, so a loss of 0.5 cannot be judged; give more with --data'
    >>> coarseness(Metric("accuracy"), 200, 0.5)
    ''
    """
    weight = 100 / images
    # An error moves by less than a whole image; and where nothing may be lost no number of them would be enough.
    if not (metric.share and 0 < most_lost < weight):
        return ""
    return (
        f"note: one of {counted(images, 'image')} weighs {weight:.3g} points, so a loss of {most_lost:g} cannot be "
        "judged; give more with --data"
    )


def check_costs(metric: Metric, found: Sequence[Cost], most_lost: float) -> None:
    """Raise `UserError` where any engine loses more than `most_lost` points of the metric."""
    # A loss of exactly the limit is allowed, whatever the last bits of the two metrics; one that is no number is not.
    failed = [cost for cost in found if not cost.lost <= most_lost + 1e-9]
    if failed:
        worst = max(failed, key=lambda cost: cost.lost)
        point = "" if metric.span == 1 else f", of which each is {metric.text(metric.span / 100)}"
        raise UserError(
            f"int8 loses {worst.lost:.2f} points of {metric.name} ({metric.text(worst.before)} to "
            f"{metric.text(worst.after)}{point}), more than the {most_lost:g} allowed: no file is written; allow more "
            "with --max-loss, or leave --int8 out"
        )
