"""Muon's directions are nearly orthogonal, in both number formats."""

import pytest
import torch

from convsight.training.muon import orthogonalised


@pytest.mark.parametrize("shape", [(200, 700), (700, 200), (192, 96, 3, 3), (8, 16)])
@pytest.mark.parametrize("products", [torch.float32, torch.bfloat16])
def test_singular_values_become_alike(shape: tuple[int, ...], products: torch.dtype) -> None:
    update = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    direction = orthogonalised(update, products=products)
    assert direction.shape == update.shape
    assert direction.dtype == torch.float32
    values = torch.linalg.svdvals(direction.reshape(shape[0], -1))
    # Of random matrices as these the smallest singular value is a hundredth of the norm or more.
    assert values.min() > 0.3
    assert values.max() < 1.3


def test_large_products_in_bfloat16_point_where_those_of_float32_do() -> None:
    update = torch.randn(256, 512, generator=torch.Generator().manual_seed(0))
    half, whole = (orthogonalised(update, products=each) for each in (torch.bfloat16, torch.float32))
    assert not torch.equal(half, whole)
    assert torch.nn.functional.cosine_similarity(half.flatten(), whole.flatten(), dim=0) > 0.999


def test_small_matrices_are_multiplied_in_float32() -> None:
    update = torch.randn(64, 512, generator=torch.Generator().manual_seed(0))
    half, whole = (orthogonalised(update, products=each) for each in (torch.bfloat16, torch.float32))
    assert torch.equal(half, whole)
