"""The boundary loss: what is predicted costs as much as it is far from the true boundary."""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from torch import Tensor

from convsight.tasks.segmentation.seen_pixels import SeenPixels
from convsight.tasks.whole_batch import of_whole_batch


def boundary_loss(seen: SeenPixels) -> Tensor:
    """The mean over pixels of p * distance to the true boundary, below 0 inside, summed over all classes but the first.

    Distances are in pixels, of each image by itself; a class that an image does not show costs nothing there. The loss
    can be below 0 and says little of what it has not found yet, so it stands beside a loss of regions.
    Source: Kervadec et al., "Boundary loss for highly unbalanced segmentation", 2019, equation 5.

    >>> logits = torch.tensor([[0.0, 0.0, 0.0, 0.0], [-99.0, -99.0, 0.0, 99.0]]).view(1, 2, 1, 4)
    >>> masks = torch.tensor([[[0, 0, 1, 1]]])  # distances 2, 1, 0, -1; probabilities 0, 0, 1/2, 1
    >>> round(float(boundary_loss(SeenPixels.of(logits, masks, None))), 4)
    -0.25
    """
    masks = seen.masks.cpu().numpy()
    distances = np.stack([_distances(mask, seen.classes, seen.ignore_index) for mask in masks])
    cost = seen.probabilities[:, 1:] * torch.from_numpy(distances).to(seen.logits.device)
    known = seen.masks.numel() if seen.known is None else int(seen.known.sum())
    count = cost.new_tensor(float(known))
    return seen.counted(cost).sum() / of_whole_batch(count, seen.images, least=1.0)


def _distances(mask: NDArray[np.int64], classes: int, ignore_index: int | None) -> NDArray[np.float32]:
    """Signed distances (classes - 1, *sides) to the boundary of each class but the first; 0 where it is not there."""
    found = np.zeros((classes - 1, *mask.shape), np.float32)
    for label in set(np.unique(mask).tolist()) - {0, ignore_index}:
        inside = mask == label
        if inside.all():  # without a boundary
            continue
        outwards, inwards = distance_transform_edt(~inside), distance_transform_edt(inside)
        found[label - 1] = np.where(inside, 1 - inwards, outwards)
    return found
