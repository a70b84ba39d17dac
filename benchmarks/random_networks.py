"""Random networks that behave like trained ones: nothing is dead, and small changes stay small.

Fresh weights alone would not do. The predictions of many networks are then the same for every image, blocks that begin
at zero add nothing, and numbers too small for their format slow a processor down: so what is constant (scales, shifts,
heads that begin at zero) is drawn too, BatchNorm takes its statistics from real photos, and the last layer is scaled
until the logits are as spread as those of trained networks. And random networks with BatchNorm are chaotic: one grey
level more or less in 1 % of the pixels moves the logits of a ResNet-50 by 12 % of what another photo does. With shifts
around 1, so that most units pass through the ReLU after them, it is under 1 %.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from convsight.card import Card
from convsight.inputs import ImageInput
from convsight.nets.catalogue import build_net, canonical_name, net_entry
from convsight.nets.input_layers import InputLayer
from convsight.targets import Classes

SEEN = 16  # photos that the statistics come from
_BATCH = 8
_SURE = 20.0  # logits
_SPREAD = 3.0  # standard deviation of the logits of an image


def random_network(name: str, files: Sequence[Path], seed: int = 0, *, sure: bool = False) -> tuple[nn.Module, Card]:
    """A network of the catalogue for what it is usually for, with random weights, and a card for it.

    With `sure` the first class is far ahead on every image: for measuring speed alone, since the proof of an export
    then holds in every number format.
    """
    torch.manual_seed(seed)
    entry = net_entry(name)
    colour = entry.channels == 3
    spec = ImageInput(
        height=entry.side,
        width=entry.side,
        channels=3 if colour else 1,
        mean=(0.485, 0.456, 0.406) if colour else (0.5,),
        std=(0.229, 0.224, 0.225) if colour else (0.25,),
    )
    card = Card(
        task="classification",
        net=canonical_name(name),
        target=Classes(names=tuple(f"class{number:04d}" for number in range(entry.outputs))),
        input=spec,
    )
    net = build_net(name, entry.default_shape)
    enliven(net, planes(files, spec), entry.outputs, sure=sure)
    return net, card


def planes(files: Sequence[Path], spec: ImageInput) -> Tensor:
    """Normalised float images (batch, channels, height, width) of the first 16 of `files`."""
    pixels = np.stack([spec.load(file).array for file in files[:SEEN]])
    found: Tensor = InputLayer(spec)(torch.from_numpy(pixels))
    return found


@torch.no_grad()
def enliven(net: nn.Module, images: Tensor, classes: int, *, sure: bool = False) -> None:
    """Give `net` weights that behave like trained ones on `images`, and put it in evaluation mode.

    `net` gives logits (batch, classes), or an object that holds them as `logits`. For `sure` see `random_network`.
    """
    for parameter in net.parameters():
        _draw_constant(parameter)
    net.eval()
    norms = [module for module in net.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
    for norm in norms:
        if norm.bias is not None:
            norm.bias.uniform_(0.5, 1.5)
        norm.reset_running_stats()
        norm.momentum = None  # the mean over all batches
        norm.train()
    if norms:
        for batch in torch.split(images, _BATCH):
            net(batch)
    net.eval()
    head = _spread_outputs(net, images, classes)
    if sure and head is not None and head.bias is not None:
        head.bias[0] += _SURE


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


def _spread_outputs(net: nn.Module, images: Tensor, classes: int) -> nn.Linear | nn.Conv2d | None:
    """Scale the last layer, which is returned, until the logits of an image have a spread of 3.

    What follows the last layer, if anything does (ReLU, a mean), is scaled along with it.
    """
    heads: list[nn.Linear | nn.Conv2d] = []

    def note(layer: nn.Module, _: object, __: object) -> None:
        if isinstance(layer, nn.Linear | nn.Conv2d) and layer.weight.shape[0] == classes:
            heads.append(layer)

    handles = [module.register_forward_hook(note) for module in net.modules()]
    found = [net(batch) for batch in torch.split(images, _BATCH)]
    for handle in handles:
        handle.remove()
    if not heads:
        return None
    logits = torch.cat([getattr(prediction, "logits", prediction) for prediction in found])
    factor = _SPREAD / max(float(logits.std(dim=1).mean()), 1e-12)
    for parameter in heads[-1].parameters(recurse=False):
        parameter.mul_(factor)
    return heads[-1]
