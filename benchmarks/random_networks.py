"""Random networks that behave like trained ones: nothing in them is dead, and their answers differ between photos.

Fresh weights alone would not do: the answers of many networks are then the same for every picture, blocks that begin at
zero add nothing, and numbers too small for their format slow a processor down. So what is constant (scales, shifts,
heads that begin at zero) is drawn too, BatchNorm takes its statistics from real photos, and the last layer is scaled
until the logits spread like those of a trained network.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from convsight.card import Card
from convsight.nets.catalogue import build_net, canonical_name, net_entry
from convsight.nets.inputs import InputLayer
from convsight.pictures import Preprocessing, load_picture

SEEN = 16  # photos that the statistics come from
_BATCH = 8
_SPREAD = 3.0  # standard deviation of the logits
_LEAST_SIGNAL = 1e-3  # share of the logits that must differ between photos: less is not scaled up any further


def random_network(name: str, files: Sequence[Path], seed: int = 0) -> tuple[nn.Module, Card]:
    """A network of the catalogue for what it is usually for, with random weights, and a card for it."""
    torch.manual_seed(seed)
    entry = net_entry(name)
    colour = entry.channels == 3
    preprocessing = Preprocessing(
        height=entry.side,
        width=entry.side,
        channels=3 if colour else 1,
        mean=(0.485, 0.456, 0.406) if colour else (0.5,),
        std=(0.229, 0.224, 0.225) if colour else (0.25,),
    )
    card = Card(
        task="classification",
        net=canonical_name(name),
        classes=tuple(f"class{number:04d}" for number in range(entry.classes)),
        preprocessing=preprocessing,
    )
    net = build_net(name, entry.usual_shape)
    enliven(net, planes(files, preprocessing), entry.classes)
    return net, card


def planes(files: Sequence[Path], preprocessing: Preprocessing) -> Tensor:
    """Normalised float pictures (batch, channels, height, width) of the first 16 of `files`."""
    pixels = np.stack([load_picture(file, preprocessing).pixels for file in files[:SEEN]])
    found: Tensor = InputLayer(preprocessing)(torch.from_numpy(pixels))
    return found


@torch.no_grad()
def enliven(net: nn.Module, pictures: Tensor, classes: int) -> None:
    """Give `net` weights that behave like trained ones on `pictures`, and put it in evaluation mode.

    `net` gives logits (batch, classes), or an object that holds them as `logits`.
    """
    for parameter in net.parameters():
        _draw_constant(parameter)
    net.eval()
    norms = [module for module in net.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the mean over all batches
        norm.train()
    if norms:
        for batch in torch.split(pictures, _BATCH):
            net(batch)
    net.eval()
    _spread_answers(net, pictures, classes)


def _draw_constant(parameter: nn.Parameter) -> None:
    """New numbers for a parameter whose numbers are all the same."""
    value = float(parameter.flatten()[0])
    if parameter.numel() < 2 or bool((parameter != value).any()):
        return
    if value == 0 and parameter.ndim >= 2:
        parameter.normal_(0, parameter[0].numel() ** -0.5)
    elif value == 0:
        parameter.uniform_(-0.1, 0.1)
    else:  # scales; those of residual branches may begin as low as 1e-6
        parameter.uniform_(0.5, 1.5).mul_(value if abs(value) >= 0.1 else 0.1)


def _spread_answers(net: nn.Module, pictures: Tensor, classes: int) -> None:
    """Shift and scale the last layer: no class is ahead on all pictures, and the logits have a spread of 3."""
    seen: list[tuple[nn.Linear | nn.Conv2d, Tensor]] = []

    def note(layer: nn.Module, _: object, out: Tensor) -> None:
        if isinstance(layer, nn.Linear | nn.Conv2d) and layer.weight.shape[0] == classes:
            seen.append((layer, out))

    handles = [module.register_forward_hook(note) for module in net.modules()]
    for batch in torch.split(pictures, _BATCH):
        net(batch)
    for handle in handles:
        handle.remove()
    if not seen:
        return
    layer = seen[-1][0]
    # (classes, pictures and places): the last layer of some is a convolution
    logits = torch.cat([out.transpose(0, 1).flatten(1) for found, out in seen if found is layer], dim=1)
    mean = logits.mean(1)
    spread = float((logits - mean[:, None]).square().mean().sqrt())
    factor = _SPREAD / max(spread, _LEAST_SIGNAL * float(logits.square().mean().sqrt()), 1e-12)
    layer.weight.mul_(factor)
    if layer.bias is not None:
        layer.bias.copy_((layer.bias - mean) * factor)
