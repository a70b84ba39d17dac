"""`describe` against the target: real forward passes, PyTorch's counter, measured memory, and other counting tools.

    python benchmarks/describe.py [--nets PATTERN]

The first table runs every network of the catalogue once on a real image. The second compares the predicted memory of
a training step with what a process grows by. The third shows the multiply-adds that torchinfo, thop, fvcore and ptflops
count.
"""

import argparse
import json
import os
import subprocess
import sys
from fnmatch import fnmatch

import torch
from measuring import HERE, peer_packages, print_table, versions
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from convsight.describe.description import describe_module
from convsight.describe.training_memory import training_memory
from convsight.nets.catalogue import build_net, net_entry, net_names
from convsight.nets.dry_run.build import build_without_memory

MEMORY = (
    ("squeezenet1_0", 16),
    ("mobilenet_v2", 16),
    ("resnet18", 16),
    ("resnet50", 8),
    ("efficientnet_b0", 8),
    ("vgg16", 2),
)
COUNTED = ("resnet50", "mobilenet_v2", "vit_b_16", "swin_t", "swin_v2_t", "convnext_tiny", "maxvit_t")


def main() -> None:
    """Print the three tables."""
    # The fused attention that PyTorch uses without gradients hides its matrix products from PyTorch's own counter.
    torch.backends.mha.set_fastpath_enabled(False)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nets", default="*", help="a pattern for the first table")
    names = [name for name in net_names() if fnmatch(name, parser.parse_args().nets)]
    checked = [against_target(name) for name in names]
    wrong = [row for row in checked if row[1] != row[2] or row[3] != "yes" or row[4] != "yes"]
    summary = [
        ["networks run on a real image", str(len(checked))],
        ["volumes compared", f"{sum(int(row[1]) for row in checked):,}"],
        ["volumes that differ", f"{sum(int(row[1]) - int(row[2]) for row in checked):,}"],
        ["networks whose parameters differ from the module's", str(sum(row[3] != "yes" for row in checked))],
        ["networks whose FLOPs differ from flop_counter's", str(sum(row[4] != "yes" for row in checked))],
    ]
    print_table("describe against real forward passes", ["what", "count"], summary)
    if wrong:
        print_table("those that differ", ["net", "volumes", "equal", "parameters", "FLOPs"], wrong)
    rows = [memory_row(name, batch) for name, batch in MEMORY]
    print_table("Peak memory of a training step, MiB", ["net", "batch", "predicted", "measured", "ratio"], rows)
    print_table(
        "Multiply-adds by tool", ["net", "convsight", "flop_counter", *PEERS], [peers_row(name) for name in COUNTED]
    )
    print("\n" + versions("convsight", "torch", "torchvision") + "; peers: " + ", ".join(PEERS))


def against_target(name: str) -> list[str]:
    """Volumes compared and equal, and whether parameters and FLOPs are the module's and the counter's."""
    entry = net_entry(name)
    shape = entry.default_shape
    net = build_net(name, shape).eval()
    seen: dict[str, tuple[int, ...]] = {}

    def note(path: str, out: object) -> None:
        if isinstance(out, Tensor):
            seen.setdefault(path, tuple(out.shape[1:]))

    for path, module in net.named_modules():
        if not list(module.children()):
            module.register_forward_hook(lambda _, __, out, path=path: note(path, out))
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        net(torch.randn(1, shape.channels, shape.height, shape.width))
    found = describe_module(net, (shape.channels, shape.height, shape.width), name)
    rows = {layer.name: layer for layer in found.layers}
    compared = [(rows[path].output, volume) for path, volume in seen.items() if path in rows]
    equal = sum(ours in (theirs, (*theirs[1:], theirs[0])) for ours, theirs in compared)
    parameters = found.parameters == sum(value.numel() for value in net.parameters())
    flops = found.flops == counter.get_total_flops()
    print(name, len(compared), equal, parameters, flops, file=sys.stderr)
    return [name, str(len(compared)), str(equal), "yes" if parameters else "no", "yes" if flops else "no"]


def memory_row(name: str, batch: int) -> list[str]:
    """Predicted and measured peak of one network."""
    shape = net_entry(name).default_shape
    predicted = training_memory(build_net(name, shape), (batch, 3, shape.height, shape.width)).peak
    # Freed tensors go back to the system at once, so that the process is as large as what it holds.
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
    command = [sys.executable, str(HERE / "peers" / "training_step.py"), name, str(batch)]
    measured = int(subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout)
    return [name, str(batch), f"{predicted / 2**20:.0f}", f"{measured / 2**20:.0f}", f"{predicted / measured:.3f}"]


PEERS = ("torchinfo", "thop", "fvcore", "ptflops")


def peers_row(name: str) -> list[str]:
    """What each tool counts for one network; their words where they fail."""
    shape = net_entry(name).default_shape
    net = build_without_memory(net_entry(name), shape)
    ours = describe_module(net, (shape.channels, shape.height, shape.width)).multiply_adds
    with FlopCounterMode(display=False) as counter:
        net(torch.empty(1, shape.channels, shape.height, shape.width, device="meta"))
    environment = {**os.environ, "PYTHONPATH": str(peer_packages("counters"))}
    cells = []
    for peer in PEERS:
        command = [sys.executable, str(HERE / "peers" / "count.py"), peer, name, str(shape.height)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        cells.append(f"{json.loads(done.stdout.splitlines()[-1]):,}" if done.returncode == 0 else "fails")
    return [name, f"{ours:,}", f"{counter.get_total_flops() // 2:,}", *cells]


if __name__ == "__main__":
    main()
