"""Holding what a network predicts against the targets, for every task and engine alike."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from convsight.results import Result
from convsight.runtime.batch_results import predictions
from convsight.runtime.engine import Engine
from convsight.tasks.reader import Metrics, Reader

if TYPE_CHECKING:  # predict needs none of what reads data sets, and starts sooner without
    from convsight.datasets import Examples

_MAX = 256  # images run at once; more keep no core busier
_BYTES = 100 * 2**21  # of images run at once
_OF_FEATURES, _OF_NUMBER = 100, 12  # bytes a pixel: of the widest maps of features, of a number that is told of it


def judge(
    engine: Engine,
    reader: Reader,
    examples: "Examples",
    progress: Callable[[int], object] | None = None,
    hear: Callable[[int, Result, Result], object] | None = None,
) -> Metrics:
    """Metrics of the network in `engine` over `examples`; `progress` is told how many were judged.

    `hear` is given the position of each example, its target and what was predicted.
    """
    metrics = reader.metrics()
    images = examples.images
    a_pixel = _OF_FEATURES + _OF_NUMBER * reader.numbers_a_position
    batch = 1 if images.spec.is_tiled else max(1, min(_MAX, _BYTES // (a_pixel * images.spec.positions)))
    for start in range(0, len(examples), batch):
        chosen = np.arange(start, min(start + batch, len(examples)))
        sizes = [images.size(int(index)) for index in chosen]
        for index, result in zip(chosen, predictions(engine, reader, images.loaded(chosen), sizes), strict=True):
            target = examples.targets[int(index)]
            metrics.update(target, result)
            if hear:
                hear(int(index), target, result)
        if progress:
            progress(len(chosen))
    return metrics
