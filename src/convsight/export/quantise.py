"""Weights and activations as 8-bit whole numbers, by NNCF, and what that costs in the task's own metric."""

import io
import logging
import os
from collections.abc import Iterator
from contextlib import redirect_stdout
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto

from convsight.datasets import Examples
from convsight.errors import UserError
from convsight.export.onnx_graph import nodes_before_fitted
from convsight.runtime.engine import Engine
from convsight.runtime.judge import judge
from convsight.tasks.reader import Reader

_SEEN = 300  # pictures from which the ranges of activations are learnt


class Cost(NamedTuple):
    """A metric before and after quantisation; `lost` in points (hundredths), below 0 where it got better."""

    metric: str
    before: float
    after: float
    lost: float


def quantised(graph: ModelProto, examples: Examples) -> ModelProto:
    """`graph` with 8-bit weights and activations; the resize in front of the network stays exact.

    Ranges are learnt from up to 300 of the examples. Raises `UserError` where NNCF is not installed.
    """
    os.environ["NNCF_DEV"] = "1"  # it would send usage data otherwise
    logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)  # warns that there is no GPU
    try:
        import nncf  # noqa: PLC0415  # seconds, and not in every install
    except ModuleNotFoundError as error:
        raise UserError(f'--int8 needs {error.name}: pip install "convsight[int8]"') from error
    nncf.set_log_level(logging.ERROR)
    chosen = np.linspace(0, len(examples) - 1, min(_SEEN, len(examples))).astype(np.int64)

    def inputs() -> Iterator[dict[str, NDArray[np.uint8]]]:
        for index in chosen:
            yield {"pictures": examples.pictures.take(np.array([index]))}

    ignored: Any = nncf.IgnoredScope(names=nodes_before_fitted(graph))
    with redirect_stdout(io.StringIO()):  # its bars; standard output belongs to the verbs
        found: ModelProto = nncf.quantize(
            graph, nncf.Dataset(list(inputs())), ignored_scope=ignored, subset_size=len(chosen)
        )
    return found


def cost(before: Engine, after: Engine, reader: Reader, examples: Examples) -> Cost:
    """What the metric that chooses the best epoch loses between two engines."""
    selection = reader.metrics().selection[0]
    first, second = (judge(engine, reader, examples).compute(intervals=False) for engine in (before, after))
    worse = selection.key(first) - selection.key(second)
    return Cost(selection.metric, first[selection.metric].value, second[selection.metric].value, 100 * worse)
