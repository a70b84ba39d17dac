"""What simple methods reach, so that a reader sees what a network adds: the mean, the median, a linear model."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from convsight.datasets import Examples
from convsight.metrics import Measured
from convsight.results import Numbers, NumbersOfMany
from convsight.spread import evenly
from convsight.targets import NumberTargets
from convsight.tasks.pixel_features import pixel_features, shrunk_images
from convsight.tasks.regression.light.metrics import NumberMetrics

LINEAR_IMAGES = 5000
# Images are averaged down as for so many classes: 32 px in grey and 16 in colour, about 1,000 features, which a
# regression on a few hundred images cannot tell apart any better.
_OUTPUTS = 312
_REGULARISATIONS = tuple(10.0**power for power in range(0, 7))


def constant_baseline(targets: NumberTargets, said: NDArray[Any], judged: NumbersOfMany) -> dict[str, Measured]:
    """What is reached on `judged` by saying the numbers `said` (numbers,) of every image."""
    return _judged(targets, np.broadcast_to(said, judged.values.shape), judged)


def linear_baseline(
    targets: NumberTargets, train: Examples, true: NumbersOfMany, test: Examples, judged: NumbersOfMany
) -> dict[str, Measured]:
    """What a ridge regression on standardised pixels reaches, its strength chosen by leaving one image out.

    On at most 5,000 images of `train`.
    """
    chosen = evenly(len(train), LINEAR_IMAGES)
    seen, unseen = pixel_features(
        shrunk_images(train.images, chosen, _OUTPUTS),
        shrunk_images(test.images, np.arange(len(test)), _OUTPUTS),
        _OUTPUTS,
    )
    mean, std = np.array(targets.mean), np.array(targets.scale)
    model = make_pipeline(StandardScaler(), RidgeCV(alphas=_REGULARISATIONS))
    model.fit(seen.astype(np.float64), (true.values[chosen] - mean) / std)
    said = model.predict(unseen.astype(np.float64)).reshape(len(judged), -1) * std + mean
    return _judged(targets, said, judged)


def _judged(targets: NumberTargets, said: NDArray[Any], judged: NumbersOfMany) -> dict[str, Measured]:
    metrics = NumberMetrics(targets)
    scale = np.array(targets.scale)
    for row, values in enumerate(said):
        metrics.update(judged[row], Numbers(targets.names, targets.units, values, scale))
    found = metrics.compute()
    return {name: found[name] for name in ("rmse", "mae", "r2") if name in found}
