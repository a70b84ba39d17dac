"""The oldest detector: a classifier that looks through a window, at every place and at several sizes of the image.

Rowley et al., "Neural Network-Based Face Detection", 1998; its pyramid of images, and steps of half a window.
"""

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor
from torch.nn import functional as F

from convsight.nets.catalogue import NetShape, build_net
from convsight.nets.resize_layers import triangles
from convsight.tasks.boxes.asked import log_odds
from convsight.tasks.boxes.iou import pairwise_iou
from convsight.tasks.boxes.nms import Candidates, best_of_all_classes
from convsight.tasks.detection.detector import Detector
from convsight.tasks.detection.light.settings import DetectionSettings

WINDOW = 48  # px
_SHARES = (1.0, 0.7, 0.5, 0.35, 0.25)  # of the shorter side that a window takes
_STEP = WINDOW // 2  # px between windows
_CROPS = 16  # of an image, in a training step
_OVERLAPPING = 0.3  # intersection over union with a thing from which a window is no longer background
_SHIFTED, _GROWN = 0.1, 0.15  # how crops of things vary: shares of their side, natural logarithm of a factor


@final
class SlidingWindow(Detector):
    """The catalogue's network called `backbone` as a classifier of square windows, the last class being background.

    Its cost is that of the classifier times the windows: at 320 x 240 px, 113 images of 48 x 48 px, in which every
    pixel is seen about seven times. Boxes are squares of five sizes, so things of other proportions are found badly.
    """

    window = WINDOW

    def __init__(self, backbone: str, shape: NetShape) -> None:
        super().__init__()
        self.classes = shape.outputs
        self.net = build_net(backbone, NetShape(shape.outputs + 1, shape.channels, WINDOW, WINDOW))

    def losses(self, images: Tensor, targets: Mapping[str, Tensor], settings: DetectionSettings) -> dict[str, Tensor]:
        crops, labels = training_crops(images, targets["boxes"], targets["labels"])
        wanted = torch.where(labels >= 0, labels, self.classes)
        logits = self.net(crops).float()
        return {"total": F.cross_entropy(logits, wanted, label_smoothing=settings.label_smoothing)}

    def candidates(self, images: Tensor, most: int) -> Candidates:
        boxes, logits = self._said(images)
        return best_of_all_classes(boxes, logits.softmax(dim=2)[..., :-1], most)

    def said_of(self, images: Tensor, label: int) -> tuple[Tensor, Tensor]:
        boxes, logits = self._said(images)
        return boxes, log_odds(logits, label)

    def _said(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """The boxes of all windows (batch, windows, 4), and logits of classes and background (batch, windows, ...)."""
        seen = torch.cat([windows(images, share) for share in _SHARES], dim=1)
        logits = self.net(seen.flatten(0, 1)).float()
        boxes = window_boxes(images).expand(images.shape[0], -1, -1)
        return boxes, logits.reshape(-1, seen.shape[1], self.classes + 1)

    def borrowed(self) -> Mapping[str, Tensor]:
        return self.net.state_dict()


def sides_at(images: Tensor, share: float) -> tuple[int, int]:
    """Height and width to which images are reduced so that a window takes `share` of the shorter side.

    >>> sides_at(torch.zeros(1, 3, 240, 320), 0.5)
    (96, 128)
    """
    height, width = images.shape[2:]
    scale = WINDOW / (share * min(height, width))
    return max(WINDOW, round(height * scale)), max(WINDOW, round(width * scale))


def windows(images: Tensor, share: float) -> Tensor:
    """All windows of `share`: (batch, windows, channels, 48, 48), row by row."""
    resized = _resized(images, *sides_at(images, share))
    seen = resized.unfold(2, WINDOW, _STEP).unfold(3, WINDOW, _STEP)
    return seen.permute(0, 2, 3, 1, 4, 5).flatten(1, 2)


def window_boxes(images: Tensor) -> Tensor:
    """The boxes of all windows of all sizes as fractions: (1, windows, 4)."""
    found = []
    for share in _SHARES:
        height, width = sides_at(images, share)
        y = torch.arange(0, height - WINDOW + 1, _STEP, device=images.device)
        x = torch.arange(0, width - WINDOW + 1, _STEP, device=images.device)
        y, x = torch.meshgrid(y, x, indexing="ij")
        corners = torch.stack([x, y, x + WINDOW, y + WINDOW], dim=2).reshape(-1, 4)
        found.append(corners / torch.tensor([width, height, width, height], device=images.device))
    return torch.cat(found)[None]


def training_crops(images: Tensor, boxes: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Crops (batch * crops, channels, 48, 48) of squares around things, varied a little, and of windows elsewhere.

    Labels are (batch * crops,), -1 for background. At most half of an image's crops show things; draws come from
    PyTorch's global generator.
    """
    shown, chosen = _around_things(images, boxes, labels)
    grid = window_boxes(images).expand(images.shape[0], -1, -1)
    real = torch.where((labels >= 0)[:, :, None], boxes, 0.0)
    overlaps = pairwise_iou(torch.cat([grid, real], dim=1))[:, : grid.shape[1], grid.shape[1] :]
    free = overlaps.amax(dim=2) < _OVERLAPPING
    # Windows on things come last in the order, and only where there are no others.
    order = (torch.rand(free.shape, device=images.device) + free).argsort(dim=1, descending=True)
    order = order[:, : _CROPS - shown.shape[1]]
    elsewhere = grid.gather(1, order[:, :, None].expand(-1, -1, 4))
    # An image with fewer things than others of its batch, or fewer free windows, gives fewer crops.
    squares = torch.cat([shown, elsewhere], dim=1)
    found = torch.cat([chosen, torch.where(free.gather(1, order), -1, -2)], dim=1)
    crops = _cropped(images, squares)
    known = found.flatten() > -2
    return crops[known], found.flatten()[known]


def _around_things(images: Tensor, boxes: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Squares (batch, things, 4), as fractions, around up to half as many things as there are crops; their labels.

    A label of -2 is no thing.
    """
    height, width = images.shape[2:]
    size = torch.tensor([width, height], dtype=boxes.dtype, device=boxes.device)
    draws = torch.rand(*labels.shape, 4, device=boxes.device)
    order = (draws[..., 3] + (labels >= 0)).argsort(dim=1, descending=True)[:, : _CROPS // 2]
    boxes = boxes.gather(1, order[:, :, None].expand(-1, -1, 4))
    spread = draws.gather(1, order[:, :, None].expand(-1, -1, 4)) * 2 - 1
    middle = (boxes[..., :2] + boxes[..., 2:]) / 2 * size
    side = ((boxes[..., 2:] - boxes[..., :2]) * size).amax(dim=2, keepdim=True)
    middle = middle + spread[..., :2] * _SHIFTED * side
    half = side * torch.exp(spread[..., 2:3] * _GROWN) / 2
    found = labels.gather(1, order).long()
    return torch.cat([(middle - half) / size, (middle + half) / size], dim=2), torch.where(found >= 0, found, -2)


def _cropped(images: Tensor, squares: Tensor) -> Tensor:
    """What squares (batch, squares, 4), as fractions, hold of their images: (batch * squares, channels, 48, 48)."""
    places = (torch.arange(WINDOW, device=images.device, dtype=images.dtype) + 0.5) / WINDOW
    start, sides = squares[..., :2], squares[..., 2:] - squares[..., :2]
    x = (start[..., 0:1] + places * sides[..., 0:1]) * 2 - 1
    y = (start[..., 1:2] + places * sides[..., 1:2]) * 2 - 1
    shape = (*squares.shape[:2], WINDOW, WINDOW)
    grid = torch.stack([x[:, :, None].expand(shape), y[:, :, :, None].expand(shape)], dim=4)
    seen = F.grid_sample(images.float(), grid.flatten(1, 2).float(), padding_mode="border", align_corners=False)
    by_square = seen.reshape(*seen.shape[:2], squares.shape[1], WINDOW, WINDOW)
    return by_square.transpose(1, 2).flatten(0, 1)


def _resized(images: Tensor, height: int, width: int) -> Tensor:
    """`images` at another size, as products with matrices: engines resize differently from one another."""
    rows, columns = (
        _weights(side, target).to(images.device, images.dtype)
        for side, target in ((images.shape[2], height), (images.shape[3], width))
    )
    return rows @ (images @ columns.T)


def _weights(side: int, target: int) -> Tensor:
    nothing = torch.zeros((), dtype=torch.float64)
    weights = triangles(side, target, 1, nothing, nothing, nothing + target)
    return weights / weights.sum(1, keepdim=True)
