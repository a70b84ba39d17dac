"""CAM: the last maps, each weighed by what the dense layer that answers gives it.

Source: Zhou et al., "Learning Deep Features for Discriminative Localization", CVPR 2016.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, NamedTuple, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from convsight.errors import UserError
from convsight.explain.method import Method, for_any_network
from convsight.explain.subject import Subject
from convsight.inside.layers import seeing_maps
from convsight.inside.open_network import OpenNetwork
from convsight.inside.seen_calls import SeenCalls
from convsight.tasks.question import Question

_OF_MAPS = ("gradcam", "gradcampp")


@final
class Cam(Method):
    """The weighed sum of the maps that global average pooling hands to the one dense layer behind it.

    The mean of its numbers and the layer's bias are the logit; its positive part is Grad-CAM of the same maps times
    the number of cells. For other networks there is no such map: a `UserError` says which methods apply.
    """

    scale = "relative"
    signed = True

    def importance(self, subject: Subject) -> NDArray[np.float64]:
        network: OpenNetwork = subject.open_network()
        planes = network.planes(subject.array[None])
        found = _pooled(network, planes, subject.question)
        if found is None:
            others = ", ".join([*(_OF_MAPS if _has_maps(network, planes) else ()), *for_any_network()])
            raise UserError(f"{network.card.net} does not answer by one dense layer behind a global mean; use {others}")
        values: NDArray[np.float64] = (found.weights[:, :, None, None] * found.maps).sum(dim=1)[0].double().numpy()
        return values


def _has_maps(network: OpenNetwork, planes: Tensor) -> bool:
    with seeing_maps(network, planes) as seen:
        network.model(planes)
    return bool(seen)


class _Pooled(NamedTuple):
    """`maps` (batch, channels, rows, columns) whose means are all that a dense layer gets; its `weights` of each."""

    maps: Tensor
    weights: Tensor


def _pooled(network: OpenNetwork, planes: Tensor, question: Question) -> _Pooled | None:
    """The maps behind the answer to `question`, and the weights (batch, channels); None where it is no such network."""
    dense: list[tuple[Tensor, Any]] = []
    answers: list[Any] = []

    def see_dense(_: nn.Module, inputs: tuple[Tensor, ...], output: Any) -> None:
        dense.append((inputs[0], output))

    with ExitStack() as stack:
        for module in network.model.modules():
            if isinstance(module, nn.Linear):
                stack.enter_context(module.register_forward_hook(see_dense))
        stack.enter_context(network.model.register_forward_hook(lambda _, __, output: answers.append(output)))
        means = stack.enter_context(_Means())
        asked = network.asked(planes, question).sum()
    if not dense or not isinstance(answers[-1], Tensor) or not torch.equal(dense[-1][1], answers[-1]):
        return None
    vector = dense[-1][0]
    for maps in reversed(means.of):
        if vector.shape == maps.shape[:2] and torch.allclose(maps.mean(dim=(2, 3)), vector, rtol=1e-4, atol=1e-6):
            [weights] = torch.autograd.grad(asked, [vector])
            return _Pooled(maps.detach(), weights)
    return None


class _Means(SeenCalls):
    """Within, whatever makes one number of each map is seen: `of` are the maps (batch, channels, rows, columns)."""

    def __init__(self) -> None:
        super().__init__()
        self.of: list[Tensor] = []

    def see(self, func: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], given: Any) -> None:
        maps = args[0] if args else None
        if isinstance(maps, Tensor) and isinstance(given, Tensor) and _is_one_number_each(maps.shape, given.shape):
            self.of.append(maps)


def _is_one_number_each(maps: torch.Size, given: torch.Size) -> bool:
    return len(maps) == 4 and min(maps[2:]) > 1 and given[:2] == maps[:2] and math.prod(given[2:]) == 1
