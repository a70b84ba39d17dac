"""`Engine`: something that runs a trained network; PyTorch is one, exported graphs have others."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Engine(ABC):
    """Runs the deployed network on fitted pictures.

    `precision` is the number format it computes in: float32, bfloat16 or int8. `run` may be called from several
    threads; `streams` says how many calls at once are of use.
    """

    name: str
    precision: str
    streams: int

    @abstractmethod
    def run(self, pictures: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
        """Named arrays, first axis the batch, for RGB uint8 `pictures` (batch, height, width, 3)."""
