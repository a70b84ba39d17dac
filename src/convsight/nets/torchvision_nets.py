"""torchvision's classification networks under their own names, for any number of channels.

torchvision is imported when one is asked for: it takes about a second, and nets of ours do without it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from math import isfinite, nan
from typing import Any

import torch
from torch import nn

from convsight.errors import UserError
from convsight.nets.entry import NetEntry, NetShape
from convsight.nets.first_convolution import for_channels
from convsight.nets.torchvision_weights import torchvision_pretrained


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
    """Networks of one paper: arguments beside the number of outputs, and which sizes they take."""

    about: str
    paper: str
    arguments: Callable[[NetShape], dict[str, Any]] = _nothing
    multiple: int = 1
    square: bool = False


_VIT = ("transformer over patches", "Dosovitskiy et al., An Image is Worth 16x16 Words, 2020")

# By the start of the name; the longest start that fits counts.
_FAMILIES = {
    "alexnet": _Family(
        "five convolutions and three dense layers",
        "Krizhevsky, One weird trick for parallelizing convolutional neural networks, 2014",
    ),
    "convnext": _Family("convolutions arranged as in transformers", "Liu et al., A ConvNet for the 2020s, 2022"),
    "densenet": _Family(
        "every layer sees all those before it in its block",
        "Huang et al., Densely Connected Convolutional Networks, 2016",
    ),
    "efficientnet": _Family(
        "depth, width and resolution scaled together",
        "Tan and Le, EfficientNet: Rethinking Model Scaling, 2019",
    ),
    "efficientnet_v2": _Family(
        "EfficientNet searched for the speed of its training",
        "Tan and Le, EfficientNetV2: Smaller Models and Faster Training, 2021",
    ),
    "googlenet": _Family(
        "inception blocks: kernels of several sizes side by side",
        "Szegedy et al., Going Deeper with Convolutions, 2014",
        _one_output,
    ),
    "inception_v3": _Family(
        "inception blocks with factorised kernels",
        "Szegedy et al., Rethinking the Inception Architecture, 2015",
        _one_output,
    ),
    # Each of its maps must divide into partitions of 7 px, the smallest being a 32nd of the image.
    "maxvit": _Family(
        "convolutions, and attention over blocks and grids",
        "Tu et al., MaxViT: Multi-Axis Vision Transformer, 2022",
        _size,
        multiple=224,
    ),
    "mnasnet": _Family(
        "searched for its speed on a phone",
        "Tan et al., MnasNet: Platform-Aware Neural Architecture Search, 2018",
    ),
    "mobilenet_v2": _Family(
        "inverted residuals with depthwise convolutions",
        "Sandler et al., MobileNetV2: Inverted Residuals and Linear Bottlenecks, 2018",
    ),
    "mobilenet_v3": _Family(
        "MobileNetV2, searched, with weighted channels",
        "Howard et al., Searching for MobileNetV3, 2019",
    ),
    "regnet": _Family("stages whose widths lie on a line", "Radosavovic et al., Designing Network Design Spaces, 2020"),
    "resnet": _Family("residual blocks", "He et al., Deep Residual Learning for Image Recognition, 2015"),
    "resnext": _Family(
        "residual blocks with grouped convolutions",
        "Xie et al., Aggregated Residual Transformations for Deep Neural Networks, 2016",
    ),
    "shufflenet_v2": _Family(
        "half of the channels at a time, then shuffled",
        "Ma et al., ShuffleNet V2: Practical Guidelines, 2018",
    ),
    "squeezenet": _Family(
        "1x1 convolutions squeeze the channels before 3x3 ones",
        "Iandola et al., SqueezeNet: AlexNet-level accuracy with 50x fewer parameters, 2016",
    ),
    "swin": _Family(
        "transformer over windows that shift",
        "Liu et al., Swin Transformer: Hierarchical Vision Transformer, 2021",
    ),
    "swin_v2": _Family(
        "Swin made steadier, for larger images",
        "Liu et al., Swin Transformer V2: Scaling Up Capacity and Resolution, 2021",
    ),
    "vgg": _Family(
        "stacked 3x3 convolutions and three dense layers",
        "Simonyan and Zisserman, Very Deep Convolutional Networks, 2014",
    ),
    "vit_b_16": _Family(*_VIT, _square_size, multiple=16, square=True),
    "vit_b_32": _Family(*_VIT, _square_size, multiple=32, square=True),
    "vit_h_14": _Family(*_VIT, _square_size, multiple=14, square=True),
    "vit_l_16": _Family(*_VIT, _square_size, multiple=16, square=True),
    "vit_l_32": _Family(*_VIT, _square_size, multiple=32, square=True),
    "wide_resnet": _Family("residual blocks, wider", "Zagoruyko and Komodakis, Wide Residual Networks, 2016"),
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
    offered = _models().get_model_weights(name)
    weights = offered.DEFAULT
    return NetEntry(
        build=partial(_build, name),
        about=family.about,
        licence="BSD-3-Clause",
        source=family.paper,
        # What its accuracy was measured at.
        side=weights.transforms().crop_size[0],
        multiple=family.multiple,
        square=family.square,
        pretrained=torchvision_pretrained(name, weights),
        others=tuple(torchvision_pretrained(name, each) for each in offered if each is not weights and _names(each)),
    )


def _names(weights: Any) -> bool:
    """Whether these weights tell classes; some are of features alone."""
    return all(map(isfinite, weights.meta["_metrics"].get("ImageNet-1K", {"acc@1": nan}).values()))


def _family(name: str) -> _Family:
    starts = [start for start in _FAMILIES if name.startswith(start)]
    return _FAMILIES[max(starts, key=len)] if starts else _Family(f"torchvision's {name}", "its documentation")


def _build(name: str, shape: NetShape) -> nn.Module:
    net: nn.Module = _models().get_model(
        name, weights=None, num_classes=shape.outputs, **_family(name).arguments(shape)
    )
    if shape.channels != 3:
        take_channels(net, shape.channels)
    return net


def _models() -> Any:
    try:
        return import_module("torchvision.models")
    except (ImportError, RuntimeError) as error:  # RuntimeError: its operators do not load beside another torch
        raise UserError(
            f"torchvision cannot be imported beside torch {torch.__version__} ({error}); "
            "install the torchvision made for it, or choose a net that needs none"
        ) from error


def take_channels(net: nn.Module, channels: int) -> None:
    """Let the first convolution that takes RGB take `channels` planes instead; all else of it stays."""
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d) and layer.in_channels == 3:
            layer.in_channels = channels
            layer.weight = nn.Parameter(for_channels(layer.weight.detach(), channels))
            return
    raise RuntimeError(f"{type(net).__name__} has no convolution that takes 3 channels")
