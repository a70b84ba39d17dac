"""Volumes with a mask each: in `images` and `labels`, as the Medical Segmentation Decathlon has them, or as slices."""

import json
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.dataset import SPLIT_NAMES, UNSPLIT, Dataset, Split
from convsight.datasets.finding import Entry, Finding, ImageName
from convsight.datasets.names import data_name, splits_called
from convsight.datasets.text_rows import text_rows
from convsight.datasets.threads import map_in_threads
from convsight.datasets.volume_range import SAME_SPACING, in_mm
from convsight.errors import UserError
from convsight.images import TIFF_SUFFIXES, ImageError, apart, is_volume_name, read_nifti, volume_space
from convsight.inputs.resample import Spacing
from convsight.inputs.slices import SPACING_FILE, gaps, is_stack, read_slices
from convsight.inputs.volume_file import FileSides, read_volume, volume_sides
from convsight.natural_order import natural_key
from convsight.results import ClassMaps, usual_colours
from convsight.targets import Palette
from convsight.words import counted, first_few

_FOLDERS = (
    ("images", "labels"),
    ("imagesTr", "labelsTr"),
    ("images", "masks"),
    ("volumes", "labels"),
    ("volumes", "masks"),
)
_OF_STACKS = "volumes"  # a folder called so holds stacks without being told
_SPLITS, _DECATHLON = "splits.csv", "dataset.json"
_READERS = 4  # threads
_MOST_CLASSES = 255
_UNKNOWN = 255  # of no class, unless a mask has only this and 0
_LIMIT = 1000.0  # millions of voxels of a mask: images are held against --max-megapixels when they are read


class _Pair(NamedTuple):
    image: Path
    mask: Path
    split: str


def is_volume_pairs(path: Path) -> bool:
    """Whether `path` is a folder with volumes in one folder and masks in another.

    Stacks of slices count where the folder is called `volumes`, or `spacing.txt` lies in `path`: folders of images in
    `images` are most often what is read one by one.
    """
    return path.is_dir() and _folders(path) is not None


def read_volume_pairs(path: Path) -> Dataset:
    """The volumes, and of which class each of their voxels is.

    A volume is a NIfTI file, a folder of slices or a TIFF of pages, and so is its mask. It has the name of its volume
    (but for an ending such as `_0000`) and its shape, and of NIfTI its place in mm. `splits.csv`
    says with the columns `image`, `label` and `split` what is for what; without it all are one set. Names of classes
    are those of the Decathlon's `dataset.json`, else numbers. 255 is no class, unless masks hold 0 and 255 alone.

    Raises `UserError` for volumes without a mask and the reverse, masks of another shape or place, and numbers in them
    that are no whole ones.
    """
    pairs = _listed(path) if (path / _SPLITS).is_file() else _matched(path)
    spacings = _checked_spacings(pairs)
    numbers = sorted(set().union(*map_in_threads(_numbers, (pair.mask for pair in pairs), _READERS)))
    is_binary = numbers in ([0, _UNKNOWN], [_UNKNOWN])
    highest = 1 if is_binary else max((number for number in numbers if number != _UNKNOWN), default=0)
    names = _class_names(path, highest)
    target = Palette(names=names, colours=usual_colours(names))
    maps = ClassMaps([partial(volume_mask, pair.mask, is_binary) for pair in pairs], names, spacings=spacings)
    splits = {}
    for split in (*SPLIT_NAMES, UNSPLIT):
        rows = np.flatnonzero([pair.split == split for pair in pairs])
        if len(rows):
            files = [pairs[row].image for row in rows.tolist()]
            called = [file.relative_to(path).as_posix() for file in files]
            splits[split] = Split(split, files, maps.select(rows), called)
    named = (path / _DECATHLON).is_file()
    found = (*_gaps(path, pairs), *_other_spacings(path, pairs, spacings))
    notes = tuple(finding.brief for finding in found)
    return Dataset(
        data_name(path), str(path), "segmentation", target, splits, classes_named=named, notes=notes, findings=found
    )


