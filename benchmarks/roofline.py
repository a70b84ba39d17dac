"""How near a training step comes to what the machine could do: `python benchmarks/roofline.py [--only resnet18 ...]`.

For every operation of a step, forward and backward, the least time it could take: its multiplications at the rate of a
large matrix product in the same number format, or the bytes of its tensors at the rate of a copy, whichever is longer
(Williams et al., "Roofline", 2009). The share is that time over the time taken. Both rates are measured in the same
process, before and after; operations of which nothing is known count as time taken and as none needed.

The networks are laid out as a training of convsight lays them out, in its number format, with AdamW.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod

import torch
from measuring import print_table, versions
from torch import nn
from torch.nn import functional as F
from torch.profiler import ProfilerActivity, profile

from convsight.nets.catalogue import NetShape, build_net
from convsight.nets.depthwise import with_fast_depthwise
from convsight.nets.memory_format import channels_last
from convsight.settings import TrainSettings
from convsight.training.freed_memory import freed_memory_kept
from convsight.training.optimizers import Parameters, build_optimizer
from convsight.training.step_cost import choose_precision

CPU = torch.device("cpu")
CASES = (
    ("lecture3", 28, 1, 128),
    ("small", 28, 1, 128),
    ("resnet18", 64, 3, 64),
    ("resnet18", 224, 3, 16),
    ("mobilenet_v3_small", 128, 3, 32),
)
STEPS = 6
BACKWARD = "aten::convolution_backward"
SHOWN = 8  # operations of a network, those that take longest


@dataclass(frozen=True)
class Operation:
    """What one kind of operation on tensors of the same shapes took in a step, and what it could take, in ms."""

    name: str
    shapes: str
    taken: float
    needed: float


@dataclass(frozen=True)
class Rates:
    """Operations and bytes a second."""

    flops: float
    bytes: float


def main() -> None:
    """Measure every network and print two tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=sorted({case[0] for case in CASES}))
    arguments = parser.parse_args()
    whole, single = [], []
    with freed_memory_kept():
        for name, side, channels, batch in CASES:
            if arguments.only and name not in arguments.only:
                continue
            case = f"{name}, {side} px, batch {batch}"
            precision, rates, operations, step = measured(name, side, channels, batch)
            needed = sum(each.needed for each in operations)
            gflops, gigabytes = f"{rates.flops / 1e9:.0f}", f"{rates.bytes / 1e9:.0f}"
            share = f"{needed / step:.2f}"
            whole.append([case, precision, gflops, gigabytes, f"{step:.1f}", f"{needed:.1f}", share])
            for each in sorted(operations, key=lambda each: -each.taken)[:SHOWN]:
                times = [f"{each.taken:.2f}", f"{each.needed:.2f}", f"{each.needed / each.taken:.2f}"]
                single.append([case, each.name, each.shapes, *times])
    columns = ["network", "format", "GFLOP/s", "GB/s", "step, ms", "at least, ms", "share"]
    print_table("Steps beside the roofline", columns, whole)
    columns = ["network", "operation", "shapes", "taken, ms", "at least, ms", "share"]
    print_table(f"Operations that take longest, {SHOWN} a network", columns, single)
    print("\n" + versions("convsight", "torch", "torchvision"))


def measured(name: str, side: int, channels: int, batch: int) -> tuple[str, Rates, list[Operation], float]:
    """The number format, the machine's rates, the operations of a step, and the ms of a step without a profiler."""
    net = build_net(name, NetShape(outputs=10, channels=channels, height=side, width=side))
    net = with_fast_depthwise(channels_last(net)).train()
    settings = TrainSettings(data="noise")
    precision, _ = choose_precision(net, settings, CPU, torch.zeros(1, channels, side, side))
    half = precision == "bfloat16"
    optimizer = build_optimizer(net, "adamw", 1e-3, 0.05, Parameters.of(settings, CPU))
    images = torch.rand(batch, channels, side, side).contiguous(memory_format=torch.channels_last)
    labels = torch.arange(batch) % 10

    def step() -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            loss = F.cross_entropy(net(images), labels)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        optimizer.zero_grad()

    rates = [machine_rates(half)]
    took = 1e3 * fastest(step, 2 * STEPS)
    with profile(activities=[ProfilerActivity.CPU], record_shapes=True) as seen:
        for _ in range(STEPS):
            step()
    rates.append(machine_rates(half))
    best = Rates(max(each.flops for each in rates), max(each.bytes for each in rates))
    return precision, best, operations_of(seen, best, 2 if half else 4, net), took


