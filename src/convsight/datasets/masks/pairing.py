"""Which folders hold images and which their masks, and which mask is of which image, by what people call them."""

import os
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from convsight.datasets.names import SPLIT_SPELLINGS, split_called
from convsight.images import is_image_name, is_system_folder
from convsight.natural_order import natural_key

_PICTURES = frozenset(
    (
        *("image", "images", "img", "imgs", "imgs", "photo", "photos", "picture", "pictures", "pics", "jpegimages"),
        *("rgb", "input", "inputs", "frame", "frames", "original", "originals", "orig", "imagery", "tiles", "leftimg"),
    )
)
# The first of several folders of masks for one folder of images counts: those that say more come first.
MASKS = (
    *("labels", "label", "annotations", "annotation", "annots", "annot", "segmentationclass", "segmentation"),
    *("segmentations", "semantic", "trimaps", "trimap", "groundtruth", "ground", "truth", "gt", "gts", "gtfine", "seg"),
    *("segs", "targets", "target", "masks", "mask", "manual"),
)
INSTANCES = ("instances", "instance", "instanceids")
_ROLES = (*MASKS, *INSTANCES)
_FILLERS = frozenset(
    ("png", "jpg", "jpeg", "tif", "tiff", "gif", "bmp", "class", "set", "data", "bit", "raw", "files", "id")
)
_MASK_ENDS = (
    *("labeltrainids", "trainids", "labelids", "mask", "masks", "label", "labels", "seg", "segmentation", "gt"),
    *("groundtruth", "annotation", "annot", "target", "manual1", "l", "p"),
)
_PICTURE_ENDS = ("leftimg8bit", "image", "img", "rgb", "sat", "im", "training", "test")
_DEEPEST = 5
_MOST_FOLDERS = 400  # looked into before a folder that is called after masks must have been met
_MOST_TOGETHER = 50  # folders that are looked at for images and masks in one, where none is called after masks
_LOOKED_AT = 500  # names of a folder that show whether it holds masks beside images
_HALF = 0.5  # of the images in a folder that must have a mask beside them, for a layout of both in one folder


@dataclass(frozen=True)
class Folder:
    """A folder below the data's, by its place there, and the names of its images."""

    place: Path
    words: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def split(self) -> str | None:
        """The split that a word of its place tells."""
        return next((split for word in self.words if (split := split_called(word))), None)

    def ordered(self, names: Sequence[str] | None = None) -> "Folder":
        """The same folder with its names, or these, in natural order."""
        chosen = self.names if names is None else names
        return Folder(self.place, self.words, tuple(sorted(chosen, key=natural_key)))


@dataclass(frozen=True)
class FolderPair:
    """A folder of images and one of their masks, relative to the data's folder; both may be the same."""

    pictures: Folder
    masks: Folder
    split: str | None


@dataclass(frozen=True)
class Matched:
    """Images with their masks by name, images without one, and masks without an image."""

    pairs: tuple[tuple[str, str], ...]
    pictures: tuple[str, ...]
    masks: tuple[str, ...]


def words_of(place: str) -> tuple[str, ...]:
    """The words in a folder's path, in lower case; a name of masks that follows another word is one of its own.

    >>> words_of("trainannot"), words_of("imagesTr"), words_of("JPEGImages"), words_of("leftImg8bit/val")
    (('train', 'annot'), ('images', 'tr'), ('jpegimages',), ('leftimg', 'bit', 'val'))
    """
    found: list[str] = []
    for part in re.findall(r"[A-Za-z]+|(?<![^/])\d+(?![^/])", place):
        if part.isdecimal():  # a folder called by a number, such as a sequence
            found.append(part)
            continue
        if part.lower() in _PICTURES or part.lower() in _ROLES:
            found.append(part.lower())
            continue
        for word in re.findall(r"[A-Z]*[a-z]+|[A-Z]+", part):
            found += _parted(word.lower())
    return tuple(_joined(found))


def _parted(word: str) -> list[str]:
    for split in SPLIT_SPELLINGS:
        rest = word.removeprefix(split)
        if rest != word and (rest in _ROLES or rest in _PICTURES):
            return [split, rest]
    return [word]


def _joined(words: Sequence[str]) -> Iterator[str]:
    """Words as they are, but for names of two that only together mean a folder of images or masks."""
    place = 0
    while place < len(words):
        both = "".join(words[place : place + 2])
        if place + 1 < len(words) and (both in _PICTURES or both in _ROLES or both == "leftimg"):
            yield both
            place += 2
        else:
            yield words[place]
            place += 1


def folder_pairs(root: Path, called: Sequence[str] = MASKS) -> list[FolderPair]:
    """The folders of images and masks below `root` that belong together; none where there are no such.

    `called` are the words by which folders of masks are known; the first of several for one folder of images counts.
    """
    folders = list(_folders(root, called))
    masks = [each for each in folders if _is_called(each, called)]
    pictures = [each for each in folders if each.names and not _is_called(each, _ROLES)]
    found: dict[tuple[str, ...], FolderPair] = {}
    for picture in sorted(pictures, key=lambda each: not any(word in _PICTURES for word in each.words)):
        rest = _rest(picture)
        chosen = sorted(
            (each for each in masks if each.names and _rest(each) == rest), key=lambda each: _rank(each, called)
        )
        pair = next((each for mask in chosen if (each := _pair(picture, mask))), None)
        if pair and rest not in found:
            found[rest] = pair
    beside = [pair for each in folders if (pair := _beside(each))] if called is MASKS and not found else []
    return sorted([*found.values(), *beside], key=lambda pair: natural_key(str(pair.pictures.place)))


def _pair(pictures: Folder, masks: Folder) -> FolderPair | None:
    if not matched(pictures.names, masks.names).pairs:
        return None
    return FolderPair(pictures.ordered(), masks.ordered(), pictures.split or masks.split)


