"""The peak memory of a real training step: `training_step.py NET BATCH` prints the bytes that the process grew by."""

import sys

import torch
from torch.nn import functional as F

from convsight.describe.training_memory import resident_bytes
from convsight.nets.catalogue import build_net, net_entry


def main(name: str, batch: int) -> None:
    """Make one small step, forget the peak so far, make a step of the whole batch, and print the growth."""
    shape = net_entry(name).default_shape
    net = build_net(name, shape).train()
    optimizer = torch.optim.AdamW(net.parameters(), foreach=False)

    def step(images: int) -> None:
        optimizer.zero_grad()
        inputs = torch.randn(images, shape.channels, shape.height, shape.width)
        loss = F.cross_entropy(net(inputs), torch.randint(0, shape.outputs, (images,)))
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    step(2)  # kernels are compiled and the optimizer's state is made
    optimizer.zero_grad()
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    before = resident_bytes("VmRSS") - 3 * sum(4 * p.numel() for p in net.parameters())
    step(batch)
    print(resident_bytes("VmHWM") - before)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