def machine_rates(half: bool) -> Rates:
    """The rate of a matrix product of 2048 in the number format, and of a copy of 64 MiB, which reads and writes."""
    left, right = (torch.rand(2048, 2048, dtype=torch.bfloat16 if half else torch.float32) for _ in range(2))
    block = torch.rand(2**24)
    room = torch.empty_like(block)
    flops = 2 * 2048**3 / fastest(lambda: left @ right, 8)
    return Rates(flops, 2 * block.nbytes / fastest(lambda: room.copy_(block), 8))


def fastest(function: Callable[[], object], tries: int) -> float:
    """Seconds of the fastest of some calls."""
    took = []
    for _ in range(tries):
        began = time.perf_counter()
        function()
        took.append(time.perf_counter() - began)
    return min(took)


def operations_of(seen: profile, rates: Rates, bytes_a_number: int, net: nn.Module) -> list[Operation]:
    """The operations of a step by name and shapes, each with the least time it could take."""
    first = next(layer for layer in net.modules() if isinstance(layer, nn.Conv2d))
    events = seen.key_averages(group_by_input_shape=True)
    made = {  # what convolutions make of images and weights has the shape of its gradient
        str(event.input_shapes[1:3]): event.input_shapes[0] for event in events if event.key == BACKWARD
    }
    found = []
    for event in events:
        taken = event.self_cpu_time_total / 1e3 / STEPS
        shapes = [shape for shape in event.input_shapes if shape]
        if taken <= 0 or not shapes or not event.key.startswith("aten::"):
            found.append(Operation(event.key, "", taken, 0.0))
            continue
        calls = event.count / STEPS
        sizes = [prod(shape) for shape in shapes]
        moved = (sum(sizes) + sizes[0]) * bytes_a_number  # read all, and write as much as the first
        computed = flops_of(event.key, shapes, made, first)
        needed = calls * 1e3 * max(computed / rates.flops, moved / rates.bytes)
        known = event.key in KNOWN
        found.append(Operation(event.key.removeprefix("aten::"), str(shapes[:3]), taken, needed if known else 0.0))
    return found


# What a step cannot do without; all others, as copies and conversions, are taken for avoidable.
KNOWN = {
    f"aten::{name}"
    for name in (
        *("mkldnn_convolution", "convolution_backward", "native_batch_norm", "native_batch_norm_backward"),
        *("max_pool2d_with_indices", "max_pool2d_with_indices_backward", "avg_pool2d", "avg_pool2d_backward"),
        *("clamp_min", "clamp_min_", "threshold_backward", "hardswish", "hardswish_", "hardswish_backward"),
        *("addmm", "mm", "mul", "mean", "_fused_adamw_"),
    )
}


def flops_of(name: str, shapes: Sequence[Sequence[int]], made: dict[str, list[int]], first: nn.Conv2d) -> float:
    """Multiplications and additions of an operation; of a convolution's gradients both, of the first layer one."""
    if name == "aten::mkldnn_convolution":
        return 2.0 * prod(made[str(list(shapes[:2]))]) * prod(shapes[1][1:])
    if name == BACKWARD:
        gradient, images, weight = shapes[:3]
        is_first = images[1] == first.in_channels and tuple(weight) == tuple(first.weight.shape)
        return (1 if is_first else 2) * 2.0 * prod(gradient) * prod(weight[1:])
    if name in ("aten::mm", "aten::addmm"):
        left, right = shapes[-2:]
        return 2.0 * prod(left) * right[-1]
    return 0.0


if __name__ == "__main__":
    main()
