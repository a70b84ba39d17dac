"""Every method on networks of the whole catalogue, of any channels and sides: a map of numbers, or what is missing."""

from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from tests.inside.subjects import map_by, random_subject

from convsight.errors import UserError
from convsight.explain.explain import load_explained
from convsight.explain.method import METHODS
from convsight.export.torch_engine import save_network
from convsight.runtime.find_network import NetworkName

INSIDE = [name for name, entry in METHODS.items() if not entry.light]
KERAS = Path(__file__).parents[1] / "nets" / "keras" / "fixtures" / "any_size.keras"
FEW = {"smoothgrad": {"samples": 2}, "integrated-gradients": {"steps": 2}}

NETS: dict[str, tuple[int, int, int, set[str]]] = {  # sides, channels, and the methods that do not apply
    "small": (28, 40, 5, {"attention-rollout"}),
    "lecture3": (28, 28, 1, {"attention-rollout", "cam"}),
    "squeezenet1_0": (64, 48, 3, {"attention-rollout", "cam"}),
    "resnet18": (64, 64, 1, {"attention-rollout"}),
    "mobilenet_v2": (64, 64, 5, {"attention-rollout"}),
    "efficientnet_lite0": (64, 64, 3, {"attention-rollout"}),
    "densenet121": (64, 64, 3, {"attention-rollout"}),
    "timm/vit_tiny_patch16_224": (48, 64, 3, {"cam", "guided-backprop"}),
    "mlp": (28, 28, 1, {"attention-rollout", "cam", "gradcam", "gradcampp", "hirescam"}),
    "conv 4 5x5 stride 4 relu | conv 4 3x3 relu | globalavg | dense classes": (300, 200, 4, {"attention-rollout"}),
    "flatten | dense 8 relu | dense classes": (
        9,
        9,
        3,
        {"attention-rollout", "cam", "gradcam", "gradcampp", "hirescam"},
    ),
    str(KERAS): (20, 24, 3, {"attention-rollout", "cam"}),
}


@pytest.mark.parametrize("net", NETS)
def test_each_method_makes_a_map_or_says_what_is_missing(net: str) -> None:
    height, width, channels, missing = NETS[net]
    subject = random_subject(net, height, channels, width=width, classes=3 if net == str(KERAS) else 5)
    for method in INSIDE:
        if method in missing:
            with pytest.raises(UserError, match="occlusion"):
                map_by(method, subject)
            continue
        found = map_by(method, subject, **FEW.get(method, {}))
        assert np.isfinite(found).all()
        assert found.ndim == 2
        if not method.startswith("gradcam"):  # whose positive part may be nothing
            assert found.any()
        if METHODS[method].needs in {"", "ReLU"}:
            assert found.shape == (height, width)


def test_a_file_of_half_precision_is_explained(tmp_path: Path) -> None:
    network = random_subject("small", 24).open_network()
    save_network(tmp_path / "whole.safetensors", network.model, network.card)
    with safe_open(tmp_path / "whole.safetensors", "pt") as opened:
        metadata = opened.metadata()
    halves = {name: each.half() for name, each in load_file(tmp_path / "whole.safetensors").items()}
    save_file(halves, tmp_path / "half.safetensors", metadata)
    picture = np.random.default_rng(0).integers(0, 256, (30, 30, 3), np.uint8)
    maps = []
    for file in ("whole.safetensors", "half.safetensors"):
        subject = load_explained(NetworkName(tmp_path / file, "torch")).subject(picture, "b")
        maps.append(map_by("gradcam", subject))
    np.testing.assert_allclose(maps[1], maps[0], atol=0.02 * maps[0].max())
    assert maps[0].max() > 0
