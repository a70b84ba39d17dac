"""The maps of one layer and how the answer changes with them: what Grad-CAM and its kin are made of."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from convsight.errors import UserError
from convsight.explain.method import for_any_network
from convsight.inside.layers import Seen, seeing_maps
from convsight.inside.open_network import OpenNetwork
from convsight.tasks.question import Question

_LISTED = 6  # layers in a message, the last ones


class LayerMaps(NamedTuple):
    """`maps` and the `gradient` of the answer by them, both (batch, channels, rows, columns), of one `layer`."""

    layer: str
    maps: Tensor
    gradient: Tensor


def maps_and_gradients(network: OpenNetwork, planes: Tensor, question: Question, layer: str | None) -> LayerMaps:
    """The maps of `layer`; where it is None of the last one whose maps the answer depends on.

    Of detectors that is the one from whose maps the box was told. Where every pixel is answered, the last maps are the
    answer itself: of these the last among the coarsest is meant (Vinogradova, Dibrov and Myers, "Towards Interpretable
    Semantic Segmentation via Gradient-weighted Class Activation Mapping", AAAI 2020).

    Of a layer that runs several times its last call is meant that the answer depends on. Channels that lie last and
    tokens of a grid, as transformers have them, are maps too. Where the answer does not change with anything, such as a
    logit behind a ReLU that is shut, gradients are 0. Raises `UserError` for an unknown layer, one that gives no maps
    or none that the answer depends on, and a network that has none.
    """
    with seeing_maps(network, planes) as seen:
        asked = network.asked(planes, question).sum()
    if not seen:
        others = ", ".join(for_any_network())
        raise UserError(f"{network.card.net} has no layer with maps; methods that need none: {others}")
    chosen = network.told_by(planes, question) if layer is None else layer
    named = _usual(seen, question) if chosen is None else _named(network, chosen, seen)
    if (found := _last_that_matters(asked, named)) is not None:
        return found
    other = _last_that_matters(asked, seen)
    if other is not None and layer is not None:
        raise UserError(
            f"--layer {layer}: the answer does not depend on its maps; the last that matters: {other.layer}"
        )
    return other or _layer_maps(named[-1], torch.zeros_like(named[-1].output))


def _usual(seen: list[Seen], question: Question) -> list[Seen]:
    """Those whose maps are meant where none is named."""
    if not question.of_pixels:
        return seen
    fewest = min(each.layout.rows * each.layout.columns for each in seen)
    return [each for each in seen if each.layout.rows * each.layout.columns == fewest]


def _named(network: OpenNetwork, layer: str, seen: Sequence[Seen]) -> list[Seen]:
    network.layer(layer)  # which raises where there is none such
    found = [each for each in seen if each.layer == layer]
    if not found:
        layers = list(dict.fromkeys(each.layer for each in reversed(seen)))
        raise UserError(f"--layer {layer} gives no maps; the last that do: {', '.join(layers[:_LISTED])}")
    return found


def _last_that_matters(asked: Tensor, seen: Sequence[Seen]) -> LayerMaps | None:
    for each in reversed(seen):
        [gradient] = torch.autograd.grad(asked, [each.output], retain_graph=True, materialize_grads=True)
        found = _layer_maps(each, gradient)
        if bool(found.gradient.any()):
            return found
    return None


def _layer_maps(seen: Seen, gradient: Tensor) -> LayerMaps:
    return LayerMaps(seen.layer, seen.layout.maps(seen.output.detach()), seen.layout.maps(gradient))
