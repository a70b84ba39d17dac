"""Several images of a batch in one, with the boxes of all: mosaic and mixup.

Boxes are fractions of the image, (batch, most, 4), with labels (batch, most), -1 where there is none.
"""

import torch
from torch import Tensor

from convsight.augmentation import Batch

_PLACES = ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0))  # of the four, x before y, in images


def mosaic(batch: Batch, partners: Tensor, chosen: Tensor, fill: float) -> Batch:
    """Images twice as wide and high: each of the batch at the top left, three others beside it where it is `chosen`.

    `partners` (batch, 3) are their positions in the batch: right of it, below it and diagonally. `fill` stands around
    an image without them. Source: Bochkovskiy et al., "YOLOv4", 2020.
    """
    images, boxes, labels = batch.image, batch.targets["boxes"], batch.targets["labels"]
    right, below, diagonal = (
        torch.where(chosen[:, None, None, None], images[partners[:, place]], fill) for place in range(3)
    )
    canvas = torch.cat([torch.cat([images, right], dim=3), torch.cat([below, diagonal], dim=3)], dim=2)
    whose = [torch.arange(len(images), device=images.device), *partners.unbind(1)]
    there = [labels, *(torch.where(chosen[:, None], labels[one], -1) for one in partners.unbind(1))]
    moved = [(boxes[one] + boxes.new_tensor([*place, *place])) / 2 for one, place in zip(whose, _PLACES, strict=True)]
    return Batch({"image": canvas}, {"boxes": torch.cat(moved, dim=1), "labels": torch.cat(there, dim=1)})


def mixup(batch: Batch, draws: Tensor, chosen: Tensor) -> Batch:
    """Each `chosen` image laid half over another of the batch, with the boxes of both; one alone stays as it is.

    `draws` (batch,) in 0..1 say over which. Source: Zhang et al., "mixup", 2018.
    """
    images, boxes, labels = batch.image, batch.targets["boxes"], batch.targets["labels"]
    count = len(images)
    own = torch.arange(count, device=images.device)
    partners = (own + 1 + (draws * (count - 1)).long()) % count
    chosen = chosen & (partners != own)
    mixed = torch.where(chosen[:, None, None, None], (images + images[partners]) / 2, images)
    theirs = torch.where(chosen[:, None], labels[partners], -1)
    targets = {"boxes": torch.cat([boxes, boxes[partners]], dim=1), "labels": torch.cat([labels, theirs], dim=1)}
    return compact(Batch({"image": mixed}, targets))


def compact(batch: Batch) -> Batch:
    """The same boxes, those without a label moved to the end and cut off as far as all images allow."""
    boxes, labels = batch.targets["boxes"], batch.targets["labels"]
    there = labels >= 0
    most = max(1, int(there.sum(dim=1).max()))
    order = there.to(torch.uint8).argsort(dim=1, descending=True, stable=True)[:, :most]
    kept = {"boxes": boxes.gather(1, order[:, :, None].expand(-1, -1, 4)), "labels": labels.gather(1, order)}
    return Batch(batch.inputs, kept)
