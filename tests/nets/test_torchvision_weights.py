"""torchvision's files in torch.hub's folder, made here since there may be no network, against torchvision's loading."""

import hashlib
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import get_model, get_model_weights

from convsight.errors import UserError
from convsight.nets.catalogue import NetShape, build_net, net_entry
from convsight.nets.torchvision_weights import hub_file, torchvision_pretrained
from convsight.nets.weights import adapt_weights, read_weights

_MEAN, _STD = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1), torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A torch.hub folder of this test's own."""
    folder = tmp_path / "hub"
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(folder))
    (folder / "checkpoints").mkdir(parents=True)
    return folder / "checkpoints"


def place(hub: Path, name: str, state: dict[str, Tensor], monkeypatch: pytest.MonkeyPatch, **options: Any) -> Any:
    """Put `state` where torch.hub would put the weights of `name`, and let torchvision know its digits."""
    torch.save(state, hub / "made.pth", **options)
    digits = hashlib.sha256((hub / "made.pth").read_bytes()).hexdigest()[:8]
    weights = get_model_weights(name).DEFAULT
    url = f"{weights.url[: -len('12345678.pth')]}{digits}.pth"
    monkeypatch.setattr(type(weights), "url", url)
    (hub / "made.pth").rename(hub / url.rsplit("/", 1)[1])
    return weights


def with_statistics(net: nn.Module) -> nn.Module:
    """The network with batch normalisations that have seen images; without, a fresh one gives all nearly the same."""
    for layer in net.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 1.0
    with torch.no_grad():
        net.train()(torch.rand(8, 3, 96, 96))
    return net.eval()


# One plain, one whose file holds auxiliary heads and expects other images, one whose names have changed since.
@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("name", ["resnet18", "googlenet", "densenet121"])
def test_the_network_answers_as_torchvisions(
    hub: Path, monkeypatch: pytest.MonkeyPatch, name: str, zipped: bool
) -> None:
    options = {"transform_input": True, "init_weights": False} if name == "googlenet" else {}
    torch.manual_seed(1)
    theirs = with_statistics(get_model(name, num_classes=1000, **options))
    state = {_old_name(key): value for key, value in theirs.state_dict().items()}
    place(hub, name, state, monkeypatch, _use_new_zipfile_serialization=zipped)

    side = net_entry(name).side
    ours = build_net(name, NetShape(1000, 3, side, side)).eval()
    weights = read_weights(name, "imagenet")
    assert adapt_weights(ours, name, weights, 3)[1:] == []
    images = torch.rand(1, 3, side, side)
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (weights.mean, weights.std))
    with torch.no_grad():
        expected = theirs((images - _MEAN) / _STD)
        assert expected.std() > 0.01
        torch.testing.assert_close(ours((images - mean) / std), expected, rtol=1e-4, atol=1e-4)


def _old_name(name: str) -> str:
    """What torchvision's files call it."""
    for layer in ("norm1", "norm2", "conv1", "conv2"):
        if "denselayer" in name:
            name = name.replace(f".{layer}.", f".{layer[:-1]}.{layer[-1]}.")
    return name


def test_a_file_that_is_not_what_its_name_says(hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = get_model_weights("resnet18").DEFAULT
    torch.save({"fc.bias": torch.zeros(3)}, hub_file(weights.url))
    with pytest.raises(UserError, match=r"is damaged: its SHA-256 begins with [0-9a-f]{8}, not f37072fd; remove it"):
        torchvision_pretrained("resnet18", weights).read()


def test_without_a_network_the_file_to_bring_is_named(hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: object, **__: object) -> None:
        raise URLError("no network")

    monkeypatch.setattr("torch.hub.urlopen", offline)
    with pytest.raises(UserError) as found:
        read_weights("resnet18", "imagenet", download=True)
    assert str(found.value).splitlines() == [
        "cannot download https://download.pytorch.org/models/resnet18-f37072fd.pth: <urlopen error no network>",
        f"bring the file resnet18-f37072fd.pth from a machine with a network and put it at "
        f"{hub / 'resnet18-f37072fd.pth'}, or anywhere: --weights FILE",
    ]
    assert list(hub.iterdir()) == []


def test_a_download_ends_in_torch_hubs_folder(hub: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = place(hub, "squeezenet1_1", get_model("squeezenet1_1").state_dict(), monkeypatch)
    file = hub_file(weights.url)
    file.rename(tmp_path / file.name)
    monkeypatch.setattr(type(weights), "url", (tmp_path / file.name).as_uri())
    with pytest.raises(UserError, match=r"^the weights of squeezenet1_1 .* are not on this machine: --download"):
        read_weights("squeezenet1_1", "imagenet")
    assert not file.exists()
    assert len(read_weights("squeezenet1_1", "imagenet", download=True).tensors) == 52
    assert file.is_file()


def test_what_is_told_of_the_weights() -> None:
    found = net_entry("efficientnet_v2_l").pretrained
    assert found is not None
    assert (found.source, found.licence, found.accuracy) == ("torchvision IMAGENET1K_V1", "BSD-3-Clause", 0.85808)
    assert found.mean == (0.5, 0.5, 0.5)
    assert net_entry("vit_h_14").side == 518
    swag = net_entry("vit_h_14").pretrained
    assert swag is not None
    assert "SWAG" in swag.licence
