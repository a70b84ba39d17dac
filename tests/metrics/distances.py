"""A toy kind of question whose numbers are no shares: how far away a thing is, in metres, judged by the RMSE."""

from collections.abc import Mapping
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from convsight.card import Card
from convsight.inputs import ImageInput
from convsight.metrics import Described, Measured, Metric
from convsight.metrics.bootstrap import bootstrapped, measured
from convsight.metrics.intervals import Floats
from convsight.results import Numbers, Result
from convsight.targets import NumberTargets
from convsight.tasks.reader import Metrics, Reader

SPREAD = 12.5  # metres: the standard deviation of the training targets


@final
class DistanceMetrics(Metrics):
    """`rmse`, and `rmse/near` and `rmse/far` of the things within ten metres and beyond."""

    selection = ("rmse",)
    drawn = ("rmse",)

    def __init__(self, spread: float) -> None:
        self.spread = spread
        self._pairs: list[tuple[float, float]] = []

    def update(self, target: Result, result: Result) -> None:
        assert isinstance(target, Numbers)
        assert isinstance(result, Numbers)
        self._pairs.append((float(target.values[0]), float(result.values[0])))

    def compute(self, intervals: bool = True) -> dict[str, Measured]:
        true, told = np.array(self._pairs).T
        squares, near = (true - told) ** 2, true < 10

        def measure(weights: Floats) -> Mapping[str, Floats]:
            parts = {"rmse": np.ones_like(near), "rmse/near": near, "rmse/far": ~near}
            with np.errstate(invalid="ignore"):
                return {
                    name: np.sqrt(weights @ (squares * part) / (weights @ part.astype(float)))
                    for name, part in parts.items()
                }

        return bootstrapped(measure, len(true), 200) if intervals else measured(measure, len(true))

    def described(self) -> Described:
        return {"rmse": Metric("rmse", "lower", perfect=0.0, span=self.spread, unit="m", share=False)}

    def calibration(self) -> dict[str, float]:
        return {}

    def calibrated(self, calibration: Mapping[str, float]) -> "DistanceMetrics":
        return self


@final
class DistanceReader(Reader):
    """Reads `distance` (1,), in standard deviations from the mean."""

    result = Numbers
    pipeline_tag = "depth-estimation"
    plain_python = "print(arrays['distance'])\n"

    def read(self, arrays: Mapping[str, NDArray[Any]], size: tuple[int, ...]) -> Numbers:
        target = self.card.target
        assert isinstance(target, NumberTargets)
        mean, std = np.array(target.mean), np.array(target.std)
        return Numbers(target.names, target.units, mean + std * arrays["distance"], std)

    def metrics(self) -> DistanceMetrics:
        return DistanceMetrics(*self.card.target.scale)


def distance_card() -> Card:
    """Of a network that tells a distance of 20 m, give or take 12.5."""
    return Card(
        task="classification",  # the registry knows no toys
        net="toy",
        target=NumberTargets(names=("distance",), units=("m",), mean=(20.0,), std=(SPREAD,)),
        input=ImageInput(height=2, width=2, mean=(0, 0, 0), std=(1, 1, 1)),
    )
