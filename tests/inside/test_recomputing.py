"""Occlusion that computes again only what a window can change, against full computation and against marked values."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from tests.explain.subjects import subject_of
from torch import nn

from convsight.card import Card
from convsight.explain.method import MethodOptions
from convsight.explain.occlusion import Occlusion, Windows
from convsight.explain.subject import Subject
from convsight.export.torch_engine import graph_engine
from convsight.inputs import ImageInput
from convsight.inside.open_network import OpenNetwork
from convsight.inside.recomputing import Recomputing, recomputing_engine, share_to_redo
from convsight.targets import Classes
from convsight.tasks import task_of
from convsight.tasks.question import OutputQuestion

SIDE = 48
PICTURE = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)


def layers() -> nn.Sequential:
    torch.manual_seed(0)
    made = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1, stride=2),
        nn.ReLU(inplace=True),
        nn.Conv2d(16, 16, 3, padding=1),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(16, 3),
    )
    nn.init.normal_(made.get_submodule("9").get_parameter("weight"))  # so that what is hidden counts
    return made.eval()


def opened(mirror: bool = False) -> OpenNetwork:
    card = Card(
        task="classification",
        net="none",
        target=Classes(names=("a", "b", "c")),
        input=ImageInput(height=SIDE, width=SIDE, mean=(0.5,) * 3, std=(0.1,) * 3),
        mirror=mirror,
    )
    return OpenNetwork(layers().requires_grad_(False), card)


def subject(network: OpenNetwork) -> Subject:
    graph = task_of("classification").graph(network.model, network.card)
    made = subject_of(PICTURE, graph_engine(graph, None, "it"))
    return replace(made, question=OutputQuestion("b", 1, "probabilities"), open_network=lambda: network)


def redone_by_marking(model: nn.Sequential, windows: Windows) -> float:
    """Multiply-adds of values that a window changes, found by marking it as no numbers, by those of all."""
    counts: list[tuple[float, float]] = []

    def note(module: Any, inputs: Any, output: torch.Tensor) -> None:
        counts.append((output.numel() * module.weight[0].numel(), float(torch.isnan(output).float().mean())))

    for module in model:
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.register_forward_hook(note)
    for rows, columns in windows:
        picture = torch.zeros(1, 3, *windows.sides)
        picture[:, :, rows, columns] = float("nan")
        model(picture)
    return sum(count * share for count, share in counts) / sum(count for count, _ in counts)


@pytest.mark.parametrize(("window", "stride"), [(5, 5), (9, 5)])
def test_the_share_to_redo_is_that_of_the_values_a_window_changes(window: int, stride: int) -> None:
    windows = Windows((SIDE, SIDE), window, stride)
    assert share_to_redo(layers(), 3, windows) == pytest.approx(redone_by_marking(layers(), windows), rel=0.01)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "share"), [("resnet50", 0.35), ("squeezenet1_0", 0.13), ("vgg16", 0.11)])
def test_the_share_of_known_networks(name: str, share: float) -> None:
    from torchvision import models

    with torch.device("meta"):
        model = getattr(models, name)()
    assert share_to_redo(model, 3, Windows((224, 224), 15, 8)) == pytest.approx(share, abs=0.015)


@pytest.mark.parametrize("mirror", [False, True])
def test_an_occlusion_map_is_the_same_as_by_computing_all(mirror: bool) -> None:
    network = opened(mirror)
    asked = subject(network)
    options = MethodOptions(window=6, stride=5, fill="255")
    partly, fully = Occlusion(options), Occlusion(options)
    found = partly.importance(asked)
    closed = replace(asked, open_network=subject_of(PICTURE, asked.engine).open_network)
    expected = fully.importance(closed)
    largest = np.abs(expected).max()
    assert largest > 1e-3
    assert found == pytest.approx(expected, abs=1e-3 * largest)
    assert partly.settings()["computed_by"] == "torch in float32, what a window can change"
    assert fully.settings()["computed_by"] == "torch in float32"


def test_where_fields_cover_the_picture_all_is_computed() -> None:
    network = opened()
    network.model.insert(0, nn.Conv2d(3, 3, 41, padding=20).requires_grad_(False))  # type: ignore[operator]
    assert recomputing_engine(network, PICTURE, Windows((SIDE, SIDE), 6, 5), "torch") is None


def test_beside_a_faster_engine_less_must_be_left_to_redo() -> None:
    windows = Windows((SIDE, SIDE), 18, 9)
    assert 0.15 < share_to_redo(layers(), 3, windows) < 0.5
    assert recomputing_engine(opened(), PICTURE, windows, "torch") is not None
    assert recomputing_engine(opened(), PICTURE, windows, "openvino") is None


def test_an_operation_that_means_something_else_is_found_out() -> None:
    """The plain picture decides by itself what the others are: not what a network does that answers one by one."""

    class Comparing(nn.Module):
        def forward(self, planes: torch.Tensor) -> torch.Tensor:
            return planes if type(planes) is torch.Tensor else planes * 2

    network = opened()
    network.model.insert(0, Comparing())  # type: ignore[operator]
    method = Occlusion(MethodOptions(window=6, stride=5))
    method.importance(subject(network))
    assert method.settings()["computed_by"] == "torch in float32"


def test_pictures_that_do_not_differ_get_the_plain_answer() -> None:
    engine = Recomputing(opened(), PICTURE)
    other = PICTURE.copy()
    other[3, 3] = 0
    plain, different = engine.run(np.stack([PICTURE, other]))["probabilities"]
    full = subject(opened()).engine.run(np.stack([PICTURE, other]))["probabilities"]
    assert np.stack([plain, different]) == pytest.approx(full, abs=1e-6)
