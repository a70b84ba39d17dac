"""What volumes are put into a network as: their sides, spacing and range, from what the data hold."""

from convsight.datasets import Split
from convsight.datasets.volume_range import are_volumes, measured_volumes
from convsight.errors import UserError
from convsight.inputs import VolumeInput
from convsight.settings import TrainSettings

_LONGEST = 96  # voxels, of the input where nobody tells


def hold_volumes(split: Split) -> bool:
    """Whether the examples of `split` are volumes."""
    return are_volumes(split.images)


def unmeasured_volumes(split: Split, settings: TrainSettings, *, keeps_scale: bool = False) -> tuple[VolumeInput, str]:
    """Volumes like those of `split`, before mean and deviation are measured, and why; raises `UserError`.

    With `keeps_scale` none is resampled, whatever the spacing of its voxels.
    """
    try:
        found = measured_volumes(split.images, None if keeps_scale else settings.size or _LONGEST)
    except ValueError:
        raise UserError(f"no volume of the split {split.name!r} can be read; is {split.names[0]} NIfTI?") from None
    depth, height, width = found.sides
    channels = split.images.shape[4] if getattr(split.images, "ndim", 0) == 5 else 1  # type: ignore[union-attr]
    spec = VolumeInput(
        depth=depth,
        height=height,
        width=width,
        channels=channels,
        mean=(0.0,) * channels,
        std=(1.0,) * channels,
        spacing=found.spacing,
        own_range=found.own_range,
        **found.range,
    )
    return spec, f"volumes of {depth} x {height} x {width} voxels, {found.words}"
