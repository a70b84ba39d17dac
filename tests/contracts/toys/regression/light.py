"""An array to a number, numbers to an error in the number's own unit."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tests.contracts.toys.errors import RootMeanSquare

from convsight.results import Numbers
from convsight.tasks.reader import Reader


class NumberReader(Reader):
    result, pipeline_tag, plain_python = Numbers, "tabular-regression", 'print(arrays["numbers"][0])\n'

    def columns(self) -> tuple[str, ...]:
        return self.card.target.names

    def read(self, arrays: Mapping[str, NDArray[Any]], size: tuple[int, ...]) -> Numbers:
        values, scale = np.asarray(arrays["numbers"], np.float64), np.array(self.card.target.scale)
        return Numbers(self.card.target.names, ("m",), values, scale)

    def metrics(self) -> RootMeanSquare:
        return RootMeanSquare(self.card.target.scale[0], "m")
