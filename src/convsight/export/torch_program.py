"""The deployed graph as a file that PyTorch alone runs: `torch.export.load(file).module()(images)`.

PyTorch's format is a zip of JSON and raw numbers. Only its sample inputs would be a pickle, so they are left out.
"""

import warnings
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from convsight.card import METADATA_KEY, Card
from convsight.errors import UserError
from convsight.export.deployed import trace
from convsight.files import write_atomic_with
from convsight.runtime.engine import FITTED, Engine


@final
class TorchProgram:
    """A traced network."""

    def __init__(self, model: nn.Module, card: Card) -> None:
        if card.weights != "float32":
            raise UserError("PyTorch programs are written in float32; --half goes with --to onnx or openvino")
        try:
            self.program, _ = trace(model, card)
        except Exception as error:  # PyTorch raises whatever its tracer runs into
            raise UserError(f"{card.net} cannot be traced: {str(error).strip().splitlines()[0]}") from error
        self.program.example_inputs = None
        for node in self.program.graph.nodes:
            node.meta.pop("stack_trace", None)  # names files of this machine

    def write(self, file: Path, card: Card) -> None:
        """Write the program, with the card as the extra file `convsight`."""
        extra = {METADATA_KEY: card.model_dump_json()}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # remarks on PyTorch's own internals
            write_atomic_with(file, lambda draft: self._save(draft, extra))

    def _save(self, draft: Path, extra: dict[str, str]) -> None:
        # Of a file that is named, PyTorch would write the name into it, and this one has a temporary one.
        with open(draft, "wb") as opened:
            torch.export.save(self.program, opened, extra_files=extra)


@final
class TorchProgramEngine(Engine):
    """Runs such a file."""

    name = "torch"
    precision = "float32"
    streams = 1

    def __init__(self, file: Path, card: Card) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # remarks on PyTorch's own internals
            self._module = torch.export.load(file).module()

    @torch.inference_mode()
    def run(self, inputs: NDArray[Any]) -> dict[str, NDArray[Any]]:
        arrays = self._module(torch.from_numpy(np.require(inputs, requirements=["C", "W"])))
        return {name: values.numpy() for name, values in arrays.items() if name != FITTED}
