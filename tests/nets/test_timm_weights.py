"""timm's weights from the hub's cache, made here since there may be no network."""

from pathlib import Path
from urllib.error import URLError

import pytest
import timm
import torch
from safetensors.torch import save_file

from convsight.errors import UserError
from convsight.nets.catalogue import NetShape, build_net
from convsight.nets.weights import adapt_weights, read_weights


@pytest.mark.parametrize(("net", "inner"), [("timm/test_resnet", "test_resnet"), ("mobilenet_v1", "mobilenetv1_100")])
def test_a_file_in_the_cache_is_loaded_by_timm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, net: str, inner: str
) -> None:
    torch.manual_seed(3)
    theirs = timm.create_model(inner).eval()
    save_file(theirs.state_dict(), tmp_path / "model.safetensors")
    asked: list[tuple[str, str]] = []

    def cached(repository: str, file: str) -> str:
        asked.append((repository, file))
        return str(tmp_path / "model.safetensors")

    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", cached)
    weights = read_weights(net, "imagenet")
    config = timm.get_pretrained_cfg(inner)
    assert config is not None
    assert set(asked) == {(config.hf_hub_id, "model.safetensors")}
    assert (weights.mean, weights.std) == (tuple(config.mean), tuple(config.std))
    ours = build_net(net, NetShape(1000, 3, 96, 96)).eval()
    assert adapt_weights(ours, net, weights, 3)[1:] == []
    images = torch.randn(2, 3, 96, 96)
    with torch.no_grad():
        torch.testing.assert_close(ours(images), theirs(images))


def test_without_a_network_the_file_to_bring_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: object, **__: object) -> None:
        raise URLError("no network")

    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *_: None)
    monkeypatch.setattr("convsight.nets.timm_weights.urlopen", offline)
    with pytest.raises(UserError) as found:
        read_weights("mobilenet_v1", "imagenet", download=True)
    assert str(found.value).splitlines() == [
        "cannot get timm's weights for mobilenetv1_100: <urlopen error no network>",
        "bring the file model.safetensors of https://huggingface.co/timm/mobilenetv1_100.ra4_e3600_r224_in1k from a "
        "machine with a network: --weights FILE",
    ]
