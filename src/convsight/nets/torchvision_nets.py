"""torchvision's classification networks under their own names, for any number of channels.

torchvision is imported when one is asked for: it takes about a second, and nets of ours do without it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

import torch
from torch import nn

from convsight.errors import UserError
from convsight.nets.entry import NetEntry, NetShape


def _nothing(_: NetShape) -> dict[str, Any]:
    return {}


def _one_output(_: NetShape) -> dict[str, Any]:
    # Without auxiliary heads a training step gives plain logits too. `init_weights` left open warns.
    return {"aux_logits": False, "init_weights": True}


def _square_size(shape: NetShape) -> dict[str, Any]:
    return {"image_size": shape.height}


def _size(shape: NetShape) -> dict[str, Any]:
    return {"input_size": (shape.height, shape.width)}


@dataclass(frozen=True)
class _Family:
    """Networks of one paper: arguments beside the number of classes, and which sizes they take."""

    paper: str
    arguments: Callable[[NetShape], dict[str, Any]] = _nothing
    side: int = 224
    multiple: int = 1
    square: bool = False


_VIT = "Dosovitskiy et al., An Image is Worth 16x16 Words, 2020"

# By the start of the name; the longest start that fits counts.
_FAMILIES = {
    "alexnet": _Family("Krizhevsky, One weird trick for parallelizing convolutional neural networks, 2014"),
    "convnext": _Family("Liu et al., A ConvNet for the 2020s, 2022"),
    "densenet": _Family("Huang et al., Densely Connected Convolutional Networks, 2016"),
    "efficientnet": _Family("Tan and Le, EfficientNet: Rethinking Model Scaling, 2019"),
    "efficientnet_v2": _Family("Tan and Le, EfficientNetV2: Smaller Models and Faster Training, 2021"),
    "googlenet": _Family("Szegedy et al., Going Deeper with Convolutions, 2014", _one_output),
    "inception_v3": _Family("Szegedy et al., Rethinking the Inception Architecture, 2015", _one_output, side=299),
    # Each of its maps must divide into partitions of 7 px, the smallest being a 32nd of the picture.
    "maxvit": _Family("Tu et al., MaxViT: Multi-Axis Vision Transformer, 2022", _size, multiple=224),
    "mnasnet": _Family("Tan et al., MnasNet: Platform-Aware Neural Architecture Search, 2018"),
    "mobilenet_v2": _Family("Sandler et al., MobileNetV2: Inverted Residuals and Linear Bottlenecks, 2018"),
    "mobilenet_v3": _Family("Howard et al., Searching for MobileNetV3, 2019"),
    "regnet": _Family("Radosavovic et al., Designing Network Design Spaces, 2020"),
    "resnet": _Family("He et al., Deep Residual Learning for Image Recognition, 2015"),
    "resnext": _Family("Xie et al., Aggregated Residual Transformations for Deep Neural Networks, 2016"),
    "shufflenet_v2": _Family("Ma et al., ShuffleNet V2: Practical Guidelines, 2018"),
    "squeezenet": _Family("Iandola et al., SqueezeNet: AlexNet-level accuracy with 50x fewer parameters, 2016"),
    "swin": _Family("Liu et al., Swin Transformer: Hierarchical Vision Transformer, 2021"),
    "swin_v2": _Family("Liu et al., Swin Transformer V2: Scaling Up Capacity and Resolution, 2021"),
    "vgg": _Family("Simonyan and Zisserman, Very Deep Convolutional Networks, 2014"),
    "vit_b_16": _Family(_VIT, _square_size, multiple=16, square=True),
    "vit_b_32": _Family(_VIT, _square_size, multiple=32, square=True),
    "vit_h_14": _Family(_VIT, _square_size, multiple=14, square=True),
    "vit_l_16": _Family(_VIT, _square_size, multiple=16, square=True),
    "vit_l_32": _Family(_VIT, _square_size, multiple=32, square=True),
    "wide_resnet": _Family("Zagoruyko and Komodakis, Wide Residual Networks, 2016"),
}


def torchvision_names() -> list[str]:
    """Names of torchvision's classification networks.

    Raises `UserError` if torchvision cannot be imported.
    """
    models = _models()
    return sorted(models.list_models(module=models))


def torchvision_entry(name: str) -> NetEntry:
    """The catalogue's entry for one of `torchvision_names`."""
    family = _family(name)
    return NetEntry(
        build=partial(_build, name),
        about=f"torchvision's {name}",
        licence="BSD-3-Clause",
        source=family.paper,
        side=family.side,
        multiple=family.multiple,
        square=family.square,
    )


def _family(name: str) -> _Family:
    starts = [start for start in _FAMILIES if name.startswith(start)]
    return _FAMILIES[max(starts, key=len)] if starts else _Family(f"torchvision's documentation of {name}")


def _build(name: str, shape: NetShape) -> nn.Module:
    net: nn.Module = _models().get_model(
        name, weights=None, num_classes=shape.classes, **_family(name).arguments(shape)
    )
    if shape.channels != 3:
        _take_channels(net, shape.channels)
    return net


def _models() -> Any:
    try:
        return import_module("torchvision.models")
    except (ImportError, RuntimeError) as error:  # RuntimeError: its operators do not load beside another torch
        raise UserError(
            f"torchvision cannot be imported beside torch {torch.__version__} ({error}); "
            "install the torchvision made for it, or choose a net that needs none"
        ) from error


def _take_channels(net: nn.Module, channels: int) -> None:
    """Let the first convolution that takes RGB take `channels` planes instead; all else of it stays.

    For one channel its weights are summed over RGB: a grey picture then gives what it gave as RGB. For others they
    repeat in turn, scaled so that outputs stay as large.
    """
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d) and layer.in_channels == 3:
            rgb = layer.weight.detach()
            in_turn = [plane % 3 for plane in range(channels)]
            weight = rgb.sum(dim=1, keepdim=True) if channels == 1 else rgb[:, in_turn] * (3 / channels)
            layer.in_channels = channels
            layer.weight = nn.Parameter(weight)
            return
    raise RuntimeError(f"{type(net).__name__} has no convolution that takes 3 channels")