def _folders(path: Path) -> tuple[Path, Path] | None:
    """The folders of volumes and of masks; None where there are none."""
    for images, masks in _FOLDERS:
        folder = path / images
        if not folder.is_dir() or not (path / masks).is_dir():
            continue
        stacks = _may_be_stacks(path, images)
        if any(is_volume_name(each.name) or (stacks and is_stack(each)) for each in folder.iterdir()):
            return folder, path / masks
    return None


def _may_be_stacks(path: Path, images: str) -> bool:
    return images == _OF_STACKS or (path / SPACING_FILE).is_file()


def _matched(path: Path) -> list[_Pair]:
    """Volumes and masks by their names."""
    found = _folders(path)
    if found is None:
        raise UserError(f"{path} holds no volumes in images/ with masks in labels/")
    images, masks = (_by_stem(folder, _may_be_stacks(path, found[0].name)) for folder in found)
    alone = [f"{images[stem].name} has no mask" for stem in images.keys() - masks.keys()]
    alone += [f"{masks[stem].name} has no volume" for stem in masks.keys() - images.keys()]
    if alone:
        raise UserError(f"{path}: {first_few(sorted(alone))}; add them, or leave out what is alone")
    return [_Pair(images[stem], masks[stem], UNSPLIT) for stem in images]


def _by_stem(folder: Path, may_be_stacks: bool) -> dict[str, Path]:
    files = sorted(folder.iterdir(), key=lambda each: natural_key(each.name))
    return {
        _stem(file): file
        for file in files
        if is_volume_name(file.name) or (may_be_stacks and (is_stack(file) or _is_tiff(file)))
    }


def _is_tiff(file: Path) -> bool:
    return file.suffix.lower() in TIFF_SUFFIXES


def _stem(file: Path) -> str:
    name = file.stem if _is_tiff(file) else file.name.split(".nii")[0]
    return name.removesuffix("_0000").removesuffix("_seg").removesuffix("_label")


def _listed(path: Path) -> list[_Pair]:
    """The pairs that `splits.csv` names."""
    table = path / _SPLITS
    (_, header), *rows = text_rows(table)
    columns = [name.strip().lower() for name in header]
    missing = [name for name in ("image", "label", "split") if name not in columns]
    if missing:
        raise UserError(f"{table} lacks the column {', '.join(missing)}; it has {', '.join(columns)}")
    places = [columns.index(name) for name in ("image", "label", "split")]
    called = splits_called(sorted({row[places[2]] for _, row in rows}))
    pairs = []
    for place, row in rows:
        image, mask, split = (row[column] for column in places)
        if split not in called:
            raise UserError(f"{place}: {split!r} is no split; call it train, val or test")
        for name in (image, mask):
            if not (path / name).exists():
                raise UserError(f"{place}: {name} is not there")
        pairs.append(_Pair(path / image, path / mask, called[split]))
    return pairs


def _checked_spacings(pairs: Sequence[_Pair]) -> list[Spacing | None]:
    """The size of voxels of each volume, whose mask fits it; raises `UserError`, which names those that do not."""
    try:
        found = list(map_in_threads(_checked_pair, pairs, _READERS))
    except ImageError as error:
        raise UserError(str(error)) from error
    wrong = [each for each in found if isinstance(each, str)]
    if wrong:
        more = f"; and {counted(len(wrong) - 1, 'more mask')} that do not fit" if len(wrong) > 1 else ""
        raise UserError(wrong[0] + more)
    return [each.spacing for each in found if isinstance(each, FileSides)]


def _checked_pair(pair: _Pair) -> FileSides | str:
    """What the volume of a pair says, or in words why its mask does not fit."""
    if is_volume_name(pair.image.name) != is_volume_name(pair.mask.name):
        return f"{pair.image} and {pair.mask} are of different formats, so that nobody knows how one lies on the other"
    image, mask = volume_sides(pair.image), volume_sides(pair.mask)
    if image is None or mask is None:
        return _fault(pair.image if image is None else pair.mask)
    if image.shape != mask.shape:
        own, its = (" x ".join(map(str, each.shape)) for each in (image, mask))
        return f"{pair.image} has {own} voxels and its mask {pair.mask} {its}: they have to be alike"
    if is_volume_name(pair.image.name) and (words := _apart(pair)):
        return (
            f"{pair.image} and its mask {pair.mask} lie apart: {words}; resample the mask onto its volume, or give it "
            "the volume's header if only that is wrong"
        )
    return image


