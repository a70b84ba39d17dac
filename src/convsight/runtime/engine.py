"""`Engine`: something that runs a trained network; PyTorch is one, OpenVINO and ONNX Runtime are others."""

from abc import ABC, abstractmethod
from typing import Any, Literal

from numpy.typing import NDArray

Precision = Literal["float32", "bfloat16", "int8"]

FITTED = "fitted"  # the tensor of a graph that holds the originals as they are loaded for the network


class Engine(ABC):
    """Runs the deployed network.

    `precision` is the number format it computes in, `processor` what computes (CPU or CUDA), `streams` how many calls
    of `run` it works on at once: more threads than that gain nothing.
    """

    name: str
    precision: str
    streams: int
    processor: str = "CPU"

    @property
    def words(self) -> str:
        """What runs the network, and in which number format."""
        return f"{self.name} in {self.precision}" + ("" if self.processor == "CPU" else f" on {self.processor}")

    @property
    def callers(self) -> int:
        """How many threads shall call it beside the one that asks; none where one call uses all cores."""
        return 0 if self.streams == 1 else self.streams

    @abstractmethod
    def run(self, inputs: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """Named arrays, first axis the batch, for `inputs` (batch, ...), which are what the card's `input` loads.

        RGB images, most often: uint8 (batch, height, width, 3). Safe in threads.
        """
