"""`InstanceNet`: a network of this task, which knows how it learns and which arrays the deployed graph has."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from convsight.nets.stages import Stages, stages_of
from convsight.tasks.mask_question import MaskQuestion

IGNORE = -1  # the class of pixels of which nothing is known


class InstanceNet(ABC, nn.Module):
    """A network for normalised images (batch, channels, height, width), with its loss.

    Targets of pixels are `ids` (batch, height, width), the number of the thing that each is of, from 1, 0 for none;
    `classes` (batch, height, width), 0 for none, k + 1 for class k, `IGNORE` where nothing is known; and `depths`
    (batch, 1, height, width), see `light/flooding.py`.
    """

    # The settings of the task that its graph or its reader needs, and those that do nothing for it.
    options: frozenset[str]
    deaf: frozenset[str]

    @abstractmethod
    def losses(self, images: Tensor, targets: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """`total` and its named parts, each a scalar."""

    @abstractmethod
    def arrays(self, images: Tensor, overlap: float) -> dict[str, Tensor]:
        """What the task's reader takes; `overlap` is that from which one box suppresses another."""

    @abstractmethod
    def asked(self, images: Tensor, question: MaskQuestion) -> Tensor:
        """The number (batch,) that `question` is about, before it is squashed, for gradients to go through."""

    @abstractmethod
    def borrowed(self) -> Mapping[str, Tensor]:
        """The tensors that a network of the catalogue has too, under the names that they have there."""

    @property
    @abstractmethod
    def backbone(self) -> tuple[str, ...]:
        """The names of the modules that find features, of which `borrowed` are; none where the whole network does."""

    def backbone_stages(self, shape: Sequence[int]) -> Stages:
        """The stages of what finds features, on images of `shape` (batch, channels, height, width)."""
        return stages_of(self, shape, within=self.backbone)
