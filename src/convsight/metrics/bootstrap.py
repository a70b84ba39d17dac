"""95 % intervals by the bootstrap: the judged images are drawn again and again, with replacement.

Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13. A resample is a row of weights, how often each
image was drawn, so that one matrix of weights serves every metric. What an interval is made of resamples by is one of
`metrics.intervals`.
"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from convsight.metrics.intervals import Floats, Interval, percentiles
from convsight.metrics.measured import Measured

# Weights of shape (resamples, images) in, each metric's (resamples,) values out, NaN where it is undefined.
Measure = Callable[[Floats], Mapping[str, Floats]]

_MAX_RESAMPLES = 1000
_FEWEST_RESAMPLES = 200
_WORK = 2_000_000_000  # weights touched in all: about five seconds of one core
_CHUNK = 2_000_000  # weights held at a time
_PERCENTILES: Mapping[str, Interval] = {}  # of every metric


def resamples_for(images: int, passes: int) -> int:
    """How many resamples to draw where a metric goes `passes` times over all images.

    1000, as long as resamples * images * passes stays within two thousand million; beyond that as
    many as fit, but never under 200.

    >>> resamples_for(10_000, 10), resamples_for(50_000, 100), resamples_for(50_000, 1000)
    (1000, 400, 200)
    """
    return min(_MAX_RESAMPLES, max(_FEWEST_RESAMPLES, _WORK // (images * passes)))


def measured(measure: Measure, images: int) -> dict[str, Measured]:
    """What `measure` gives for the images as they are, without intervals; what is undefined is left out."""
    values = measure(np.ones((1, images)))
    return {name: Measured(*[float(value[0])] * 3) for name, value in values.items() if not np.isnan(value[0])}


def bootstrapped(
    measure: Measure,
    images: int,
    resamples: int,
    seed: int = 0,
    intervals: Mapping[str, Interval] = _PERCENTILES,
) -> dict[str, Measured]:
    """What `measure` gives, with 95 % intervals: those that `intervals` has for a metric, else of percentiles.

    All metrics see the same resamples, and the same seed gives the same intervals. Resamples in which a
    metric is undefined do not count for it.

    >>> heads = np.array([1.0, 1.0, 0.0, 1.0])
    >>> str(bootstrapped(lambda weights: {"share": weights @ heads / weights.sum(axis=1)}, 4, 1000)["share"])
    '0.7500 [0.2500, 1.0000]'
    """
    values = measured(measure, images)
    draws = [measure(weights) for weights in resampled(images, resamples, seed)]
    found = {}
    for name, point in values.items():
        drawn = np.concatenate([draw[name] for draw in draws]).astype(np.float64)
        defined = drawn[~np.isnan(drawn)]
        found[name] = intervals.get(name, percentiles)(point.value, defined, images) if len(defined) else point
    return found


def resampled(images: int, resamples: int, seed: int) -> Iterator[NDArray[np.float32]]:
    """Weights of shape (some, images), `resamples` rows in all; each row sums to `images`."""
    generator = np.random.default_rng(seed)
    step = max(1, _CHUNK // images)
    for start in range(0, resamples, step):
        rows = min(step, resamples - start)
        drawn = generator.integers(images, size=(rows, images))
        drawn += np.arange(rows)[:, None] * images
        weights = np.bincount(drawn.ravel(), minlength=rows * images)
        yield weights.reshape(rows, images).astype(np.float32)
