"""Attention rollout beside the same computed in NumPy from queries and keys."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from tests.inside.subjects import CLASSES, map_by, random_subject, subject_of
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn
from torchvision.models.vision_transformer import VisionTransformer as OtherTransformer

from convsight.errors import UserError
from convsight.explain.subject import Subject

HEADS, WIDTH = 3, 12


def transformer(**options: Any) -> nn.Module:
    torch.manual_seed(0)
    return VisionTransformer(
        img_size=(16, 24), patch_size=8, embed_dim=WIDTH, depth=3, num_heads=HEADS, num_classes=len(CLASSES), **options
    )


def spread_attention(model: nn.Module, name: str) -> None:
    """Fresh weights attend to everything alike; these do not."""
    for key, value in model.named_parameters():
        if name in key and value.ndim == 2:
            nn.init.normal_(value)


def subject_with(model: nn.Module, height: int = 16, width: int = 24) -> Subject:
    return subject_of(model, "timm/vit_tiny_patch16_224", height, width, 3)


def rolled(attention: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """The paper's recursion over attention (heads, tokens, tokens) of blocks."""
    found = np.eye(attention[0].shape[-1])
    for block in attention:
        found = (0.5 * block.mean(axis=0) + 0.5 * np.eye(len(found))) @ found
    return found


def softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    found: NDArray[np.float64] = powers / powers.sum(axis=-1, keepdims=True)
    return found


def attention_of(subject: Subject) -> list[NDArray[np.float64]]:
    """Each block's attention from what its layer `qkv` gave."""
    given: list[Tensor] = []
    network = subject.open_network()
    handles = [
        network.layer(f"blocks.{block}.attn.qkv").register_forward_hook(lambda _, __, output: given.append(output))
        for block in range(3)
    ]
    network.model(network.planes(subject.array[None]))
    for handle in handles:
        handle.remove()
    found = []
    for each in given:
        queries, keys = (
            each[0].detach().double().numpy().reshape(-1, 3, HEADS, WIDTH // HEADS).transpose(1, 2, 0, 3)[:2]
        )
        found.append(softmax(queries @ keys.transpose(0, 2, 1) / np.sqrt(WIDTH // HEADS)))
    return found


@pytest.mark.parametrize("fused", [True, False])
def test_of_the_token_of_the_class(fused: bool) -> None:
    model = transformer(reg_tokens=2)
    spread_attention(model, "qkv")
    for block in range(3):
        vars(model.get_submodule(f"blocks.{block}.attn"))["fused_attn"] = fused
    subject = subject_with(model)
    expected = rolled(attention_of(subject))[0, 3:].reshape(2, 3)
    assert expected.std() > 0.1 * expected.mean()
    np.testing.assert_allclose(map_by("attention-rollout", subject), expected, rtol=1e-5)


def test_of_patches_that_are_averaged() -> None:
    model = transformer(global_pool="avg", class_token=False)
    spread_attention(model, "qkv")
    subject = subject_with(model)
    expected = rolled(attention_of(subject)).mean(axis=0).reshape(2, 3)
    np.testing.assert_allclose(map_by("attention-rollout", subject), expected, rtol=1e-5)


def test_torchvisions_tell_their_weights_too() -> None:
    torch.manual_seed(0)
    model = OtherTransformer(16, 8, 2, HEADS, WIDTH, 24, num_classes=len(CLASSES))
    nn.init.normal_(model.heads.head.weight)
    spread_attention(model, "in_proj")
    subject = subject_with(model, 16, 16)
    seen: list[NDArray[np.float64]] = []
    for block in model.encoder.layers:
        block.self_attention.register_forward_pre_hook(lambda layer, given: seen.append(weights(layer, given[0])))
    found = map_by("attention-rollout", subject)
    np.testing.assert_allclose(found, rolled(seen)[0, 1:].reshape(2, 2), rtol=1e-5)


def weights(layer: nn.MultiheadAttention, tokens: Tensor) -> NDArray[np.float64]:
    """What the heads attend to among `tokens` (1, tokens, width)."""
    projected = tokens[0].detach() @ layer.in_proj_weight.T + layer.in_proj_bias
    queries, keys = projected.double().numpy().reshape(-1, 3, HEADS, WIDTH // HEADS).transpose(1, 2, 0, 3)[:2]
    return softmax(queries @ keys.transpose(0, 2, 1) / np.sqrt(WIDTH // HEADS))


@pytest.mark.parametrize("net", ["lecture3", "swin_t", "timm/xcit_nano_12_p16_224"])
def test_other_networks_are_told_which_methods_apply(net: str) -> None:
    with pytest.raises(UserError, match="as attention-rollout needs; gradcam is for any with maps or tokens, and"):
        map_by("attention-rollout", random_subject(net, 32))
