"""How images look: light, colour, and what is hidden. No place in them changes."""

import torch
from torch import Tensor


def relight(images: Tensor, draws: Tensor, light: float, saturation: float) -> Tensor:
    """Brightness and contrast multiplied by up to exp(light), saturation of coloured images by up to exp(saturation).

    Images are (batch, channels, height, width) in 0..1, `draws` (batch, 3) in -1..1: of brightness, contrast and
    saturation.
    """
    factors = torch.exp(draws * draws.new_tensor([light, light, saturation]))[:, :, None, None, None]
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    changed = (images - mean) * factors[:, 1] + mean * factors[:, 0]
    if images.shape[1] == 3 and saturation:
        grey = changed.mean(dim=1, keepdim=True)
        changed = grey + (changed - grey) * factors[:, 2]
    return changed.clamp(0, 1)


def erase(images: Tensor, draws: Tensor, share: float) -> Tensor:
    """Set one square of each image, `share` of its side, to its mean (DeVries and Taylor, Cutout, 2017).

    `draws` (batch, 2) in -1..1 say where it is: row and column.
    """
    height, width = images.shape[2:]
    rows = torch.linspace(-1, 1, height, device=images.device)
    columns = torch.linspace(-1, 1, width, device=images.device)
    inside_rows = (rows[None] - draws[:, :1]).abs() < share
    inside_columns = (columns[None] - draws[:, 1:]).abs() < share
    inside = (inside_rows[:, :, None] & inside_columns[:, None, :])[:, None]
    return torch.where(inside, images.mean(dim=(2, 3), keepdim=True), images)
