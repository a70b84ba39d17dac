"""A folder of masks, a PNG an image: indices of the classes, or their colours."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convsight.datasets.answers.answers import Answers, GivenAnswers
from convsight.datasets.answers.image_names import stem_of
from convsight.datasets.masks.mask_file import MaskFile, Reading
from convsight.datasets.volume_pairs import volume_mask
from convsight.errors import UserError
from convsight.images import VOLUME_SUFFIXES, Source, apart, is_volume_name, volume_space
from convsight.results import ClassMap, ClassMaps
from convsight.results.pixel_colours import UNKNOWN_COLOUR
from convsight.targets import Palette
from convsight.words import quoted

_SUFFIXES = (".png", ".tif", ".tiff", ".bmp", ".npy", *sorted(VOLUME_SUFFIXES))
# Ends of names that say what a file is, and not which image it is of.
_OURS, _ARRAY = ".mask", ".npy"
_ENDS = (_OURS, ".instances", "_cp_masks", "_mask", "-mask", "_pred", "_prediction", "_segmentation")
_RGB, _VOLUME = 3, 3
_UNKNOWN = 255  # of no class in most masks


def read_masks(given: GivenAnswers) -> Answers:
    """The masks of a folder, each called like its image, as `cat.png`, `cat.mask.png` or `000012-cat.mask.png`.

    A mask holds the numbers or colours of the masks of the data, where these are files, as tools give that learnt from
    them. Else, and in files `*.mask.png` as `predict --files` writes them, one channel holds indices of classes, and
    colours are those that the data have for them; the index of no class is that of the data. Masks of volumes are NIfTI
    files, turned as their volume is and lying where it lies, TIFFs of pages or NumPy's .npy files. An image without a
    mask counts as one of which no pixel was given a class. A mask is read when its image is judged; raises `UserError`
    naming it then for one of another size or place, an index or a colour of no class, and one that cannot be read;
    before, for a folder without masks, a mask of no image, and two of one.
    """
    if not given.path.is_dir():
        raise given.refused("a folder of masks, such as PNG, each called like its image")
    files = mask_files(given)
    target = given.dataset.target
    if not isinstance(target, Palette):
        raise TypeError(f"a class for every pixel needs a Palette, not {type(target).__name__}")

    reading = _reading(given)

    def result(position: int) -> ClassMap:
        true = given.split.targets[position]
        assert isinstance(true, ClassMap)
        if position not in files:
            return ClassMap(
                true.classes, true.colours, np.full_like(true.indices, true.ignore_index), true.ignore_index
            )
        file = files[position]
        as_data = reading is not None and not stem_of(file.name).endswith(_OURS) and file.suffix.lower() != _ARRAY
        if true.indices.ndim == _VOLUME and file.suffix.lower() != _ARRAY:
            indices = _known(file, _of_volume(file, given.split.images[position], true), true)
        else:
            indices = MaskFile(file, None, reading)() if as_data and reading is not None else _indices(file, true)
        if indices.shape != true.indices.shape:
            raise UserError(
                f"{files[position]}: the mask is {by(indices.shape)}, its image {by(true.indices.shape)}; "
                "write masks at the size of their images"
            )
        return ClassMap(true.classes, true.colours, indices, true.ignore_index)

    missing = [position for position in range(len(given.split)) if position not in files]
    return Answers(result, missing, "images of which no pixel was given a class")


def _reading(given: GivenAnswers) -> Reading | None:
    """What the numbers of the data's own masks mean, where these are files."""
    targets = given.split.targets
    source = targets.source(0) if isinstance(targets, ClassMaps) else None
    return source.reading if isinstance(source, MaskFile) else None


def mask_files(given: GivenAnswers) -> Mapping[int, Path]:
    """The file of the mask of each image, by its position; see `read_masks`."""
    found: dict[int, Path] = {}
    names = given.names
    for file in sorted(given.path.rglob("*")):
        if not file.name.lower().endswith(_SUFFIXES) or not file.is_file():
            continue
        text = str(file.relative_to(given.path).with_name(stem_of(file.name))).replace("\\", "/")
        spellings = [text, *_shortened(text)]
        position = next((place for each in spellings if (place := names.known(each)) is not None), None)
        if position is None:
            position = names.find(spellings[-1], str(file))
        if position in found:
            raise UserError(
                f"{file}: {given.split.names[position]} is answered twice, also by {found[position]}; keep one"
            )
        found[position] = file
    if not found:
        raise UserError(f"{given.path} holds no masks ({', '.join(_SUFFIXES)}); expected one for each image")
    return found


