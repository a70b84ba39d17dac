"""Images a second and memory of a network on this machine, each in a process of its own.

A process of its own, so that one network's memory is not another's: `python -m convsight.describe.speed NET H W C K`.
"""

import json
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass

import torch

from convsight.describe.resolve import ResolvedNet, entry_of
from convsight.describe.training_memory import resident_bytes
from convsight.errors import UserError
from convsight.nets.entry import NetShape

_BATCH = 8  # images at once
_PASSES, _LONGEST = 9, 6.0  # timed passes, and the seconds after which no other is begun
_PATIENCE = 300  # seconds


@dataclass(frozen=True)
class Speed:
    """Images a second (median of `passes` passes over `batch` images) and the memory they took, in bytes."""

    images_per_s: float
    peak_bytes: int
    batch: int
    passes: int
    threads: int


def measure(net: ResolvedNet) -> Speed:
    """Run `net` on random images in a process of its own.

    Raises `UserError` where the network cannot be run here, say for want of memory.
    """
    if len(net.shape) != 3:
        raise UserError(f"{net.name} takes no images; only networks for images can be measured")
    channels, height, width = net.shape
    numbers = [str(number) for number in (height, width, channels, net.outputs)]
    command = [sys.executable, "-m", "convsight.describe.speed", net.name, *numbers]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_PATIENCE)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise UserError(f"{net.name}: not measured within {_PATIENCE} s") from error
    except subprocess.CalledProcessError as error:
        last = error.stderr.strip().splitlines()[-1:] or [f"exit code {error.returncode}"]
        raise UserError(f"{net.name} cannot be measured: {last[0]}") from error
    return Speed(**json.loads(done.stdout))


@torch.inference_mode()
def _run(name: str, shape: NetShape) -> Speed:
    before = resident_bytes("VmRSS")
    net = entry_of(name).build(shape).eval().to(memory_format=torch.channels_last)
    images = torch.randn(_BATCH, shape.channels, shape.height, shape.width)
    images = images.contiguous(memory_format=torch.channels_last)
    net(images)  # kernels are chosen in the first pass
    seconds: list[float] = []
    while len(seconds) < _PASSES and sum(seconds) < _LONGEST:
        began = time.perf_counter()
        net(images)
        seconds.append(time.perf_counter() - began)
    rate = _BATCH / statistics.median(seconds)
    return Speed(rate, resident_bytes("VmHWM") - before, _BATCH, len(seconds), torch.get_num_threads())


if __name__ == "__main__":
    height, width, channels, outputs = (int(number) for number in sys.argv[2:6])
    print(json.dumps(asdict(_run(sys.argv[1], NetShape(outputs, channels, height, width)))))
