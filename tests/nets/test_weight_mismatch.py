from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from convsight.errors import UserError
from convsight.nets.catalogue import NetShape, build_net
from convsight.nets.weight_mismatch import Reference
from convsight.nets.weights import Weights, adapt_weights, read_weights


def state(name: str, side: int = 64, outputs: int = 1000) -> dict[str, Tensor]:
    return build_net(name, NetShape(outputs, 3, side, side)).state_dict()


def message(net: str, given: dict[str, Tensor], side: int = 64, channels: int = 3) -> str:
    """What is said when `given` does not fit; the network must then be as it was."""
    model = build_net(net, NetShape(10, channels, side, side))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(UserError) as found:
        adapt_weights(model, net, Weights("w.pth", given, None, None), channels)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    return str(found.value)


def test_missing_and_extra_tensors_are_named_and_counted() -> None:
    given = state("lenet5", 28)
    given["extra"] = given.pop("features.0.weight")
    assert message("lenet5", given, 28) == "w.pth does not fit lenet5: 1 missing: features.0.weight; 1 extra: extra"


def test_at_most_eight_are_named() -> None:
    found = message("resnet18", {f"n{number}": torch.zeros(1) for number in range(20)})
    assert "102 missing: conv1.weight, bn1.weight, " in found
    assert "layer1.0.bn1.bias and 94 more; 20 extra: n0, n1, n2, n3, n4, n5, n6, n7 and 12 more" in found


def test_other_shapes_are_told_on_both_sides() -> None:
    given = state("resnet18")
    given["layer1.0.conv1.weight"] = torch.zeros(64, 64, 5, 5)
    assert message("resnet18", given) == (
        "w.pth does not fit resnet18: 1 of another shape: layer1.0.conv1.weight (64x64x5x5 float32 in the file, "
        "64x64x3x3 float32 in the network)"
    )


def test_whole_numbers_are_no_weights() -> None:
    given = state("lenet5", 28)
    given["features.0.weight"] = given["features.0.weight"].to(torch.int8)
    assert "features.0.weight (6x3x5x5 int8 in the file, 6x3x5x5 float32 in the network)" in message(
        "lenet5", given, 28
    )


def test_a_last_layer_of_another_width_is_no_other_number_of_outputs() -> None:
    given = state("resnet18")
    given["fc.weight"] = torch.zeros(1000, 513)
    assert "fc.weight (1000x513 float32 in the file, 10x512 float32 in the network)" in message("resnet18", given)


def test_the_middle_is_never_adapted() -> None:
    given = state("resnet18")
    given["layer1.0.bn1.weight"] = torch.zeros(10)  # as the last layer's differ, and as the first's
    given["layer1.0.conv1.weight"] = torch.zeros(64, 3, 3, 3)
    found = message("resnet18", given)
    assert "2 of another shape: layer1.0.conv1.weight" in found
    assert "layer1.0.bn1.weight (10 float32" in found


def test_only_the_first_layer_is_adapted_to_channels() -> None:
    given = state("resnet18")
    given["layer1.0.conv1.weight"] = torch.zeros(64, 3, 3, 3)
    found = message("resnet18", given, channels=64)  # as many as the layer in the middle takes
    assert "1 of another shape: layer1.0.conv1.weight (64x3x3x3 float32 in the file" in found


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("net", ["resnet18", "squeezenet1_1", "lenet5"])
def test_the_network_they_belong_to_is_named(shared_data: Any, net: str, channels: int) -> None:
    file: Path = shared_data("squeezenet1_0_imagenet") / "squeezenet1_0-imagenet.safetensors"
    given = dict(read_weights(net, str(file)).tensors)
    told = message(net, given, channels=channels)
    assert told.endswith(f"; they are those of squeezenet1_0: give squeezenet1_0 in place of {net}")


def test_weights_for_another_size_of_images() -> None:
    given = state("vit_b_32", 224)
    found = message("vit_b_32", given, side=64)
    assert "encoder.pos_embedding (1x50x768 float32 in the file, 1x5x768 float32 in the network)" in found
    assert found.endswith("; they were made for images of 224 px: use --size 224")


def test_what_follows_from_outputs_and_channels_is_found_out() -> None:
    reference = Reference.of("squeezenet1_0")
    assert reference.by_outputs == {"classifier.1.weight", "classifier.1.bias"}
    assert reference.by_channels == {"features.0.weight"}
    two_stems = Reference.of("timm/crossvit_tiny_240")
    assert {"head.0.weight", "head.1.bias"} <= two_stems.by_outputs
    assert two_stems.by_channels == {"patch_embed.0.proj.weight", "patch_embed.1.proj.weight"}