def _shortened(text: str) -> list[str]:
    """The name without what `predict --files` and other tools add to it.

    >>> _shortened("000012-cat.mask"), _shortened("a/cat_pred")
    (['000012-cat', 'cat'], ['a/cat'])
    """
    found = [text.removesuffix(end) for end in _ENDS if text.endswith(end)]
    folder, _, name = (found[-1] if found else text).rpartition("/")
    number, dash, rest = name.partition("-")
    if dash and number.isdecimal():
        found.append(f"{folder}/{rest}" if folder else rest)
    return found


def _indices(file: Path, true: ClassMap) -> NDArray[np.integer[Any]]:
    values = mask_numbers(file)
    if values.ndim == _RGB and values.shape[-1] == _RGB and true.indices.ndim < _RGB:
        return _by_colour(file, values, true)
    return _known(file, values, true)


def _of_volume(file: Path, volume: Source | None, true: ClassMap) -> NDArray[np.integer[Any]]:
    """A mask of a volume in its orientation; of two classes 255 is the second, where the mask has only this and 0."""
    there = volume_mask(file)
    if not is_volume_name(file.name):
        return there
    if isinstance(volume, Path) and is_volume_name(volume.name):
        own, its = volume_space(volume), volume_space(file)
        if own and its and own.own_shape == its.own_shape and (words := apart(own, its)):
            raise UserError(f"{file} lies elsewhere than its volume {volume}: {words}; resample it onto its volume")
    is_binary = len(true.classes) == 2 and set(np.unique(there).tolist()) <= {0, _UNKNOWN}
    return np.minimum(there, 1) if is_binary else there


def _known(file: Path, values: NDArray[Any], true: ClassMap) -> NDArray[np.integer[Any]]:
    known = (values < len(true.classes)) | (values == true.ignore_index)
    if not bool(known.all()):
        raise UserError(
            f"{file}: the index {values[~known][0]} is of no class; there are 0 to {len(true.classes) - 1} "
            f"({true.classes[0]} to {true.classes[-1]}), and {true.ignore_index} for none"
        )
    indices: NDArray[np.integer[Any]] = values.astype(true.indices.dtype)
    return indices


def mask_numbers(file: Path) -> NDArray[Any]:
    """The numbers in a file: of one channel (height, width), or colours (height, width, 3)."""
    try:
        if file.suffix.lower() == _ARRAY:
            values = np.load(file, allow_pickle=False)
        else:
            with Image.open(file) as image:
                plain = image.mode in {"1", "L", "P", "I", "I;16", "I;16B"}
                values = np.asarray(image if plain else image.convert("RGB"))
    except (OSError, ValueError, SyntaxError) as error:
        raise UserError(f"cannot read the mask {file}: {error}") from error
    if values.dtype.kind not in "buiB" or (values.dtype.kind == "i" and values.size and int(values.min()) < 0):
        raise UserError(f"{file} holds {values.dtype}; a mask holds whole numbers from 0 on")
    found: NDArray[Any] = values.astype(np.uint8) if values.dtype == np.bool_ else values
    return found


def _by_colour(file: Path, values: NDArray[Any], true: ClassMap) -> NDArray[np.integer[Any]]:
    place = np.array([1, 256, 256**2])
    codes = values.astype(np.int64) @ place
    found = np.full(codes.shape, -1, np.int64)
    found[codes == np.array(UNKNOWN_COLOUR) @ place] = true.ignore_index
    for index, colour in enumerate(true.colours):
        found[codes == np.array(colour) @ place] = index
    if (found < 0).any():
        strange = tuple(values[found < 0][0].tolist())
        raise UserError(
            f"{file}: the colour {quoted(strange)} is of no class; write indices, or the colours of the data"
        )
    indices: NDArray[np.integer[Any]] = found.astype(true.indices.dtype)
    return indices


def by(shape: tuple[int, ...]) -> str:
    """The sides of an array in words, across first."""
    return " x ".join(str(side) for side in reversed(shape))
