"""Attention rollout: how much each patch reaches what the answer is read from, by the attention of all blocks.

Source: Abnar and Zuidema, "Quantifying Attention Flow in Transformers", ACL 2020.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from convsight.errors import UserError
from convsight.explain.method import Method, for_any_network
from convsight.explain.subject import Subject
from convsight.inside.layers import Seen, seeing_maps
from convsight.inside.open_network import OpenNetwork
from convsight.inside.seen_calls import SeenCalls

_SOFTMAX = {torch.softmax, Tensor.softmax, F.softmax}


@final
class AttentionRollout(Method):
    """The attention of each block, mean of its heads, with as much of staying in place, multiplied block by block.

    For vision transformers whose patches all attend to one another. It is the same whatever class is asked about, and
    says what could be seen, not what was made of it. What is read is told by the gradient: the token of the class, or
    the patches that are averaged.
    """

    scale = "relative"
    signed = False

    def importance(self, subject: Subject) -> NDArray[np.float64]:
        network: OpenNetwork = subject.open_network()
        planes = network.planes(subject.array[None])
        with _attention(network.model) as blocks, seeing_maps(network, planes) as seen:
            asked = network.asked(planes, subject.question).sum()
        tokens = [each for each in seen if each.layout.kind == "tokens"]
        if not tokens or not blocks or any(each.shape != (1, *[tokens[-1].output.shape[1]] * 2) for each in blocks):
            others = ", ".join(for_any_network())
            raise UserError(
                f"{network.card.net} is no transformer whose patches all attend to one another, as attention-rollout "
                f"needs; gradcam is for any with maps or tokens, and for any network: {others}"
            )
        reached = rollout(torch.cat(blocks))[_read(asked, tokens)].mean(dim=0)
        cells = replace(tokens[-1].layout, channels=1).maps(reached[None, :, None])
        found: NDArray[np.float64] = cells[0, 0].numpy()
        return found


def rollout(blocks: Tensor) -> Tensor:
    """How much of each token (columns) reaches each (rows) through `blocks` (blocks, tokens, tokens) of attention.

    >>> blocks = torch.tensor([[[0.0, 1.0], [0.0, 1.0]], [[1.0, 0.0], [1.0, 0.0]]])
    >>> rollout(blocks).tolist()
    [[0.5, 0.5], [0.25, 0.75]]
    """
    identity = torch.eye(blocks.shape[1], dtype=torch.float64)
    found = identity
    for block in blocks.double():
        found = (block + identity) / 2 @ found
    return found


def _read(asked: Tensor, tokens: Sequence[Seen]) -> Tensor:
    """Which tokens (tokens,) the answer is read from, as true or false: those last ones that it changes with."""
    for each in reversed(tokens):
        [gradient] = torch.autograd.grad(asked, [each.output], retain_graph=True, materialize_grads=True)
        if bool(gradient.any()):
            return gradient[0].abs().sum(dim=-1) > 0
    raise UserError("the answer changes with no token of the picture, so none can be followed back")


@contextmanager
def _attention(model: nn.Module) -> Iterator[list[Tensor]]:
    """Within, the attention (batch, tokens, tokens) of each block, mean of its heads, as `model` computes it."""
    with _Softmax() as seen, ExitStack() as stack:
        for module in model.modules():
            if isinstance(module, nn.MultiheadAttention):  # which tells its weights to those who ask alone
                stack.enter_context(module.register_forward_pre_hook(_ask_for_weights, with_kwargs=True))
                stack.enter_context(
                    module.register_forward_hook(lambda _, __, given: seen.blocks.append(given[1].detach()))
                )
        yield seen.blocks


def _ask_for_weights(_: nn.Module, args: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    return args, {**kwargs, "need_weights": True, "average_attn_weights": True}


class _Softmax(SeenCalls):
    """Within, every softmax over (batch, heads, tokens, tokens) is seen, also that of a fused attention."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[Tensor] = []

    def see(self, func: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], given: Any) -> None:
        if func is F.scaled_dot_product_attention:
            self.blocks.append(_weights(*args, **kwargs))
        elif func in _SOFTMAX and given.ndim == 4:
            self.blocks.append(given.detach().mean(dim=1))


@torch.no_grad()
def _weights(
    query: Tensor, key: Tensor, _: Tensor, attn_mask: Tensor | None = None, *, scale: float | None = None, **__: Any
) -> Tensor:
    """What a fused attention weighs its values (batch, heads, tokens, width) by, mean of the heads."""
    scores = query @ key.mT * (scale or query.shape[-1] ** -0.5)
    if attn_mask is not None:
        scores = scores.masked_fill(~attn_mask, -torch.inf) if attn_mask.dtype == torch.bool else scores + attn_mask
    return scores.softmax(dim=-1).mean(dim=1)
