"""Stages against what the papers of the networks call so, and what is cut where."""

import pytest
from torch import nn

from convsight.describe.description import describe_module
from convsight.nets.catalogue import net_entry
from convsight.nets.dry_run.build import build_without_memory
from convsight.nets.entry import NetShape
from convsight.nets.stages import Stages, stages_in, stages_of
from convsight.tasks.detection.networks import NETWORKS


def stages(name: str) -> Stages:
    entry = net_entry(name)
    shape = entry.default_shape
    return stages_of(build_without_memory(entry, shape), (1, shape.channels, shape.height, shape.width))


@pytest.mark.parametrize(
    ("name", "found"),
    [
        # He et al., 2016, table 1: conv1, conv2_x to conv5_x. Bottlenecks stay whole though their stride comes second.
        ("resnet50", ["conv1, bn1", "layer1", "layer2", "layer3", "layer4"]),
        # Squeeze and excitation looks at one cell between two maps; the first dense layer is a stage of its own.
        (
            "mobilenet_v3_small",
            [
                "features.0",
                "features.1",
                "features.2, features.3",
                "features.4 to features.8",
                "features.9 to features.12",
                "classifier.0",
            ],
        ),
        (
            "squeezenet1_0",
            ["features.0", "features.3, features.4, features.5", "features.7 to features.10", "features.12"],
        ),
        ("lecture1", ["conv1", "conv2"]),
        ("perceptron", []),
    ],
)
def test_stages_end_where_maps_become_smaller(name: str, found: list[str]) -> None:
    assert [str(stage) for stage in stages(name).stages] == found


def test_every_layer_is_in_one_stage_or_after_them() -> None:
    net = build_without_memory(net_entry("resnet18"), NetShape(10, 3, 64, 64))
    found = stages_of(net, (1, 3, 64, 64))
    names = [name for stage in (*found.stages, found.after) for name in stage.layers]
    owners = [name for name, module in net.named_modules() if list(module.parameters(recurse=False))]
    assert sorted(names) == sorted(owners)
    assert found.after.layers == ("fc",)


def test_blocks_of_tokens_are_a_stage_each() -> None:
    found = stages("vit_b_16")
    assert len(found) == 13
    assert str(found.stages[1]).startswith("encoder.layers.encoder_layer_0")


def test_layers_named_as_answering_are_none() -> None:
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3), nn.Flatten(), nn.Linear(4, 2))
    assert stages_of(net, (1, 3, 5, 5), answering=["1"]).after.layers == ("1", "3")


@pytest.mark.parametrize("name", ["yolo-n", "yolo-n+resnet18", "locate"])
def test_stages_of_a_detector_are_its_backbones(name: str) -> None:
    net = NETWORKS.build(name, NetShape(2, 3, 64, 64))
    found = stages_in(net, (1, 3, 64, 64))
    backbone = net.backbone
    assert len(found) >= 4
    assert all(layer.startswith(backbone or "net.") for stage in found.stages for layer in stage.layers)
    assert not any(layer.startswith(backbone) for layer in found.after.layers) if backbone else len(found.after.layers)


def test_a_description_lists_them() -> None:
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(72, 2))
    assert describe_module(net, (3, 5, 5)).to_json()["stages"] == [("0",)]
