"""`MaskFile`: the mask of a picture in a file, read when it is asked for and laid on the picture as that is seen.

Pictures are turned upright by their EXIF orientation, and a mask must lie on them: it is turned by an orientation of
its own, if it has one. Where its sides are then those of the picture as it is stored and not as it is seen, it was
drawn on the stored one and is turned with it. Where both are alike (square pictures, those turned by half), it is taken
to be drawn on the picture as it is seen, as annotation programs show it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.masks.mask_error import MaskError
from convsight.images import (
    UPRIGHT,
    ImageError,
    RawValues,
    image_orientation,
    image_size,
    is_lying,
    raw_values,
    turn_values,
)

NEAREST = 'save masks as PNG, or write {"nearest": true} into masks.json beside the folders to take the nearest class'


class Reading(Protocol):
    """What the numbers or colours of a mask mean."""

    @property
    def takes_lossy(self) -> bool:
        """Whether numbers that a format has changed may be read as the nearest that mean something."""
        ...

    def indices(self, raw: RawValues, file: Path) -> NDArray[Any]:
        """Indices of classes (height, width); raises `MaskError` for what means nothing."""
        ...


@dataclass(frozen=True)
class MaskFile:
    """The mask in `file` of the image in `picture`, None where there is none to compare its size with."""

    file: Path
    picture: Path | None
    reading: Reading

    def __call__(self) -> NDArray[Any]:
        raw = mask_values(self.file, self.picture, lossy=self.reading.takes_lossy)
        return self.reading.indices(raw, self.file)


@dataclass(frozen=True)
class MissingMask:
    """In place of a mask that is not there: says so when it is asked for."""

    picture: Path
    expected: str

    def __call__(self) -> NDArray[Any]:
        raise MaskError(
            "pictures-without-mask",
            self.picture,
            "has no mask",
            f"expected {self.expected}; add it, or remove the image",
        )


def mask_values(file: Path, picture: Path | None, *, lossy: bool = False) -> RawValues:
    """What `file` holds, laid on `picture` as that is seen.

    Raises `MaskError` where it cannot be read, is of another size than the picture, or, unless `lossy`, is a JPEG.
    """
    try:
        raw = raw_values(file)
    except ImageError as error:
        raise MaskError(
            "unreadable-masks", "the mask", str(error), "restore it, or remove it with its image"
        ) from error
    if raw.is_lossy and not lossy:
        what = "is a JPEG, which blends classes at their edges into numbers that mean others"
        raise MaskError("smeared-masks", file, what, NEAREST)
    values = turn_values(raw.values, raw.orientation) if raw.orientation != UPRIGHT else raw.values
    return raw._replace(values=values if picture is None else laid_on(values, file, picture))


def laid_on(values: NDArray[Any], file: Path, picture: Path) -> NDArray[Any]:
    """A mask (height, width, ...) turned as `picture` is where only that fits; `MaskError` where neither does."""
    size, own = image_size(picture), (values.shape[1], values.shape[0])
    if size is None or own == size:
        return values
    turn = image_orientation(picture)
    if is_lying(turn) and own[::-1] == size:
        return turn_values(values, turn)
    what = f"is {own[0]} x {own[1]} px, but its image {picture.name} is {size[0]} x {size[1]} px"
    raise MaskError("masks-of-another-size", file, what, "make both anew from one original, or remove them")


def is_ambiguous(picture: Path) -> bool:
    """Whether a mask drawn on the picture as it is stored could not be told from one drawn on it as it is seen."""
    turn = image_orientation(picture)
    if turn == UPRIGHT:
        return False
    size = image_size(picture)
    return not is_lying(turn) or (size is not None and size[0] == size[1])


def one_channel(raw: RawValues, file: Path) -> NDArray[Any]:
    """The numbers (height, width) of a mask without colours; raises `MaskError` where it has some."""
    values = raw.values
    if values.ndim == 2:
        return values
    if (values == values[:, :, :1]).all():
        return values[:, :, 0]
    raise MaskError(
        "masks-in-colour",
        file,
        "is in colour, where others hold a number a pixel",
        "say what each colour means in a palette file, or save all masks alike",
    )


def place_of(flags: NDArray[np.bool_]) -> str:
    """Where the first of `flags` (height, width) is, in words."""
    row, column = np.unravel_index(int(flags.argmax()), flags.shape)
    return f"first at {column} px across, {row} px down"
