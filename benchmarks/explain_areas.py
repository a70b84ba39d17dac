"""Whether deletion, insertion and ROAD equal those of torch-cam and pytorch-grad-cam; a part of `explain.py`."""

import argparse
import copy
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from explain_equality import NETS, Asked, random_network
from measuring import peer_packages, print_table
from numpy.typing import NDArray
from torch import Tensor, nn

from convsight.explain.evidence.areas import STEPS, Areas, curves
from convsight.explain.evidence.cells import Cells
from convsight.explain.evidence.filled import Filled, filled_by_blur, filled_by_mean
from convsight.explain.evidence.road import SHARES, imputed

Floats = NDArray[np.float64]


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this part."""
    parser.add_argument("photos", type=Path, help="a folder of photos; the first is hidden step by step")
    parser.add_argument("--side", type=int, default=84, help="px that the networks see, a multiple of 28")
    parser.add_argument("--nets", nargs="+", default=["small", "squeezenet1_0", "resnet18"], choices=NETS)


def run(arguments: argparse.Namespace) -> None:
    """Print the largest differences of areas, of imputed pixels and of the answers to these."""
    sys.path.append(str(peer_packages("explain")))
    files = sorted(file for file in arguments.photos.iterdir() if file.suffix != ".txt")
    rows = []
    for net in arguments.nets:
        with tempfile.TemporaryDirectory() as folder:
            asked = random_network(net, files, arguments.side, Path(folder))
            cells = Cells(asked.subject.sides)
            values = np.random.default_rng(0).normal(size=cells.grid)
            areas = [
                area_difference(asked, cells, values, fill(asked.subject)) for fill in (filled_by_blur, filled_by_mean)
            ]
            rows.append([net, *(f"{each:.1e}" for each in (*areas, *road_difference(asked, cells, values)))])
    columns = ["areas by blur (torch-cam)", "by mean", "ROAD, pixels (pytorch-grad-cam)", "ROAD, answers"]
    print_table(f"Largest differences of areas and of ROAD without noise, {arguments.side} px", ["net", *columns], rows)


def area_difference(asked: Asked, cells: Cells, values: Floats, filled: Filled) -> float:
    """Of both areas; values of cells differ, so that there is one order."""
    from torchcam.metrics import DeletionInsertionMetric

    ours = curves(filled, cells, np.argsort(-values.ravel())).areas
    pixels = torch.from_numpy(values.ravel()[cells.labels]).float()
    baseline = asked.subject.open_network().planes(filled.array[None]).detach()
    metric = DeletionInsertionMetric(
        Given(copy.deepcopy(asked.model), pixels),
        lambda logits: torch.softmax(logits, -1),
        steps=STEPS,
        baseline=baseline,
    )
    metric.update(asked.planes.detach(), asked.label)
    found = metric.summary()
    theirs = Areas(found["deletion_auc"], found["insertion_auc"])
    return max(abs(ours.deletion - theirs.deletion), abs(ours.insertion - theirs.insertion))


class Given:
    """A map that is there already, as torch-cam's metrics ask for one."""

    def __init__(self, model: nn.Module, pixels: Tensor) -> None:
        self.model = model
        self.pixels = pixels

    def __call__(self, *arguments: Any, **options: Any) -> list[Tensor]:
        return [self.pixels[None]]

    def fuse_cams(self, cams: list[Tensor]) -> Tensor:
        """The one map."""
        return cams[0]

    @contextmanager
    def _hooks_off(self) -> Iterator[None]:
        yield


def road_difference(asked: Asked, cells: Cells, values: Floats) -> tuple[float, float]:
    """Of imputed normalised pixels, and of the probabilities that the network gives them, over all shares."""
    from pytorch_grad_cam.metrics.road import NoisyLinearImputer

    planes = asked.planes.detach()[0]
    order = np.argsort(-values.ravel())
    apart, answers = 0.0, 0.0
    for share in SHARES:
        hidden = np.isin(cells.labels, order[: round(share * cells.count)])
        ours = torch.from_numpy(imputed(planes.permute(1, 2, 0).double().numpy(), hidden)).permute(2, 0, 1).float()
        theirs = NoisyLinearImputer(noise=0)(planes, torch.from_numpy(~hidden).float())
        both = torch.softmax(asked.model(torch.stack([ours, theirs])), -1)[:, asked.label]
        apart = max(apart, float((ours - theirs).abs().max()))
        answers = max(answers, float((both[0] - both[1]).abs()))
    return apart, answers
