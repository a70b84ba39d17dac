"""What the numbers and colours of masks mean: tables from them to the indices of classes."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.masks.mask_error import MaskError
from convsight.datasets.masks.mask_file import NEAREST, one_channel, place_of
from convsight.images import RawValues
from convsight.words import counted, first_few

Colour = tuple[int, int, int]

_DEEPEST = 65_536
_FEW = 8  # strange colours; more of them near known ones are JPEG's work
_NEAR = 64.0  # between two colours, as the root of the sum of squares: what JPEG makes of one at an edge


@dataclass(frozen=True)
class IndexReading:
    """Numbers that mean classes: `values` is the index of each; those in `ignored` are of none.

    With `nearest` a number that means nothing counts as the nearest that does.
    """

    values: dict[int, int]
    unknown: int
    ignored: frozenset[int] = frozenset()
    nearest: bool = False
    _table: NDArray[np.int32] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        table = np.full(_DEEPEST, -1, np.int32)
        for value in self.ignored:
            table[value] = self.unknown
        for value, index in self.values.items():
            table[value] = index
        object.__setattr__(self, "_table", table)

    @property
    def takes_lossy(self) -> bool:
        return self.nearest

    def indices(self, raw: RawValues, file: Path) -> NDArray[Any]:
        values = one_channel(raw, file)
        if self.nearest:
            values = self._nearest(values)
        within = (values >= 0) & (values < _DEEPEST) if values.dtype.itemsize > 2 else None
        found = self._table[values if within is None else np.where(within, values, 0)]
        strange = found < 0 if within is None else (found < 0) | ~within
        if strange.any():
            raise self._strange(values, strange, file)
        narrow: NDArray[Any] = found.astype(np.uint8 if self.unknown < 256 else np.uint16)
        return narrow

    def _nearest(self, values: NDArray[Any]) -> NDArray[Any]:
        known = np.array(sorted({*self.values, *self.ignored}))
        between = (known[1:] + known[:-1]) / 2
        return known[np.searchsorted(between, values)]

    def _strange(self, values: NDArray[Any], strange: NDArray[np.bool_], file: Path) -> MaskError:
        numbers = [str(value) for value in np.unique(values[strange]).tolist()]
        known = sorted(self.values)
        span = (
            f"{known[0]} to {known[-1]}"
            if known == list(range(known[0], known[-1] + 1))
            else first_few([*map(str, known)])
        )
        what = (
            f"holds {first_few(numbers)} in {counted(int(strange.sum()), 'pixel')} ({place_of(strange)}), where "
            f"classes have {span}"
        )
        if len(numbers) > _FEW:
            return MaskError("smeared-masks", file, f"{what}, as if it had been a JPEG or resized", NEAREST)
        return MaskError("ids-outside-the-classes", file, what, "name them in the file of classes, or correct the mask")


@dataclass(frozen=True)
class ColourReading:
    """Colours that mean classes: `colours` is the index of each, `names` what to call it; some mean none.

    With `nearest` a colour that means nothing counts as the nearest that does.
    """

    colours: dict[Colour, int]
    names: dict[Colour, str]
    unknown: int
    ignored: frozenset[Colour] = frozenset()
    nearest: bool = False

    @property
    def takes_lossy(self) -> bool:
        return self.nearest

    def indices(self, raw: RawValues, file: Path) -> NDArray[Any]:
        packed = packed_colours(raw)
        meant = {pack(colour): index for colour, index in self.colours.items()}
        meant = {pack(colour): self.unknown for colour in self.ignored} | meant
        known = np.array(sorted(meant))
        table = np.array([meant[code] for code in known.tolist()])
        seen, codes = np.unique(packed, return_inverse=True)
        place = np.searchsorted(known, seen).clip(0, len(known) - 1)
        strange = known[place] != seen
        if strange.any():
            nearest, distance = _nearest(seen[strange], known)
            if not self.nearest:
                raise self._strange(packed, seen[strange], known[nearest], distance, file)
            place[strange] = nearest
        found = table[place][codes].reshape(packed.shape)
        narrow: NDArray[Any] = found.astype(np.uint8 if self.unknown < 256 else np.uint16)
        return narrow

    def _strange(
        self, packed: NDArray[Any], seen: NDArray[Any], nearest: NDArray[Any], distance: NDArray[Any], file: Path
    ) -> MaskError:
        if len(seen) > _FEW and float(np.median(distance)) < _NEAR:
            what = (
                f"holds {len(seen):,} colours that mean nothing, most near known ones, as JPEG or a resize leaves them"
            )
            return MaskError("smeared-masks", file, what, NEAREST)
        counts = [int((packed == code).sum()) for code in seen[:_FEW].tolist()]
        most = int(np.argmax(counts))
        near = unpack(int(nearest[most]))
        called = repr(self.names[near]) if near in self.names else "no class"
        more = f" (and {len(seen) - 1:,} other colours)" if len(seen) > 1 else ""
        what = (
            f"holds the colour {unpack(int(seen[most]))} in {counted(counts[most], 'pixel')} "
            f"({place_of(packed == seen[most])}){more}, which the palette lacks; the nearest there is {near} of "
            f"{called}, {distance[most]:.0f} away"
        )
        return MaskError("colours-outside-the-palette", file, what, "add it to the palette file, or correct the mask")


def packed_colours(raw: RawValues) -> NDArray[np.int64]:
    """The colour of every pixel as one number; of indices those of the file's own palette."""
    values = raw.values
    if values.ndim == 2 and raw.palette is not None:
        values = raw.palette[np.minimum(values, len(raw.palette) - 1)]
    elif values.ndim == 2:
        values = np.repeat(values[:, :, None], 3, axis=2)
    wide = values.astype(np.int64)
    return (wide[..., 0] << 16) | (wide[..., 1] << 8) | wide[..., 2]


def pack(colour: Colour) -> int:
    """A colour as one number: red, green and blue, a byte each.

    >>> pack((1, 2, 3)), unpack(pack((1, 2, 3)))
    (66051, (1, 2, 3))
    """
    return (colour[0] << 16) | (colour[1] << 8) | colour[2]


def unpack(code: int) -> Colour:
    """The inverse of `pack`."""
    return code >> 16, code >> 8 & 255, code & 255


def _nearest(codes: NDArray[np.int64], known: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """For each of `codes` the position of the nearest of `known`, and how far away that is."""
    places, distances = [], []
    options = np.stack([known >> 16, known >> 8 & 255, known & 255], axis=1)
    for part in np.array_split(codes, max(1, len(codes) // 4096)):
        each = np.stack([part >> 16, part >> 8 & 255, part & 255], axis=1)
        squares = ((each[:, None] - options[None]) ** 2).sum(axis=2)
        places.append(squares.argmin(axis=1))
        distances.append(np.sqrt(squares.min(axis=1)))
    return np.concatenate(places), np.concatenate(distances)
