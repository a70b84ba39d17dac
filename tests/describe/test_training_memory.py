"""Predicted training memory against what a process really grows by."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torchvision
from torch import nn

from convsight.describe.training_memory import training_memory

STEP = """
import sys
import torch, torchvision
from torch.nn import functional as F
from convsight.describe.training_memory import resident_bytes

torch.set_num_threads(1)
name, batch, side = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
net = torchvision.models.get_model(name, num_classes=1000).train()
optimizer = torch.optim.AdamW(net.parameters(), foreach=False)

def step(batch):
    images, labels = torch.randn(batch, 3, side, side), torch.randint(0, 1000, (batch,))
    optimizer.zero_grad()
    F.cross_entropy(net(images), labels).backward()
    optimizer.step()

step(2)  # kernels are compiled and the optimizer's state is made
optimizer.zero_grad()
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")  # forget the peak so far
before = resident_bytes("VmRSS") - 3 * sum(4 * p.numel() for p in net.parameters())
step(batch)
print(resident_bytes("VmHWM") - before)
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="reads Linux's account of a process")
@pytest.mark.parametrize(
    ("name", "batch", "side"),
    [
        pytest.param("squeezenet1_0", 8, 160, marks=pytest.mark.slow),
        pytest.param("mobilenet_v2", 8, 128, marks=pytest.mark.slow),
        pytest.param("resnet18", 8, 160, marks=pytest.mark.slow),
    ],
)
def test_within_15_percent_of_the_measured_peak(name: str, batch: int, side: int) -> None:
    # Freed tensors go back to the system at once, so that the process is as large as what it holds.
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
    command = [sys.executable, "-c", STEP, name, str(batch), str(side)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    predicted = training_memory(torchvision.models.get_model(name), (batch, 3, side, side)).peak
    assert predicted == pytest.approx(int(done.stdout), rel=0.15)


def test_what_must_be_kept_is_kept_and_no_more() -> None:
    # A ReLU after a convolution keeps its output; the convolution keeps its input. In place, both share.
    kept = training_memory(nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU()), (4, 3, 16, 16)).activations
    shared = training_memory(nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(inplace=True)), (4, 3, 16, 16))
    image, volume = 4 * 3 * 16 * 16 * 4, 4 * 8 * 16 * 16 * 4
    assert image + volume <= shared.activations < image + 1.1 * volume
    assert kept == shared.activations


def test_a_larger_batch_takes_more_and_the_weights_do_not() -> None:
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 36, 2))
    small, large = (training_memory(net, (batch, 3, 8, 8)) for batch in (2, 20))
    assert small.weights == large.weights
    assert large.activations > 8 * small.activations
    assert large.peak > small.peak


@pytest.mark.parametrize(("optimizer", "copies"), [("adamw", 2), ("adam", 2), ("muon", 1), ("rmsprop", 1), ("sgd", 1)])
def test_what_the_optimizers_keep(optimizer: str, copies: int) -> None:
    memory = training_memory(nn.Linear(10, 3), (2, 10), optimizer)
    assert memory.optimizer_state == copies * 33 * 4
