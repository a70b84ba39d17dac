"""Volumes in NIfTI files: voxels in one orientation, their size in mm, and masks written as their volume lies.

Whatever order and direction the axes of a file have, a volume is held as (depth, height, width): from the feet to the
head, from the back to the front, from left to right, which is RAS+ with the last axis first. Axes are exchanged and
turned only, so that no value changes.
"""

import gzip
import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convsight.errors import UserError
from convsight.extras import extra
from convsight.images.errors import ImageError
from convsight.images.formats import VOLUME_SUFFIXES
from convsight.images.regular_file import opened_file

_GZIP = b"\x1f\x8b"
_HEADER = 348  # bytes of NIfTI-1
_HEADER_2 = 540
_SIZES = {348: "<", 540: "<"}
_AXES = 3
_NEAR = 0.1  # of the smallest side of a voxel: what programs round
_MOST_EXTENSIONS = 1 << 24  # bytes between header and voxels
_READ = {"uint8": np.uint8, "uint16": np.uint16}  # as they are; all others become float32


@dataclass(frozen=True)
class VolumeSpace:
    """How a file lays out its voxels: `header` as nibabel reads it, the `affine` to mm, and the way to ours.

    `turns` (3, 2) are those of nibabel: for each axis of the file which of ours it is, and its direction.
    """

    header: Any
    affine: NDArray[np.float64]
    turns: NDArray[np.float64]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of the file's voxels."""
        first, second, third = self.header.get_data_shape()[:_AXES]
        return int(first), int(second), int(third)

    @property
    def own_shape(self) -> tuple[int, int, int]:
        """Of the volume (depth, height, width)."""
        return _ours(self, self.shape)

    def turned(self, voxels: NDArray[Any]) -> NDArray[Any]:
        """Voxels as the file has them as (depth, height, width)."""
        ras = extra("nibabel", "volumes").orientations.apply_orientation(voxels, self.turns)
        return np.ascontiguousarray(np.asarray(ras).transpose(2, 1, 0))

    def turned_back(self, volume: NDArray[Any]) -> NDArray[Any]:
        """The inverse of `turned`."""
        orientations = extra("nibabel", "volumes").orientations
        ras = np.array([[0.0, 1.0], [1.0, 1.0], [2.0, 1.0]])
        back = orientations.ornt_transform(ras, self.turns)
        return np.asarray(orientations.apply_orientation(volume.transpose(2, 1, 0), back))

    @property
    def own_affine(self) -> NDArray[np.float64]:
        """From a voxel (width, height, depth) of the volume in our orientation to mm."""
        back = extra("nibabel", "volumes").orientations.inv_ornt_aff(self.turns, self.shape)
        found: NDArray[np.float64] = self.affine @ back
        return found

    @property
    def is_placed(self) -> bool:
        """Whether the file says where its voxels lie: programs that know nothing of it leave both codes at 0."""
        return int(self.header["qform_code"]) > 0 or int(self.header["sform_code"]) > 0


class Volume(NamedTuple):
    """Voxels (depth, height, width) of uint8, uint16 or float32, their size in mm along these axes, and how they lie.

    `missing` is the share of voxels that were no numbers, which are 0 now.
    """

    voxels: NDArray[Any]
    spacing: tuple[float, float, float]
    space: VolumeSpace
    missing: float


class VolumeHeader(NamedTuple):
    """What a NIfTI header says: the shape (depth, height, width), the size of voxels in mm, the type in the file."""

    shape: tuple[int, int, int]
    spacing: tuple[float, float, float]
    dtype: str


def is_volume_name(name: str) -> bool:
    """Whether the last part of a path is the name of a NIfTI file.

    >>> [is_volume_name(name) for name in ("a.nii", "b.NII.GZ", "c.gz", "._d.nii")]
    [True, True, False, False]
    """
    return name.lower().endswith(tuple(VOLUME_SUFFIXES)) and not name.startswith(".")


def is_nifti(content: bytes) -> bool:
    """Whether a file that begins with `content` may be NIfTI: by its header, which may be compressed."""
    if content.startswith(_GZIP):
        try:
            content = zlib.decompressobj(wbits=31).decompress(content, _HEADER_2)
        except zlib.error:
            return False
    return content[:4] in {size.to_bytes(4, order) for size in _SIZES for order in ("little", "big")}


def volume_header(source: Path | bytes) -> VolumeHeader | None:
    """The header of a NIfTI file; None where it has none that can be used. Nothing else is read.

    Raises `UserError` where nibabel is not installed.
    """
    try:
        with _stream(source) as file:
            header = _header(file, "")
        _check(header, "", np.inf)
        space = _space(header)
        return VolumeHeader(_ours(space, space.shape), _spacing(header, space), header.get_data_dtype().name)
    except ImageError:
        return None
    except UserError:
        raise
    except Exception:  # whoever reads it says what is wrong
        return None