def _beside(folder: Folder) -> FolderPair | None:
    """Images and masks in one folder, told apart by the ends of their names."""
    if not parted(folder.names[:_LOOKED_AT])[1]:  # there may be a million
        return None
    pictures, masks = parted(folder.names)
    if not masks or len(matched(pictures, masks).pairs) < _HALF * max(len(pictures), 1):
        return None
    return FolderPair(folder.ordered(pictures), folder.ordered(masks), folder.split)


def parted(names: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The images and the masks among names of one folder: masks are called like an image, with an end more.

    >>> parted(["a.jpg", "a_mask.png", "b_sat.jpg", "b_mask.png"])
    (('a.jpg', 'b_sat.jpg'), ('a_mask.png', 'b_mask.png'))
    """
    ends = tuple(end for end in _MASK_ENDS if len(end) > 1)
    masks = tuple(name for name in names if _without(_stem(name), ends) != _stem(name))
    others = frozenset(masks)
    return tuple(name for name in names if name not in others), masks


def matched(pictures: Sequence[str], masks: Sequence[str]) -> Matched:
    """Which mask is of which image: those of the same name without suffix, or but for an end such as `_mask`.

    >>> matched(["a.jpg", "b.jpg"], ["a_mask.png", "c.png"])
    Matched(pairs=(('a.jpg', 'a_mask.png'),), pictures=('b.jpg',), masks=('c.png',))
    """
    by_stem = {_stem(name): name for name in masks}
    by_key: dict[str, str] = {}
    for name in sorted(masks, key=_end_rank):
        by_key.setdefault(_without(_stem(name), _MASK_ENDS), name)
    pairs, alone = [], []
    for name in pictures:
        stem = _stem(name)
        keys = (by_stem.get(stem), by_key.get(stem), by_key.get(_without(stem, _PICTURE_ENDS)))
        found = next((each for each in keys if each), None)
        if found:
            pairs.append((name, found))
        else:
            alone.append(name)
    used = {mask for _, mask in pairs}
    known = {_without(_stem(mask), _MASK_ENDS) for mask in used}
    others = tuple(name for name in masks if name not in used and not _is_another(_stem(name), known))
    return Matched(tuple(pairs), tuple(alone), others)


def _is_another(stem: str, known: set[str]) -> bool:
    """Whether a mask without an image is a further one of an image that has one: its colours, its things."""
    return _without(stem, (*_MASK_ENDS, "color", "colour", "instanceids", "gtfine")) in known


def _stem(name: str) -> str:
    return name.rpartition(".")[0] or name


def _without(stem: str, ends: Sequence[str]) -> str:
    """A name less one of `ends`, behind a separator, and less what Cityscapes puts before its own.

    >>> _without("a_gtFine_labelIds", _MASK_ENDS), _without("a-mask", _MASK_ENDS), _without("mask", _MASK_ENDS)
    ('a', 'a', 'mask')
    """
    match = re.fullmatch(r"(.+)[_\-. ]([A-Za-z0-9]+)", stem)
    if match is None or match[2].lower() not in ends:
        return stem
    return re.sub(r"[_\-.](gtfine|gtcoarse)$", "", match[1], flags=re.IGNORECASE)


def _end_rank(name: str) -> int:
    end = re.search(r"[A-Za-z0-9]+$", _stem(name))
    word = end[0].lower() if end else ""
    return _MASK_ENDS.index(word) if word in _MASK_ENDS else len(_MASK_ENDS)


def _folders(root: Path, called: Sequence[str]) -> Iterator[Folder]:
    """The folders below `root` with the names of their images, the nearest first.

    Where none is called after masks, only a few that may hold images and masks together, or none.
    """
    places = list(_places(root, called))
    if not any(_is_called(each, called) for each in places):
        places = places[:_MOST_TOGETHER] if called is MASKS else []
    for each in places:
        yield Folder(each.place, each.words, _names(root / each.place))


def _places(root: Path, called: Sequence[str]) -> Iterator[Folder]:
    """The folders below `root` without their images, until there are too many without one that is called so."""
    waiting = deque([(Path(), 0)])
    looked_at, met = 0, False
    while waiting and (met or looked_at < _MOST_FOLDERS):
        place, depth = waiting.popleft()
        looked_at += 1
        folder = Folder(place, words_of(place.as_posix()) if place != Path() else (), ())
        met = met or _is_called(folder, called)
        yield folder
        if depth < _DEEPEST:
            waiting.extend((place / name, depth + 1) for name in folders_in(root / place))


def folders_in(folder: Path) -> list[str]:
    """The names of the folders in a folder, in natural order; nothing of one that cannot be looked into."""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    kept = (name for name in names if not name.startswith(".") and not is_system_folder(name))
    return sorted(kept, key=natural_key)


def _names(folder: Path) -> tuple[str, ...]:
    """The images in a folder; nothing of one that cannot be looked into."""
    try:
        with os.scandir(folder) as entries:
            named = (entry for entry in entries if is_image_name(entry.name) and not entry.name.startswith("."))
            return tuple(entry.name for entry in named if entry.is_file())
    except OSError:
        return ()


def _is_called(folder: Folder, words: Sequence[str]) -> bool:
    return any(word in words for word in folder.words)


def _rest(folder: Folder) -> tuple[str, ...]:
    """What a folder's place says beside that it holds images or masks; a split by its usual name."""
    words = (word for word in folder.words if word not in _PICTURES and word not in _ROLES and word not in _FILLERS)
    return tuple(split_called(word) or word for word in words)


def _rank(folder: Folder, called: Sequence[str]) -> int:
    return min(called.index(word) for word in folder.words if word in called)
