"""Grad-CAM++ as the paper writes it, number by number."""

import numpy as np
import torch

from convsight.inside.grad_cam_plus import grad_cam_plus
from convsight.inside.map_gradients import LayerMaps


def by_hand(maps: np.ndarray, gradient: np.ndarray, damping: float = 0.0) -> np.ndarray:
    """Equations 7 and 19 of the paper for maps (channels, rows, columns), each number on its own."""
    found = np.zeros(maps.shape[1:])
    for map_, slopes in zip(maps, gradient, strict=True):
        weight = 0.0
        for g in slopes.flat:
            if g > 0:
                weight += g**2 / (2 * g**2 + map_.sum() * g**3 + damping) * g
        found += weight * map_
    return np.maximum(found, 0)


def drawn(seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    return random.random((4, 3, 2)), random.normal(size=(4, 3, 2)) * 1e-3


def test_it_is_the_formula_of_the_paper() -> None:
    maps, gradient = drawn(0)
    found = LayerMaps("layer", torch.from_numpy(maps[None]), torch.from_numpy(gradient[None]))
    np.testing.assert_allclose(grad_cam_plus(found), by_hand(maps, gradient), rtol=1e-12)
    np.testing.assert_allclose(grad_cam_plus(found, 1e-6), by_hand(maps, gradient, 1e-6), rtol=1e-12)
    assert np.abs(grad_cam_plus(found) - grad_cam_plus(found, 1e-6)).max() > 0.1 * grad_cam_plus(found).max()


def test_places_without_gradient_weigh_nothing() -> None:
    maps = torch.ones(1, 1, 2, 2)
    gradient = torch.tensor([[[[0.0, -1.0], [0.5, 0.0]]]])
    # 0.25 / (0.5 + 4 * 0.125) * 0.5 at the one place with a positive gradient
    assert grad_cam_plus(LayerMaps("layer", maps, gradient)).tolist() == [[0.125, 0.125], [0.125, 0.125]]