def volume_space(source: Path | bytes) -> VolumeSpace | None:
    """How a NIfTI file lays out its voxels, by its header; None where it has none that can be used."""
    try:
        with _stream(source) as file:
            return _space(_header(file, ""))
    except UserError:
        return None
    except Exception:  # whoever reads it says what is wrong
        return None


def read_nifti(source: Path | bytes, name: str, max_megavoxels: float = 100.0) -> Volume:
    """The volume in `source`, a NIfTI file or the content of one; `name` is for errors.

    Scale factors of the header are applied. Raises `ImageError` where it is none, damaged or cut short, has not three
    axes, or over `max_megavoxels`, of which the header tells before anything else is unpacked; and where nibabel is
    not installed. Safe in threads.
    """
    try:
        with _stream(source) as file:
            header = _header(file, name)
            _check(header, name, max_megavoxels)
            start = int(header["vox_offset"])
            length = int(np.prod(header.get_data_shape(), dtype=np.int64)) * header.get_data_dtype().itemsize
            file.seek(start)
            content = file.read(length)
        if len(content) < length:
            raise ImageError(f"{name} is cut short: {len(content):,} of {length:,} bytes of voxels are there")
        return _volume(header, content)
    except ImageError:
        raise
    except UserError as error:  # the missing package
        raise ImageError(f"{name}: {error}") from error
    except OSError as error:
        reason = error.strerror or error
        raise ImageError(f"cannot read {name}: {reason}; check the path, or save the volume again") from error
    # What gzip and nibabel run into on damaged files.
    except Exception as error:
        raise ImageError(f"{name} cannot be read as NIfTI ({error}); save it again or leave it out") from error


def nifti_mask(mask: NDArray[Any], space: VolumeSpace) -> bytes:
    """A mask (depth, height, width) of whole numbers as a `.nii.gz` file that lies as its volume does.

    Affine, codes, units and size of voxels are those of the volume's header, bit for bit. The same mask gives the same
    bytes. Raises `UserError` where nibabel is not installed.
    """
    nibabel = extra("nibabel", "volumes")
    header = space.header.copy()
    header.set_data_dtype(mask.dtype)
    header.set_data_shape(space.shape)
    header.set_slope_inter(1, 0)
    header["cal_min"] = header["cal_max"] = 0
    header["descrip"] = b""
    kind = nibabel.Nifti2Image if int(header["sizeof_hdr"]) == _HEADER_2 else nibabel.Nifti1Image
    made = kind(np.ascontiguousarray(space.turned_back(mask)), None, header)
    return gzip.compress(made.to_bytes(), mtime=0)


def nifti_volume(voxels: NDArray[Any], spacing: tuple[float, float, float]) -> bytes:
    """Voxels (depth, height, width) of `spacing` mm along these axes as a `.nii.gz` file that begins at the origin.

    The same voxels give the same bytes. Raises `UserError` where nibabel is not installed.
    """
    nibabel = extra("nibabel", "volumes")
    made = nibabel.Nifti1Image(np.ascontiguousarray(voxels.transpose(2, 1, 0)), np.diag([*spacing[::-1], 1.0]))
    made.header.set_xyzt_units("mm")
    return gzip.compress(made.to_bytes(), mtime=0)


def apart(one: VolumeSpace, other: VolumeSpace) -> str:
    """How two volumes of the same shape lie apart, in words that tell both; empty where they lie on one another.

    They do where no corner is further away than a tenth of the smallest side of a voxel, in whatever orientation their
    files are; and where one of them does not say where it lies.
    """
    if not one.is_placed or not other.is_placed:
        return ""
    depth, height, width = one.own_shape
    corners = np.array([[x, y, z, 1] for x in (0, width - 1) for y in (0, height - 1) for z in (0, depth - 1)])
    ours, theirs = ((each.own_affine @ corners.T)[:_AXES].T for each in (one, other))
    gap = float(np.linalg.norm(ours - theirs, axis=1).max())
    least = float(np.sqrt((one.affine[:_AXES, :_AXES] ** 2).sum(axis=0)).min())
    return f"{_lies(one)}, and {_lies(other)}, {gap:.3g} mm away at a corner" if gap > _NEAR * least else ""


def _lies(space: VolumeSpace) -> str:
    """Where the first voxel of a file lies, how large its voxels are, and which way its axes go."""
    codes = "".join(extra("nibabel", "volumes").aff2axcodes(space.affine))
    sides = np.sqrt((space.affine[:_AXES, :_AXES] ** 2).sum(axis=0)).tolist()
    words = " x ".join(f"{side:.3g}" for side in sides)
    begins = ", ".join(f"{place:.4g}" for place in space.affine[:_AXES, 3].tolist())
    return f"one begins at ({begins}) mm with axes {codes} and voxels of {words} mm"


