"""Stored figures against counting anew, against torchvision's own, and against the lectures'."""

import pytest
from torchvision.models import get_model_weights

from convsight.describe.net_figures import count, listed, named_entries
from convsight.net_list.listed import listed_nets
from convsight.nets.catalogue import NETS, net_entry
from convsight.nets.timm_nets import BORROWED
from convsight.nets.torchvision_nets import torchvision_names

# Ours, and one of each architecture; those of all of torchvision's are compared with its own below.
_SPREAD = [
    *(*NETS, *BORROWED, "alexnet", "convnext_tiny", "densenet121", "efficientnet_b7", "efficientnet_v2_s"),
    *("googlenet", "inception_v3", "maxvit_t", "mnasnet0_5", "mobilenet_v2", "mobilenet_v3_small", "regnet_y_400mf"),
    *("resnet18", "resnet152", "shufflenet_v2_x0_5", "squeezenet1_0", "swin_t", "swin_v2_t", "vgg16", "vit_b_32"),
]


@pytest.mark.parametrize("name", _SPREAD)
def test_stored_figures_are_what_counting_finds(name: str) -> None:
    entry = net_entry(name)
    assert listed(name, entry, count(entry)) == listed_nets()[name]


@pytest.mark.parametrize("name", ["yolo-n", "yolo-s", "ssdlite", "locate", "sliding-window"])
def test_stored_figures_of_tasks_are_what_counting_finds(name: str) -> None:
    ((task, entry),) = [(task, entry) for task, known, entry in named_entries() if known == name]
    assert listed(name, entry, count(entry), task) == listed_nets()[name]


def test_every_network_of_the_catalogue_and_of_each_task_is_stored_in_order() -> None:
    stored = [(net.task, net.name) for net in listed_nets().values()]
    assert stored == [(task, name) for task, name, _ in named_entries()]
    assert len(dict(stored)) > 1


@pytest.mark.parametrize("name", torchvision_names())
def test_torchvision_counts_the_same(name: str) -> None:
    weights = get_model_weights(name).DEFAULT
    found = listed_nets()[name]
    auxiliary = 3_326_696 if name == "inception_v3" else 0  # torchvision counts the head that only training uses
    assert found.parameters == weights.meta["num_params"] - auxiliary
    assert found.multiply_adds is not None
    assert found.multiply_adds / 1e9 == pytest.approx(weights.meta["_ops"], abs=0.00051)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("lecture1", 52_010),
        ("lecture2", 52_010),
        ("lecture3", 50_890),
        ("vgg16", 138_357_544),
        ("lenet5", 61_706),
        ("mobilenet_v1", 4_231_976),  # the paper's table: 4.2 million parameters, 569 million multiply-adds
    ],
)
def test_published_parameters(name: str, parameters: int) -> None:
    assert listed_nets()[name].parameters == parameters


def test_published_multiply_adds() -> None:
    # Dense layers by hand; Howard et al., MobileNets, 2017, table 8.
    assert listed_nets()["mlp"].multiply_adds == 784 * 256 + 256 * 128 + 128 * 10
    assert round((listed_nets()["mobilenet_v1"].multiply_adds or 0) / 1e6) == 569


def test_sides_are_those_of_the_published_accuracy() -> None:
    sides = [listed_nets()[f"efficientnet_b{number}"].side for number in range(8)]
    assert sides == [224, 240, 288, 300, 380, 456, 528, 600]  # B2's weights were measured at 288, not its paper's 260
    assert listed_nets()["inception_v3"].side == 299


def test_every_network_of_the_lectures_is_there() -> None:
    named = {
        "perceptron",
        "mlp",
        "lecture1",
        "lecture2",
        "lecture3",
        "lenet5",
        "alexnet",
        "vgg16",
        "vgg19",
        "googlenet",
    }
    named |= {"inception_v3", "resnet50", "mobilenet_v1", "mobilenet_v2", "mobilenet_v3_small", "mobilenet_v3_large"}
    named |= {f"efficientnet_b{number}" for number in range(8)} | {"squeezenet1_0", "squeezenet1_1"}
    assert named <= listed_nets().keys()
    assert set(NETS) | set(BORROWED) <= listed_nets().keys()
