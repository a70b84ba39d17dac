"""The weights that timm offers: what they are, and how timm itself loads them."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from importlib import import_module
from math import floor
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from torch import Tensor

from convsight.errors import UserError
from convsight.images import InputSize
from convsight.nets.entry import Pretrained

_HUB_FILE = "model.safetensors"
_USUAL = "imagenet-1k"


def timm_pretrained(name: str, config: Any) -> Pretrained | None:
    """What timm's configuration of the network called `name` says of its weights; None where it has none."""
    if not config.hf_hub_id and not config.url:
        return None
    return Pretrained(
        source=f"timm {config.hf_hub_id.removeprefix('timm/') if config.hf_hub_id else config.url}",
        licence=config.license or "unknown",
        read=partial(_read, name, config),
        mean=tuple(config.mean),
        std=tuple(config.std),
        size=timm_size(config),
        classes=timm_classes(config),
        is_here=lambda: _cached(config) is not None,
        place=f"https://huggingface.co/{config.hf_hub_id}" if config.hf_hub_id else config.url,
    )


def timm_size(config: Any) -> InputSize | None:
    """How timm prepares images for the weights of `config`; None where that is no resize of ours.

    Source: timm's `create_transform`: its resize of the shorter side and its centre crop are torchvision's.
    """
    height, width = config.input_size[1:]
    shorter = floor(height / config.crop_pct)
    if config.interpolation not in {"bilinear", "bicubic"} or config.input_size[0] != 3:
        return None
    if config.crop_mode == "squash" and shorter == height:
        return InputSize(height, width, "squash", None, config.interpolation)
    if config.crop_mode == "center" and height == width:
        return InputSize(height, width, "crop", shorter, config.interpolation)
    return None


def timm_classes(config: Any) -> Callable[[], tuple[str, ...]] | None:
    """What tells the names of the outputs of the weights of `config`; None where timm does not know them."""
    data = import_module("timm.data")
    subset = data.infer_imagenet_subset({"num_classes": config.num_classes})
    return partial(_names_of, subset) if subset else None


def _names_of(subset: str) -> tuple[str, ...]:
    """The classes of a part of ImageNet: of the usual 1,000 torchvision's names, so that networks of both agree."""
    if subset == _USUAL:
        weights = import_module("torchvision.models").get_model_weights("resnet18").DEFAULT
        return tuple(weights.meta["categories"])
    info = import_module("timm.data").ImageNetInfo(subset)
    names = [info.index_to_description(index) for index in range(info.num_classes())]
    seen = Counter(names)
    return tuple(
        f"{name} ({info.index_to_label_name(index)})" if seen[name] > 1 else name for index, name in enumerate(names)
    )


def _read(name: str, config: Any) -> dict[str, Tensor]:
    """The tensors of timm's own pretrained network, from the cache of the Hugging Face hub or from the network.

    timm reads safetensors, or PyTorch's files with `weights_only=True`, and gives tensors their present names.
    """
    try:
        cached = _cached(config)
        if cached is None:
            _check_network(config)
        net = import_module("timm.models").create_model(name, pretrained=True, pretrained_cfg_overlay=cached)
    except (OSError, RuntimeError, ValueError) as error:  # no network, nothing in the cache, a file cut short
        raise UserError(f"cannot get timm's weights for {name}: {_first_line(error)}\n{_advice(config)}") from error
    tensors: dict[str, Tensor] = net.state_dict()
    return tensors


def _cached(config: Any) -> dict[str, str] | None:
    """The file in the cache as timm wants to be told of it: left alone, it asks the network for a newer one."""
    if not config.hf_hub_id or config.custom_load:
        return None
    found = import_module("huggingface_hub").try_to_load_from_cache(config.hf_hub_id, _file(config))
    return {"file": found} if isinstance(found, str) else None


def _check_network(config: Any) -> None:
    """Raise OSError at once where there is no network: the hub tries again for most of a minute."""
    hub = import_module("huggingface_hub")
    url = hub.hf_hub_url(config.hf_hub_id, _file(config)) if config.hf_hub_id else config.url
    with suppress(HTTPError):  # somebody answers
        urlopen(Request(url, method="HEAD"), timeout=20).close()  # noqa: S310 - timm's own addresses


def _file(config: Any) -> str:
    return config.hf_hub_filename or _HUB_FILE


def _advice(config: Any) -> str:
    place = f"https://huggingface.co/{config.hf_hub_id}" if config.hf_hub_id else config.url
    file = _file(config) if config.hf_hub_id else config.url.rsplit("/", 1)[1]
    return f"bring the file {file} of {place} from a machine with a network: --weights FILE"


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