def _fault(file: Path) -> str:
    """Why the header of a volume cannot be used."""
    try:
        read_volume(file, str(file), _LIMIT)
    except ImageError as error:
        return str(error)
    return f"{file} is damaged or no volume; save it again or leave it out"


def _apart(pair: _Pair) -> str:
    image, mask = volume_space(pair.image), volume_space(pair.mask)
    return apart(image, mask) if image and mask else ""


def volume_mask(file: Path, is_binary: bool = False) -> NDArray[np.integer[Any]]:
    """A mask, turned as its volume is, in whole numbers; of a binary one 255 becomes 1.

    Raises `UserError` where it cannot be read, and for other numbers.
    """
    try:
        voxels = (
            read_nifti(file, str(file), _LIMIT).voxels
            if is_volume_name(file.name)
            else read_slices(file, str(file), _LIMIT * 1e6, indices=True)
        )
    except ImageError as error:
        raise UserError(f"{error}") from error
    if voxels.dtype.kind != "u":
        whole = np.rint(voxels)
        if not (whole == voxels).all() or whole.min() < 0 or whole.max() > _MOST_CLASSES:
            low, high = float(voxels.min()), float(voxels.max())
            raise UserError(
                f"{file} holds numbers from {low:g} to {high:g}; a mask has whole ones up to {_MOST_CLASSES}"
            )
        voxels = whole.astype(np.uint8)
    found: NDArray[np.integer[Any]] = np.minimum(voxels, 1) if is_binary else voxels
    return found


def _numbers(file: Path) -> set[int]:
    return set(np.unique(volume_mask(file)).tolist())


def _gaps(path: Path, pairs: Sequence[_Pair]) -> Iterator[Finding]:
    """Stacks whose slices' numbers jump."""
    told = [(pair, gaps(each)) for pair in pairs for each in (pair.image, pair.mask)]
    entries = tuple(Entry((_named(path, pair),), words) for pair, words in told if words)
    if entries:
        yield Finding("slice-gaps", "suspicion", f"{counted(len(entries), 'stack')} with missing slices", entries)


def _other_spacings(path: Path, pairs: Sequence[_Pair], spacings: Sequence[Spacing | None]) -> Iterator[Finding]:
    """Volumes whose voxels have another size than most."""
    known = np.array([each for each in spacings if each])
    if not len(known):
        return
    middle = np.median(known, axis=0)
    entries = tuple(
        Entry((_named(path, pair),), in_mm(spacing))
        for pair, spacing in zip(pairs, spacings, strict=True)
        if spacing and (np.abs(np.array(spacing) / middle - 1) > SAME_SPACING).any()
    )
    if entries:
        words = f"{counted(len(entries), 'volume')} of other voxels than {in_mm(middle)}: none is resampled for masks"
        yield Finding("spacing", "suspicion", words, entries)


def _named(path: Path, pair: _Pair) -> ImageName:
    return ImageName(pair.split, pair.image.relative_to(path).as_posix(), "")


def _class_names(path: Path, highest: int) -> tuple[str, ...]:
    """What the numbers 0 to `highest` stand for."""
    file = path / _DECATHLON
    told: dict[int, str] = {}
    if file.is_file():
        try:
            labels = json.loads(file.read_text(encoding="utf-8"))["labels"]
            told = {int(number): str(name) for number, name in labels.items()}
        except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
            raise UserError(f"{file} has no `labels` with a name for each number: {error}; mend it") from error
    usual = ("background", *(str(number) for number in range(1, max(highest, 1) + 1)))
    return tuple(told.get(number, name) for number, name in enumerate(usual))