def _stream(source: Path | bytes) -> BinaryIO:
    file: BinaryIO = BytesIO(source) if isinstance(source, bytes) else opened_file(source)
    is_packed = file.read(2) == _GZIP
    file.seek(0)
    return _Unpacked(file) if is_packed else file  # type: ignore[return-value]  # reads and seeks


class _Unpacked(gzip.GzipFile):
    """A compressed file that closes the one it reads, too."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(fileobj=file, mode="rb")
        self._held = file

    def close(self) -> None:
        super().close()
        if hasattr(self, "_held"):
            self._held.close()


def _header(file: BinaryIO, name: str) -> Any:
    nibabel = extra("nibabel", "volumes")
    start = file.read(_HEADER_2)
    size = next((size for size in _SIZES if start[:4] in {size.to_bytes(4, "little"), size.to_bytes(4, "big")}), None)
    kind = {_HEADER: nibabel.Nifti1Header, _HEADER_2: nibabel.Nifti2Header}.get(size or 0)
    magic = start[344:348] if size == _HEADER else start[4:8]
    if kind is None or magic[:3] not in {b"n+1", b"n+2"}:
        raise ImageError(
            f"{name} is no NIfTI file of one part (its magic is {magic!r}); save it as .nii or .nii.gz"
            if size
            else f"{name} is no NIfTI file; save it as .nii or .nii.gz"
        )
    return kind(start[:size], check=False)


def _check(header: Any, name: str, max_megavoxels: float) -> None:
    shape = header.get_data_shape()
    if len(shape) > _AXES and all(side == 1 for side in shape[_AXES:]):
        shape = shape[:_AXES]
    words = " x ".join(map(str, shape))
    if len(shape) != _AXES:
        what = "times or channels" if len(shape) > _AXES else "slices"
        raise ImageError(f"{name} has {len(shape)} axes ({words}); expected three: split its {what} into volumes")
    if min(shape) < 1:
        raise ImageError(f"{name} has no voxels ({words}); replace it or leave it out")
    if np.prod(shape, dtype=np.float64) > max_megavoxels * 1e6:
        raise ImageError(
            f"{name} is {words} voxels, over the limit of {max_megavoxels:g} million; raise it with --max-megapixels"
        )
    if header.get_data_dtype().kind not in "uif":
        raise ImageError(f"{name} holds {header.get_data_dtype()}; expected whole numbers or floating point")
    if int(header["vox_offset"]) > _MOST_EXTENSIONS or int(header["vox_offset"]) < _HEADER:
        raise ImageError(f"{name} says that its voxels begin at byte {int(header['vox_offset']):,}; save it again")


def _volume(header: Any, content: bytes) -> Volume:
    space = _space(header)
    voxels: NDArray[Any] = np.frombuffer(content, header.get_data_dtype()).reshape(space.shape, order="F")
    slope, inter = (1.0 if each is None else float(each) for each in header.get_slope_inter())
    inter = 0.0 if header.get_slope_inter()[1] is None else inter
    if (slope, inter) != (1.0, 0.0):
        voxels = voxels * slope + inter
    values = space.turned(voxels).astype(_READ.get(voxels.dtype.newbyteorder("=").name, np.float32), copy=False)
    missing = 0.0
    if values.dtype == np.float32 and not (finite := np.isfinite(values)).all():
        values, missing = np.where(finite, values, np.float32(0)), 1 - float(finite.mean())
    return Volume(values, _spacing(header, space), space, missing)


def _space(header: Any) -> VolumeSpace:
    affine = np.asarray(header.get_best_affine(), np.float64)
    turns = extra("nibabel", "volumes").orientations.io_orientation(affine)
    if np.isnan(turns).any():
        turns = np.array([[0.0, 1.0], [1.0, 1.0], [2.0, 1.0]])  # an affine that says nothing
    return VolumeSpace(header, affine, turns)


def _ours(space: VolumeSpace, values: tuple[Any, ...]) -> tuple[Any, Any, Any]:
    """Values a file's axis as (depth, height, width)."""
    found = [values[int(np.flatnonzero(space.turns[:, 0] == axis)[0])] for axis in (2, 1, 0)]
    return found[0], found[1], found[2]


def _spacing(header: Any, space: VolumeSpace) -> tuple[float, float, float]:
    sides = np.sqrt((space.affine[:_AXES, :_AXES] ** 2).sum(axis=0))
    return _ours(space, tuple(float(side) if side > 0 and np.isfinite(side) else 1.0 for side in sides))
