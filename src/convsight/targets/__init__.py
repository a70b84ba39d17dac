"""What a network is asked for: one specification for each kind of prediction; it stands on the card."""

from typing import Annotated

from pydantic import Field

from convsight.targets.classes import Classes
from convsight.targets.embedding import Embedding
from convsight.targets.images import ImageTarget
from convsight.targets.joints import Joints
from convsight.targets.named_classes import class_targets, counts_by_class
from convsight.targets.numbers import NumberTargets
from convsight.targets.palette import Palette, class_maps
from convsight.targets.several_labels import SeveralLabels
from convsight.targets.spec import ClassTargets, FromArray, NamedTargets, Targets, TargetSpec

# What a card may hold, told apart by `kind`.
AnyTarget = Annotated[
    Classes | SeveralLabels | NumberTargets | Palette | Joints | Embedding | ImageTarget, Field(discriminator="kind")
]

__all__ = [
    "AnyTarget",
    "ClassTargets",
    "Classes",
    "Embedding",
    "FromArray",
    "ImageTarget",
    "Joints",
    "NamedTargets",
    "NumberTargets",
    "Palette",
    "SeveralLabels",
    "TargetSpec",
    "Targets",
    "class_maps",
    "class_targets",
    "counts_by_class",
]
