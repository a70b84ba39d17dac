"""The deployed network run by ONNX Runtime: where OpenVINO is not, and on NVIDIA GPUs."""

import os
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, final

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from convsight.card import Card
from convsight.errors import UserError
from convsight.runtime.engine import Engine
from convsight.words import shortened

# On GPUs float32 would be computed with 10 bits of mantissa by default, which no proof has seen.
_PREFERRED = {"CUDAExecutionProvider": {"use_tf32": "0"}, "CPUExecutionProvider": {}}
_ERRORS_ONLY = 3  # of ONNX Runtime's levels of messages


@final
class OnnxRuntimeEngine(Engine):
    """Runs the whole of an exported graph; what is fitted already passes its resize unchanged."""

    name = "onnxruntime"
    streams = 1  # one call uses all cores

    def __init__(self, file: Path, card: Card, precision: str | None = None, *, raw: bool = True) -> None:
        own = "int8" if card.weights == "int8" else "float32"
        if precision not in {None, own}:
            raise UserError(f"ONNX Runtime runs {file} in {own}, not {precision}; leave --precision out")
        self.precision = own
        if find_spec("openvino") is not None:  # which tells sizes without making anything of them
            import_module("convsight.runtime.graph_memory").check_file_memory(file)
        options = ort.SessionOptions()
        options.log_severity_level = _ERRORS_ONLY
        threads = os.environ.get("OMP_NUM_THREADS", "")
        if threads.isdecimal():
            options.intra_op_num_threads = int(threads)
        available = ort.get_available_providers()
        try:
            self._session = ort.InferenceSession(
                str(file),
                options,
                providers=[(name, choices) for name, choices in _PREFERRED.items() if name in available],
            )
        except Exception as error:  # its errors share no class of their own
            raise UserError(f"ONNX Runtime cannot read {file}: {error}; export it again") from error
        # Where a GPU cannot be used, ONNX Runtime takes the processor instead without a word.
        self.processor = self._session.get_providers()[0].removesuffix("ExecutionProvider")
        self._file = file
        self._input = card.input.graph_name
        self._names = [output.name for output in self._session.get_outputs()]

    def run(self, inputs: NDArray[Any]) -> dict[str, NDArray[Any]]:
        try:
            found = self._session.run(None, {self._input: np.ascontiguousarray(inputs)})
        except Exception as error:  # its errors share no class of their own
            reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
            raise UserError(
                f"ONNX Runtime cannot run {self._file}: {shortened(reason, 300)}; export it again"
            ) from error
        return dict(zip(self._names, found, strict=True))
