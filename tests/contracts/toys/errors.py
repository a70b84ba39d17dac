"""A metric for toys: the root of the mean squared difference of what results hold."""

import numpy as np
from numpy.typing import NDArray

from convsight.metrics import Measured, Metric
from convsight.metrics.bootstrap import bootstrapped, measured
from convsight.metrics.intervals import Floats
from convsight.results import ImageResult, Numbers, Result
from convsight.tasks.reader import Metrics


class RootMeanSquare(Metrics):
    """In `unit`, of which `span` is what a prediction of the mean would miss by."""

    selection = drawn = ("rmse",)

    def __init__(self, span: float, unit: str) -> None:
        self._metric = Metric("rmse", "lower", perfect=0.0, span=span, unit=unit, share=False)
        self._squares: list[float] = []

    def described(self) -> dict[str, Metric]:
        return {"rmse": self._metric}

    def update(self, target: Result, result: Result) -> None:
        assert isinstance(target, Numbers | ImageResult)
        assert isinstance(result, Numbers | ImageResult)
        self._squares.append(float(np.square(target.values - result.values).mean()))

    def compute(self, intervals: bool = True) -> dict[str, Measured]:
        squares: NDArray[np.float64] = np.array(self._squares)

        def measure(weights: Floats) -> dict[str, Floats]:
            return {"rmse": np.sqrt(weights @ squares / weights.sum(axis=1))}

        return bootstrapped(measure, len(squares), 200) if intervals else measured(measure, len(squares))
