"""Pairs of an image and a mask: folders side by side, in one another, or both in one folder.

`images/` and `masks/`, `train/` and `trainannot/`, `images/train/` and `labels/train/`, `train/images/` and
`train/masks/`, `JPEGImages/` and `SegmentationClass/`, `leftImg8bit/` and `gtFine/`, `a.jpg` and `a_mask.png`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from convsight.datasets.dataset import SPLIT_NAMES, UNSPLIT, Dataset, Split
from convsight.datasets.masks.mask_classes import MaskClasses, classes_of
from convsight.datasets.masks.mask_file import MaskFile, MissingMask
from convsight.datasets.masks.pairing import FolderPair, folder_pairs, matched
from convsight.datasets.masks.palette_file import find_palette
from convsight.datasets.names import data_name, split_called, storable
from convsight.errors import UserError
from convsight.results import ClassMaps, MaskSource, unknown_index
from convsight.targets import Palette
from convsight.words import counted, first_few

_LISTS = (".", "splits", "ImageSets/Segmentation", "ImageSets")


@dataclass(frozen=True)
class Paired:
    """An image, its name and split, and its mask; or, in place of one that is missing, where that was looked for."""

    picture: Path
    name: str
    split: str
    mask: Path | None
    expected: str = ""


def is_mask_pairs(path: Path) -> bool:
    """Whether `path` is a folder of images and masks that belong together by their names."""
    return path.is_dir() and bool(folder_pairs(path))


def read_mask_pairs(path: Path) -> Dataset:
    """The images with their masks; splits are told by names of folders, or by lists such as train.txt.

    Classes are those that a palette file names, see `palette_file`, which stands in the folder, above it or beside the
    masks; else they are counted, see `classes_of`.

    Raises `UserError` for masks without an image, names that are in two splits, and what the palette file is refused
    for. An image without a mask, and one that cannot be used, is told when it is asked for.
    """
    found = folder_pairs(path)
    pairs = [each for pair in found for each in paired_files(path, pair)]
    places = [path, *dict.fromkeys(path / pair.masks.place for pair in found), path.parent]
    masks = [each.mask for each in pairs if each.mask is not None]
    return paired_dataset(path, pairs, classes_of(masks, find_palette(places)))


def paired_dataset(path: Path, pairs: Sequence[Paired], classes: MaskClasses, notes: Sequence[str] = ()) -> Dataset:
    """The data set of `pairs`, whose masks are read by `classes` when they are asked for."""
    palette = Palette(names=classes.names, colours=classes.colours, ignore_index=unknown_index(len(classes.names)))
    by_split = cut(path, pairs)
    return Dataset(
        name=data_name(path),
        source=str(path),
        task="segmentation",
        target=palette,
        splits={name: _split(name, chosen, classes, palette) for name, chosen in by_split.items()},
        classes_named=classes.named,
        notes=(*notes, *classes.notes),
    )


def cut(path: Path, pairs: Sequence[Paired]) -> dict[str, list[Paired]]:
    """The pairs by split; those of none are told apart by lists such as train.txt, where there are such."""
    listed = split_lists(path) if all(each.split == UNSPLIT for each in pairs) else {}
    found: dict[str, list[Paired]] = {}
    for each in pairs:
        stem = Path(each.name).stem
        split = (listed.get(Path(each.name).name) or listed.get(stem)) if listed else each.split
        if split:
            found.setdefault(split, []).append(each)
    if len(found) > 1 and UNSPLIT in found:
        raise UserError(
            f"{path}: {found[UNSPLIT][0].name} and {counted(len(found[UNSPLIT]) - 1, 'other image')} are of no split, "
            f"where others are of {first_few([name for name in found if name != UNSPLIT])}; put them into one"
        )
    return {name: found[name] for name in (*SPLIT_NAMES, UNSPLIT) if name in found}


def split_lists(path: Path) -> dict[str, str]:
    """The split of each name in lists called train.txt, val.txt and test.txt; trainval.txt where there is no train."""
    for place in _LISTS:
        files = {split: file for file in sorted((path / place).glob("*.txt")) if (split := split_called(file.stem))}
        if "train" not in files and (path / place / "trainval.txt").is_file():
            files["train"] = path / place / "trainval.txt"
        if not files:
            continue
        found: dict[str, str] = {}
        for split, file in files.items():
            for line in file.read_text(encoding="utf-8-sig", errors="surrogateescape").splitlines():
                name = Path(line.split()[0]).name if line.strip() else ""
                if name and found.setdefault(name, split) != split:
                    raise UserError(f"{file}: {name} is of the split {found[name]!r} in another list; keep it in one")
        return {**found, **{Path(name).stem: split for name, split in found.items() if "." in name}}
    return {}


def paired_files(root: Path, pair: FolderPair) -> list[Paired]:
    """The images and masks of two folders below `root`; raises `UserError` for masks without an image."""
    pictures, masks = root / pair.pictures.place, root / pair.masks.place
    match = matched(pair.pictures.names, pair.masks.names)
    if match.masks:
        raise UserError(
            f"{masks}: {counted(len(match.masks), 'mask')} without an image in {pictures} ({first_few(match.masks)}); "
            "add the images, or remove the masks"
        )
    known: Mapping[str, str] = dict(match.pairs)
    found = []
    for name in pair.pictures.names:
        mask = known.get(name)
        expected = "" if mask else f"a mask called {Path(name).stem}.png, or with an end such as _mask, in {masks}"
        place = storable((pair.pictures.place / name).as_posix())
        found.append(Paired(pictures / name, place, pair.split or UNSPLIT, masks / mask if mask else None, expected))
    return found


def _split(name: str, pairs: Sequence[Paired], classes: MaskClasses, palette: Palette) -> Split:
    sources: list[MaskSource] = [
        MaskFile(each.mask, each.picture, classes.reading) if each.mask else MissingMask(each.picture, each.expected)
        for each in pairs
    ]
    maps = ClassMaps(sources, palette.names, palette.colours, palette.unknown)
    return Split(name, [each.picture for each in pairs], maps, [each.name for each in pairs])
