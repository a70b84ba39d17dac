"""`Engine`: something that runs a trained network; PyTorch is one, exported graphs have others."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Engine(ABC):
    """Runs the deployed network on fitted pictures.

    `precision` is the number format it computes in, `streams` how many calls of `run` at once make it faster.
    `run` is safe in threads.
    """

    name: str
    precision: str
    streams: int = 1

    @abstractmethod
    def run(self, pictures: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
        """Named arrays, first axis the batch, for RGB uint8 `pictures` (batch, height, width, 3)."""
