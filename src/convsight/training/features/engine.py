"""Running the frozen stages as fast as this machine can.

On processors that is OpenVINO, an image at a time in as many streams as there are threads: on two Zen 4 cores 7 ms an
image of 224 px for EfficientNet-Lite0, PyTorch 33; 10 and 23 for SqueezeNet. Each stream is one thread, so that
the same image gives the same bits whatever is computed beside it.
"""

import warnings
from contextlib import suppress
from importlib import import_module
from typing import Any, Protocol, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from convsight.nets.memory_format import channels_last
from convsight.training.choices import PRECISIONS, Precision

BATCH = 32  # images at most at once
_HINTS = {"float32": "f32", "bfloat16": "bf16"}


class FrontEngine(Protocol):
    """Normalised images (batch, channels, height, width) to features, float32 (batch, numbers)."""

    name: str

    def run(self, images: Tensor) -> NDArray[np.float32]: ...


def engine_for(front: nn.Module, images: tuple[int, ...], device: torch.device, precision: Precision) -> FrontEngine:
    """The fastest engine for `front` on `device`, for images of that shape."""
    if device.type == "cpu":
        with suppress(Exception):  # whatever a converter of another project makes of a network: PyTorch runs it too
            return _OpenVINO(front, images, precision)
    return _Torch(front, device, precision)


@final
class _OpenVINO:
    def __init__(self, front: nn.Module, images: tuple[int, ...], precision: Precision) -> None:
        imported = import_module("convsight.runtime.openvino_import")  # where there is one for this machine
        ov = imported.ov
        self.name = f"openvino {ov.__version__} {precision}"
        threads = torch.get_num_threads()
        with torch.no_grad(), warnings.catch_warnings():
            # OpenVINO's converter reads nothing else in seconds: a `torch.export` takes ten times as long.
            warnings.simplefilter("ignore")
            traced = torch.jit.trace(front.eval(), torch.zeros(1, *images), check_trace=False)  # type: ignore[no-untyped-call]
            model = imported.convert_model(traced, input=[1, *images])
        config = {
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": threads,
            "INFERENCE_PRECISION_HINT": _HINTS[precision],
        }
        self._queue = ov.AsyncInferQueue(imported.core().compile_model(model, "CPU", config))
        self._queue.set_callback(self._take)
        self._found: list[NDArray[np.float32]] = []

    def run(self, images: Tensor) -> NDArray[np.float32]:
        self._found = [np.empty(0, np.float32)] * len(images)
        for place, image in enumerate(images.contiguous().numpy()):
            self._queue.start_async([image[None]], userdata=place)
        self._queue.wait_all()
        return np.stack(self._found)

    def _take(self, request: Any, place: int) -> None:
        self._found[place] = request.get_output_tensor(0).data[0].copy()


@final
class _Torch:
    def __init__(self, front: nn.Module, device: torch.device, precision: Precision) -> None:
        self.name = f"torch {torch.__version__} {device.type} {precision}"
        self._front = channels_last(front.eval().to(device))
        self._device = device
        self._format = PRECISIONS[precision]

    @torch.inference_mode()
    def run(self, images: Tensor) -> NDArray[np.float32]:
        given = images.new_zeros(BATCH, *images.shape[1:])  # always so many: by their number kernels are chosen
        given[: len(images)] = images
        given = given.to(self._device).contiguous(memory_format=torch.channels_last)
        with torch.autocast(self._device.type, self._format, enabled=self._format != torch.float32):
            found: NDArray[np.float32] = self._front(given)[: len(images)].float().cpu().numpy()
        return found
