"""Pascal VOC: JPEGImages/ with SegmentationClass/ and SegmentationObject/, and lists in ImageSets/Segmentation/.

Source: Everingham et al., "The Pascal Visual Object Classes (VOC) Challenge", IJCV 88, 2010, and its development kit.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from convsight.datasets.dataset import SPLIT_NAMES, UNSPLIT, Dataset
from convsight.datasets.image_files import image_files
from convsight.datasets.masks.instance_source import PicturedThings, instances_dataset
from convsight.datasets.masks.known_palettes import VOC_NAMES, voc_colours
from convsight.datasets.masks.mask_classes import MaskClasses, classes_of
from convsight.datasets.masks.mask_file import MaskFile, mask_values, one_channel
from convsight.datasets.masks.mask_pairs import Paired, paired_dataset
from convsight.datasets.masks.pairing import folders_in
from convsight.datasets.masks.palette_file import find_palette
from convsight.datasets.masks.readings import IndexReading
from convsight.datasets.names import storable
from convsight.errors import UserError
from convsight.images import ImageError, raw_values
from convsight.results import Boxes, boxes_of_ids, unknown_index
from convsight.spread import evenly

_CLASSES = ("SegmentationClass", "SegmentationClassAug", "SegmentationClassPNG", "SegmentationClassRaw")
_OBJECTS = "SegmentationObject"
_PICTURES = "JPEGImages"
_LISTS = "ImageSets/Segmentation"
_BORDER = 255  # of things, which is of none
_LOOKED_AT = 8


def is_voc_masks(path: Path) -> bool:
    """Whether `path` is a folder as VOC lays out its segmentation, or holds one."""
    return path.is_dir() and bool(_roots(path))


def read_voc_masks(path: Path) -> Dataset:
    """The images that the lists name, or all that have a mask, with a class for every pixel.

    Numbers are VOC's 21 classes, unless labelmap.txt names others; 255 is none.

    Raises `UserError` for a listed image that is not there, and several data sets in one folder.
    """
    root, masks = _root(path)
    pairs = _pairs(path, root, masks)
    files = [each.mask for each in pairs if each.mask is not None]
    palette = find_palette([root, masks, path])
    return paired_dataset(path, pairs, classes_of(files, palette) if palette or not _is_voc(files) else _voc_classes())


def read_voc_things(path: Path) -> Dataset | None:
    """The things of SegmentationObject, each of the class that most of its pixels have; None without that folder."""
    root, masks = _root(path)
    objects = root / _OBJECTS
    if not objects.is_dir():
        return None
    pairs = [each for each in _pairs(path, root, masks) if each.mask is not None]
    files = [each.mask for each in pairs if each.mask is not None]
    palette = find_palette([root, masks, path])
    classes = classes_of(files, palette) if palette or not _is_voc(files) else _voc_classes()
    first = 1 if classes.names[0].lower() == VOC_NAMES[0] else 0
    things = [
        PicturedThings(
            each.picture,
            each.name,
            each.split,
            _VocThings(
                objects / f"{file.stem}.png", each.picture, MaskFile(file, each.picture, classes.reading), classes
            ),
        )
        for each, file in zip(pairs, files, strict=True)
    ]
    return instances_dataset(path, things, classes.names[first:])


@dataclass(frozen=True)
class _VocThings:
    """The things of an image: numbers in one file, and the class of every pixel in another."""

    file: Path
    picture: Path
    of_pixels: MaskFile
    classes: MaskClasses

    def __call__(self) -> Boxes:
        ids = one_channel(mask_values(self.file, self.picture), self.file).astype(np.int32)
        ids[ids == _BORDER] = 0
        kinds = self.of_pixels()
        names = self.classes.names
        first = 1 if names[0].lower() == VOC_NAMES[0] else 0
        labels, crowd = [], []
        for number in range(1, int(ids.max()) + 1):
            counts = np.bincount(kinds[ids == number], minlength=len(self.classes.names))[
                first : len(self.classes.names)
            ]
            labels.append(int(counts.argmax()))
            crowd.append(not counts.any())  # of no class: nobody need find it
        return boxes_of_ids(ids, np.array(labels, np.int64), names[first:], difficult=crowd)


def _roots(path: Path) -> list[Path]:
    places = [path, *(path / name for name in folders_in(path))]
    return [each for each in places if (each / _PICTURES).is_dir() and _masks_of(each) is not None]


def _masks_of(root: Path) -> Path | None:
    return next((root / name for name in _CLASSES if (root / name).is_dir()), None)


def _root(path: Path) -> tuple[Path, Path]:
    roots = _roots(path)
    if len(roots) > 1:
        raise UserError(f"{path} holds several data sets ({', '.join(each.name for each in roots)}); name one of them")
    masks = _masks_of(roots[0]) if roots else None
    if masks is None:
        raise UserError(f"{path} holds no {_PICTURES}/ beside {_CLASSES[0]}/")
    return roots[0], masks


def _pairs(path: Path, root: Path, masks: Path) -> list[Paired]:
    known = {file.stem: file for file in image_files(masks)}
    pictures = {file.stem: file for file in image_files(root / _PICTURES)}
    listed = _listed(root)
    found = []
    for split, stems in (listed or {UNSPLIT: [stem for stem in pictures if stem in known]}).items():
        for stem in stems:
            if stem not in pictures:
                raise UserError(
                    f"{root / _LISTS}/{split}.txt: no image {stem} in {root / _PICTURES}; add it, or remove it"
                )
            name = storable(pictures[stem].relative_to(path).as_posix())
            found.append(Paired(pictures[stem], name, split, known.get(stem), f"{masks / stem}.png"))
    if not found:
        raise UserError(f"{root}: no image in {_PICTURES} has a mask of its name in {masks.name}")
    return found


def _listed(root: Path) -> dict[str, list[str]]:
    files = {split: root / _LISTS / f"{split}.txt" for split in SPLIT_NAMES}
    if not files["train"].is_file():
        files["train"] = root / _LISTS / "trainval.txt"
    return {
        split: [line.split()[0] for line in file.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
        for split, file in files.items()
        if file.is_file()
    }


def _is_voc(files: list[Path]) -> bool:
    """Whether masks hold numbers that VOC's classes have, under a palette of colours."""
    for file in (files[place] for place in evenly(len(files), _LOOKED_AT)):
        try:
            raw = raw_values(file)
        except ImageError:
            continue
        if raw.palette is None or not set(np.unique(raw.values).tolist()) <= {*range(len(VOC_NAMES)), _BORDER}:
            return False
    return True


def _voc_classes() -> MaskClasses:
    count = len(VOC_NAMES)
    reading = IndexReading({k: k for k in range(count)}, unknown_index(count), frozenset({_BORDER}))
    return MaskClasses(VOC_NAMES, voc_colours(count), reading)
