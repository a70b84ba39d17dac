"""A whole batch through one warp: its images, and every target after its kind."""

from collections.abc import Mapping, Sequence

from torch import Tensor

from convsight.augmentation.batch import Batch
from convsight.augmentation.kinds import TargetKind
from convsight.augmentation.warp import Warp


def warped(batch: Batch, warp: Warp, images: Sequence[str], targets: Mapping[str, TargetKind]) -> Batch:
    """The batch as it is seen through `warp`: the inputs called `images`, and all targets.

    Other inputs stay as they are. Raises `ValueError` where a target has no kind: it must not stay behind in silence.
    """
    inputs = {**batch.inputs, **{name: warp.images(batch.inputs[name]) for name in images}}
    height, width = inputs[images[0]].shape[2:]
    found: dict[str, Tensor] = {}
    for name, kind in targets.items():
        found |= kind.warped(name, batch.targets, warp, (height, width))
    if undeclared := batch.targets.keys() - found.keys():
        raise ValueError(f"no kind is declared for the targets {sorted(undeclared)}: how do they follow a warp?")
    return Batch(inputs, found)
