"""Volumes in files, whatever their format: NIfTI, folders of slices, TIFFs of pages."""

from pathlib import Path
from typing import Any, NamedTuple

from numpy.typing import NDArray

from convsight.images import VOLUME_SUFFIXES, is_nifti, is_tiff_source, is_volume_name, read_nifti, volume_header
from convsight.inputs.resample import Spacing
from convsight.inputs.slices import gaps, is_stack, read_slices, stack_header, stack_spacing


class FileVolume(NamedTuple):
    """Voxels (depth, height, width), their size in mm where it is known, and what is odd about them in words."""

    voxels: NDArray[Any]
    spacing: Spacing | None
    remark: str = ""


class FileSides(NamedTuple):
    """What a file says before it is decoded: (depth, height, width), and the size of voxels in mm where it is known."""

    shape: tuple[int, int, int]
    spacing: Spacing | None


def is_volume_file(path: Path) -> bool:
    """Whether `path` is one volume: a NIfTI file by its name, or a stack of slices (see `inputs.slices.is_stack`)."""
    return is_volume_name(path.name) or is_stack(path)


def is_nifti_source(source: Path | bytes) -> bool:
    """Whether `source` is a NIfTI file by its name, or content that begins like one."""
    return is_nifti(source) if isinstance(source, bytes) else source.name.lower().endswith(tuple(VOLUME_SUFFIXES))


def is_stack_source(source: Path | bytes) -> bool:
    """Whether `source`, of which a volume is wanted, is a folder or a TIFF."""
    return (isinstance(source, Path) and source.is_dir()) or is_tiff_source(source)


def read_volume(source: Path | bytes, name: str, most: float) -> FileVolume | None:
    """The volume in `source`, of up to `most` million voxels; None where it is neither NIfTI nor a stack.

    Raises `ImageError` as `read_nifti` and `read_slices` do.
    """
    if is_nifti_source(source):
        found = read_nifti(source, name, most)
        remark = f"{found.missing:.2%} of its voxels are no numbers, and count as 0" if found.missing else ""
        return FileVolume(found.voxels, found.spacing, remark)
    if not is_stack_source(source):
        return None
    voxels = read_slices(source, name, most * 1e6)
    if isinstance(source, bytes):
        return FileVolume(voxels, None)
    return FileVolume(voxels, stack_spacing(source), gaps(source))


def volume_sides(path: Path) -> FileSides | None:
    """What the file says before it is decoded; None where it cannot be read. Raises `ImageError` for its spacing."""
    if is_volume_name(path.name):
        header = volume_header(path)
        return header and FileSides(header.shape, header.spacing)
    stack = stack_header(path)
    return stack and FileSides(stack.shape, stack_spacing(path))
