"""Pretrained weights in networks for other channels and outputs, with real ones of ImageNet."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torchvision.models import VisionTransformer

from convsight.card import Card
from convsight.errors import UserError
from convsight.export.torch_engine import save_network
from convsight.inputs import ImageInput
from convsight.nets.catalogue import NetShape, build_net
from convsight.nets.weights import Weights, adapt_weights, read_weights
from convsight.targets import Classes

_NET = "squeezenet1_0"


@pytest.fixture(scope="module")
def file(shared_data: Any) -> Path:
    path: Path = shared_data("squeezenet1_0_imagenet") / "squeezenet1_0-imagenet.safetensors"
    return path


@pytest.fixture(scope="module")
def real(file: Path) -> Weights:
    return read_weights(_NET, str(file))


def loaded(real: Weights, outputs: int, channels: int) -> tuple[nn.Module, list[str]]:
    torch.manual_seed(0)
    net = build_net(_NET, NetShape(outputs, channels, 64, 64))
    return net.eval(), adapt_weights(net, _NET, real, channels)


def test_real_weights_are_taken_exactly(file: Path, real: Weights) -> None:
    net, notes = loaded(real, 1000, 3)
    expected = load_file(file)
    assert net.state_dict().keys() == expected.keys()
    assert all(torch.equal(value, expected[name]) for name, value in net.state_dict().items())
    assert len(notes) == 1
    assert notes[0].startswith("weights: squeezenet1_0-imagenet.safetensors (SHA-256 ")
    assert (real.mean, real.std) == ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def test_a_grey_image_gives_what_it_gave_as_rgb(real: Weights) -> None:
    grey = torch.randn(2, 1, 64, 64)
    with torch.no_grad():
        expected = loaded(real, 1000, 3)[0](grey.repeat(1, 3, 1, 1))
        found = loaded(real, 1000, 1)[0](grey)
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3)
    assert expected.std() > 1


@pytest.mark.parametrize("channels", [4, 13])
def test_other_channels(real: Weights, channels: int) -> None:
    net, notes = loaded(real, 1000, channels)
    with torch.no_grad():
        assert net(torch.randn(1, channels, 64, 64)).std() > 1
    assert notes[1:] == [
        f"features.0.weight: weights for 3 channels, repeated in turn and scaled by 3/{channels} for {channels}"
    ]


def test_other_outputs_leave_the_last_layer_fresh_and_nothing_else(real: Weights) -> None:
    torch.manual_seed(0)
    fresh = build_net(_NET, NetShape(10, 3, 64, 64)).state_dict()
    net, notes = loaded(real, 10, 3)
    for name, value in net.state_dict().items():
        expected = fresh[name] if name.startswith("classifier.") else real.tensors[name]
        assert torch.equal(value, expected), name
    assert notes[1:] == ["classifier.1 starts fresh: the weights are for 1,000 outputs, this network is for 10"]


def test_same_seed_same_fresh_layer(real: Weights) -> None:
    one, other = (loaded(real, 10, 1)[0].state_dict() for _ in range(2))
    assert all(torch.equal(one[name], other[name]) for name in one)


# Layers for other outputs: dense; two of them; with a normalisation of its own.
@pytest.mark.parametrize("name", ["lenet5", "mlp", "resnet18", "timm/levit_128s", "timm/test_convnext", "mobilenet_v1"])
def test_every_kind_of_last_layer(name: str) -> None:
    channels = 1 if name in {"lenet5", "mlp"} else 3
    side = 28 if channels == 1 else 224
    torch.manual_seed(0)
    trained = build_net(name, NetShape(5, channels, side, side)).state_dict()
    net = build_net(name, NetShape(3, channels, side, side))
    before = {key: value.clone() for key, value in net.state_dict().items()}
    notes = adapt_weights(net, name, Weights("made", trained, None, None), channels)
    assert "starts fresh: the weights are for 5 outputs, this network is for 3" in notes[1]
    for key, value in net.state_dict().items():
        assert torch.equal(value, trained[key] if trained[key].shape == value.shape else before[key]), key


def test_half_precision_weights_become_the_networks(real: Weights) -> None:
    half = Weights("half", {name: value.half() for name, value in real.tensors.items()}, None, None)
    net = build_net(_NET, NetShape(1000, 3, 64, 64))
    adapt_weights(net, _NET, half, 3)
    assert {value.dtype for value in net.state_dict().values()} == {torch.float32}
    assert torch.equal(net.state_dict()["features.0.bias"], real.tensors["features.0.bias"].half().float())


def test_files_without_counters_of_batch_normalisation_fit() -> None:
    trained = build_net("resnet18", NetShape(5, 3, 32, 32)).state_dict()
    old = {name: value for name, value in trained.items() if not name.endswith("num_batches_tracked")}
    net = build_net("resnet18", NetShape(5, 3, 32, 32))
    adapt_weights(net, "resnet18", Weights("old", old, None, None), 3)
    assert all(torch.equal(net.state_dict()[name], value) for name, value in old.items())


def test_old_names_in_transformers_fit() -> None:
    net = VisionTransformer(image_size=32, patch_size=16, num_layers=2, num_heads=2, hidden_dim=8, mlp_dim=16)
    trained = {name: torch.randn_like(value) for name, value in net.state_dict().items()}
    old = {
        name.replace("mlp.0.", "mlp.linear_1.").replace("mlp.3.", "mlp.linear_2."): trained[name] for name in trained
    }
    assert sum("linear_" in name for name in old) == 8
    adapt_weights(net, "vit_b_16", Weights("old", old, None, None), 3)
    assert all(torch.equal(value, trained[name]) for name, value in net.state_dict().items())


def test_where_nothing_is_offered() -> None:
    with pytest.raises(UserError, match="no pretrained weights for small; `convsight nets`"):
        read_weights("small", "imagenet")
    with pytest.raises(UserError, match=r"--weights no/such\.pth: there is no such file"):
        read_weights("small", "no/such.pth")
    with pytest.raises(UserError, match="unknown net 'resnet81'"):
        read_weights("resnet81", "imagenet")


def test_a_model_file_of_ours_brings_its_own_statistics(tmp_path: Path) -> None:
    spec = ImageInput(height=14, width=14, channels=1, mean=(0.3,), std=(0.4,))
    card = Card(task="classification", net="lecture3", target=Classes(names=("0", "1")), input=spec)
    save_network(tmp_path / "m.safetensors", build_net("lecture3", NetShape(2, 1, 14, 14)), card)
    weights = read_weights("lecture3", str(tmp_path / "m.safetensors"))
    assert (weights.mean, weights.std) == ((0.3,), (0.4,))
    with pytest.raises(UserError, match=r"holds the network lecture3, not lenet5: use --net lecture3"):
        read_weights("lenet5", str(tmp_path / "m.safetensors"))


@pytest.mark.parametrize(
    ("mean", "channels", "expected"),
    [((0.2, 0.4, 0.6), 3, (0.2, 0.4, 0.6)), ((0.2, 0.4, 0.6), 1, (0.4,)), ((0.3,), 3, (0.3, 0.3, 0.3))],
)
def test_statistics_for_other_channels(mean: tuple[float, ...], channels: int, expected: tuple[float, ...]) -> None:
    found = Weights("", {}, mean, mean).statistics(channels)
    assert found is not None
    assert found[0] == found[1] == pytest.approx(expected)


def test_statistics_that_are_not_known(tmp_path: Path) -> None:
    save_file(build_net("lenet5", NetShape(10, 1, 28, 28)).state_dict(), tmp_path / "w.safetensors")
    assert read_weights("lenet5", str(tmp_path / "w.safetensors")).statistics(1) is None
