"""Volumes with a class for every voxel as NIfTI files: images/ and labels/ as the Decathlon has them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.convert.converted_image import brought, flat_names
from convsight.datasets.dataset import UNSPLIT, Dataset, Split
from convsight.datasets.volume_range import are_volumes
from convsight.errors import UserError
from convsight.images import ImageError, nifti_mask, nifti_volume, volume_space
from convsight.inputs.slices import read_slices
from convsight.progress import Listener
from convsight.results import ClassMap

VOLUMES = "volumes"  # what the format is called

_PACKED, _PLAIN = ".nii.gz", ".nii"
_NO_SPACING = (1.0, 1.0, 1.0)  # mm, where nobody says it


class _Row(NamedTuple):
    """The example of a split, and the names of its files."""

    split: Split
    row: int
    image: str
    label: str


def write_volumes(dataset: Dataset, folder: Path, listener: Listener, *, link: bool) -> None:
    """Write images/, labels/, `dataset.json` with the classes, and `splits.csv` where the data are cut, into `folder`.

    NIfTI files are copied, or with `link` linked to, and masks lie as these do; voxels without a file become one whose
    affine says their spacing.

    Raises `UserError` where the data hold no volumes with a class for every voxel.
    """
    first = next(iter(dataset.splits.values()))
    if not are_volumes(first.images) or not isinstance(first.targets[0], ClassMap):
        raise UserError(
            f"{dataset.source} holds no volumes with a class for every voxel, as {VOLUMES} needs; choose another --to"
        )
    rows = list(_rows(dataset))
    for part in ("images", "labels"):
        (folder / part).mkdir()
    with listener.counting("bringing volumes", len(rows)) as advance:
        for each in rows:
            _write(each, folder, link)
            advance(1)
    labels = {str(index): name for index, name in enumerate(dataset.target.names)}
    (folder / "dataset.json").write_text(json.dumps({"labels": labels}, indent=1) + "\n", encoding="utf-8")
    if UNSPLIT not in dataset.splits:
        lines = [f"images/{each.image},labels/{each.label},{each.split.name}\n" for each in rows]
        (folder / "splits.csv").write_text("".join(["image,label,split\n", *lines]), encoding="utf-8")


def _rows(dataset: Dataset) -> Iterator[_Row]:
    found = [(split, row) for split in dataset.splits.values() for row in range(len(split))]
    plain = [_stem(split.names[row]) for split, row in found]
    labels = flat_names([split.name for split, _ in found], [stem + _PACKED for stem in plain])
    for (split, row), label in zip(found, labels, strict=True):
        is_plain = split.names[row].lower().endswith(_PLAIN)
        yield _Row(split, row, label.removesuffix(_PACKED) + (_PLAIN if is_plain else _PACKED), label)


def _stem(name: str) -> str:
    """A name without the suffix of NIfTI.

    >>> _stem("images/a.nii.gz"), _stem("b.nii"), _stem("train/00012")
    ('images/a', 'b', 'train/00012')
    """
    return name.removesuffix(".gz").removesuffix(_PLAIN)


def _write(each: _Row, folder: Path, link: bool) -> None:
    image, target = each.split.images[each.row], each.split.targets[each.row]
    assert isinstance(target, ClassMap)
    place, mask = folder / "images" / each.image, folder / "labels" / each.label
    space = volume_space(image) if isinstance(image, Path) else None
    if isinstance(image, Path) and space is not None:
        brought(image, place, link)
        mask.write_bytes(nifti_mask(target.indices, space))
        return
    voxels = _grey(image) if isinstance(image, np.ndarray) else _stack(image)
    depth, height, width = target.spacing or _NO_SPACING
    place.write_bytes(nifti_volume(voxels, (depth, height, width)))
    mask.write_bytes(nifti_volume(target.indices, (depth, height, width)))


def _stack(image: Path) -> NDArray[Any]:
    """The voxels of a stack of slices."""
    try:
        return read_slices(image, str(image), np.inf)
    except ImageError as error:
        raise UserError(str(error)) from error


def _grey(voxels: NDArray[Any]) -> NDArray[Any]:
    """Voxels (depth, height, width) of an array that may have an axis of one channel."""
    if voxels.ndim == 4 and voxels.shape[-1] == 1:
        return voxels[..., 0]
    if voxels.ndim != 3:
        raise UserError(f"volumes of shape {voxels.shape} have several channels, which no NIfTI of three axes holds")
    return voxels
