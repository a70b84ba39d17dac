"""Names of a task's own networks, with and without the network that they come after."""

import pytest
import torch
from torch import Tensor, nn

from convsight.errors import UserError
from convsight.nets.catalogue import build_net
from convsight.nets.entry import NetShape
from convsight.nets.task_nets import TaskNet, TaskNets


class After(nn.Module):
    """Remembers what it was built after."""

    def __init__(self, encoder: str, shape: NetShape) -> None:
        super().__init__()
        self.encoder = encoder
        self.net = build_net(encoder or "mlp", shape)

    def forward(self, images: Tensor) -> Tensor:
        found: Tensor = self.net(images)
        return found


NETS = TaskNets(
    {
        "own": TaskNet(After, "about", "source", "licence", side=32, outputs=5),
        "any": TaskNet(After, "about", "source", "licence", side=32, outputs=5, encoder="small"),
        "none": TaskNet(After, "about", "source", "licence", side=32, outputs=5, others=()),
        "few": TaskNet(
            After, "about", "source", "licence", side=32, outputs=5, encoder="small", others=("small", "lenet5")
        ),
    }
)


@pytest.mark.parametrize(
    ("name", "stored", "parts"),
    [
        ("own", "own", ("own", "")),
        ("own+lenet5", "own+lenet5", ("own", "lenet5")),
        ("any+small", "any", ("any", "small")),
        ("any+timm/resnet10t", "any+timm/resnet10t", ("any", "timm/resnet10t")),
        ("few+lenet5", "few+lenet5", ("few", "lenet5")),
        (
            "any+conv 8 3x3 relu|globalavg| dense outputs",
            "any+conv 8 3x3 relu | globalavg | dense classes",
            ("any", "conv 8 3x3 relu | globalavg | dense classes"),
        ),
    ],
)
def test_names_as_cards_store_them(name: str, stored: str, parts: tuple[str, str]) -> None:
    assert NETS.canonical(name) == stored
    assert NETS.canonical(stored) == stored
    assert NETS.parts(stored) == parts


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("owm", "unknown net 'owm'; did you mean own"),
        ("few+resnet18", "few comes after small or lenet5 alone, not after 'resnet18'"),
        ("any+resnet81", "unknown net 'resnet81'; did you mean resnet18"),
        ("own+", "unknown net ''"),
        ("none+resnet18", "none comes after no other network"),
        (
            "resnet18",
            "unknown net 'resnet18' here: it answers about whole images, and another comes after it: --net own+",
        ),
    ],
)
def test_unknown_names(name: str, message: str) -> None:
    with pytest.raises(UserError) as raised:
        NETS.canonical(name)
    assert str(raised.value).startswith(message)


def test_names_with_an_encoder_count_as_the_tasks_own() -> None:
    assert list(NETS) == ["own", "any", "none", "few"]
    assert "any+resnet18" in NETS
    assert "resnet18" not in NETS
    assert "anyone" not in NETS


def test_an_entry_builds_the_network_after_its_encoder() -> None:
    entry = NETS.entry("any+lenet5")
    assert (entry.default_shape, entry.about, entry.licence) == (NetShape(5, 3, 32, 32), "about", "licence")
    net = entry.build(NetShape(4, 1, 28, 28))
    assert isinstance(net, After)
    assert net.encoder == "lenet5"
    assert net(torch.zeros(2, 1, 28, 28)).shape == (2, 4)
