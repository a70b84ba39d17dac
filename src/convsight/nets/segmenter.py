"""`Segmenter`: a network that says of every pixel what it is."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from torch import Tensor, nn
from torch.nn import functional as F

from convsight.nets.stages import Stages, stages_of


class Answer(NamedTuple):
    """Logits (batch, classes, *sides) at the size of the images, and how much their loss counts."""

    logits: Tensor
    weight: float


class Segmenter(ABC, nn.Module):
    """Normalised images (batch, channels, height, width) to logits (batch, classes, height, width).

    Volumes have a depth before their height, in and out.
    """

    @abstractmethod
    def forward(self, images: Tensor) -> Tensor:
        """The logits; a network whose last map is coarser enlarges it."""

    def answers(self, images: Tensor) -> Sequence[Answer]:
        """What is taught in a training: the logits, and those of heads that only a training has."""
        return [Answer(self(images), 1.0)]

    def borrowed(self) -> Mapping[str, Tensor]:
        """The tensors that a network of the catalogue has too, under the names that they have there."""
        return {}

    @property
    def backbone(self) -> tuple[str, ...]:
        """The names of the modules that find features, of which `borrowed` are; none where the whole network does."""
        return ()

    def backbone_stages(self, shape: Sequence[int]) -> Stages:
        """The stages of what finds features, on images of `shape` (batch, channels, *sides)."""
        return stages_of(self, shape, within=self.backbone)


def enlarged(coarse: Tensor, sides: Sequence[int]) -> Tensor:
    """A map (batch, channels, height, width) interpolated to `sides`, each of its cells covering the same share."""
    if coarse.shape[2:] == tuple(sides):
        return coarse
    return F.interpolate(coarse, size=tuple(sides), mode="bilinear", align_corners=False)
