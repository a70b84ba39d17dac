"""Guided backpropagation: gradients of which every ReLU lets only the positive ones back.

It is known to say little about the network: its maps hardly change when the weights of upper layers are replaced by
random ones (Adebayo et al., "Sanity Checks for Saliency Maps", NeurIPS 2018), since it restores the picture (Nie, Zhang
and Patel, "A Theoretical Explanation for Perplexing Behaviors of Backpropagation-based Visualizations", ICML 2018). It
is here to be judged beside others, not to be believed.

Source: Springenberg et al., "Striving for Simplicity: The All Convolutional Net", 2015.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from convsight.errors import UserError
from convsight.explain.method import Method, for_any_network
from convsight.explain.subject import Subject
from convsight.inside.open_network import OpenNetwork
from convsight.inside.saliency import largest_of_channels
from convsight.inside.seen_calls import SeenCalls

_RELUS = {F.relu, F.relu_, torch.relu, torch.relu_, Tensor.relu, Tensor.relu_, F.relu6}


@final
class GuidedBackprop(Method):
    """The largest absolute number over the channels of each pixel; known to fail the randomisation test, see above.

    ReLUs that are functions are guided like modules, ReLU6 like ReLU.
    """

    scale = "relative"
    signed = False

    def importance(self, subject: Subject) -> NDArray[np.float64]:
        network: OpenNetwork = subject.open_network()
        with Guided() as guided:
            gradient = network.gradient(network.planes(subject.array[None]), subject.question)
        if not guided.relus:
            others = ", ".join(for_any_network())
            raise UserError(
                f"{network.card.net} has no ReLU, which is what guided backpropagation changes; use {others}"
            )
        return largest_of_channels(gradient[0])


class Guided(SeenCalls):
    """Within, the gradients of what ReLUs give are cut to their positive part; `relus` counts them."""

    def __init__(self) -> None:
        super().__init__()
        self.relus = 0

    def see(self, func: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], given: Any) -> None:
        if (func in _RELUS or (func is F.hardtanh and _is_relu6(args, kwargs))) and given.requires_grad:
            self.relus += 1
            given.register_hook(lambda gradient: gradient.clamp(min=0))


def _is_relu6(args: Sequence[Any], kwargs: Mapping[str, Any]) -> bool:
    low = args[1] if len(args) > 1 else kwargs.get("min_val", -1.0)
    return bool(low == 0)
