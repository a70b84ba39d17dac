"""NumPy archives as MedMNIST lays them out: `train_images`, `train_labels`, and so for val and test.

Source: Yang et al., "MedMNIST v2 - A large-scale lightweight benchmark for 2D and 3D biomedical image
classification", Scientific Data 10, 2023; class names as in its published description of the sets.
"""

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.dataset import SPLIT_NAMES, Dataset
from convsight.datasets.numbered_labels import NumberedSplit, numbered_dataset
from convsight.datasets.volume_range import are_volumes
from convsight.errors import UserError
from convsight.inputs import native
from convsight.memory import check_memory
from convsight.words import first_few

_ORGANS = (
    "bladder",
    "femur-left",
    "femur-right",
    "heart",
    "kidney-left",
    "kidney-right",
    "liver",
    "lung-left",
    "lung-right",
    "pancreas",
    "spleen",
)
# Class names by the start of the file's name.
_MEDMNIST = {
    "adrenalmnist3d": ("normal", "hyperplasia"),
    "nodulemnist3d": ("benign", "malignant"),
    "vesselmnist3d": ("vessel", "aneurysm"),
    "bloodmnist": (
        "basophil",
        "eosinophil",
        "erythroblast",
        "immature granulocytes(myelocytes, metamyelocytes and promyelocytes)",
        "lymphocyte",
        "monocyte",
        "neutrophil",
        "platelet",
    ),
    "breastmnist": ("malignant", "normal, benign"),
    "dermamnist": (
        "actinic keratoses and intraepithelial carcinoma",
        "basal cell carcinoma",
        "benign keratosis-like lesions",
        "dermatofibroma",
        "melanoma",
        "melanocytic nevi",
        "vascular lesions",
    ),
    "octmnist": ("choroidal neovascularization", "diabetic macular edema", "drusen", "normal"),
    "organamnist": _ORGANS,
    "organcmnist": _ORGANS,
    "organsmnist": _ORGANS,
    "pathmnist": (
        "adipose",
        "background",
        "debris",
        "lymphocytes",
        "mucus",
        "smooth muscle",
        "normal colon mucosa",
        "cancer-associated stroma",
        "colorectal adenocarcinoma epithelium",
    ),
    "pneumoniamnist": ("normal", "pneumonia"),
    "tissuemnist": (
        "Collecting Duct, Connecting Tubule",
        "Distal Convoluted Tubule",
        "Glomerular endothelial cells",
        "Interstitial endothelial cells",
        "Leukocytes",
        "Podocytes",
        "Proximal Tubule Segments",
        "Thick Ascending Limb",
    ),
}
_TYPES = (np.dtype(np.uint8), np.dtype(np.uint16), np.dtype(np.float32))
_FEW = 4  # channels of colours and transparency; no image has as few pixels a side
# All that a damaged or foreign archive makes NumPy and zipfile raise.
_DAMAGE = (OSError, ValueError, EOFError, KeyError, RuntimeError, MemoryError, zipfile.BadZipFile, zlib.error)


def is_npz(path: Path) -> bool:
    """Whether `path` is a file whose name ends in .npz."""
    return path.suffix.lower() == ".npz" and path.is_file()


def read_npz(path: Path) -> Dataset:
    """The splits of a MedMNIST archive.

    Images are (images, height, width) or (images, height, width, channels) of uint8, uint16 or float32; volumes are
    cubes (volumes, side, side, side), as in the 3D sets of MedMNIST, or have an axis for channels. Labels are integers
    (images,) or (images, 1). Sets of MedMNIST have their class names, by the start of the file's name; elsewhere the
    numbers are the names.

    Raises `UserError` for a damaged file, missing arrays, another type or shape, or a label out of range.
    """
    arrays = _read_arrays(path)
    splits = {}
    for split in SPLIT_NAMES:
        image_key, labels = f"{split}_images", f"{split}_labels"
        if image_key not in arrays and labels not in arrays:
            continue
        for name in (image_key, labels):
            if name not in arrays:
                raise UserError(f"{path} lacks the array {name!r}; it holds {', '.join(sorted(arrays))}")
        images = _checked_images(arrays[image_key], f"{path}: {image_key}")
        numbers = _checked_numbers(arrays[labels], f"{path}: {labels}")
        if len(images) != len(numbers):
            raise UserError(f"{path}: {len(images):,} {image_key} but {len(numbers):,} {labels}")
        splits[split] = NumberedSplit(images, numbers, f"{path}: {labels}")
    return numbered_dataset(path, splits, _names_for(path))


def _read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    wanted = {f"{split}_{kind}" for split in SPLIT_NAMES for kind in ("images", "labels")}
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {info.filename.removesuffix(".npy"): info.file_size for info in archive.infolist()}
        held = sorted(wanted & sizes.keys())
        if held:
            check_memory(path, sum(sizes[name] for name in held))
            with np.load(path, allow_pickle=False) as archive:
                return {name: archive[name] for name in held}
    except _DAMAGE as error:
        raise UserError(f"{path} is damaged or no NumPy archive: {error}; download it again") from error
    holds = first_few(sorted(sizes)) or "nothing"
    raise UserError(f"{path}: expected arrays called train_images, train_labels, val_images, ...; it holds {holds}")


def _checked_images(array: NDArray[Any], where: str) -> NDArray[Any]:
    if array.dtype.newbyteorder("=") not in _TYPES or array.ndim not in {3, 4, 5} or 0 in array.shape[1:]:
        raise UserError(
            f"{where} is {array.dtype} of shape {array.shape}; expected uint8, uint16 or float32 of shape "
            "(images, height, width), (images, height, width, channels) or (volumes, depth, height, width, channels)"
        )
    if array.ndim == 4 and not are_volumes(array) and _is_doubtful(array.shape[1:]):
        raise UserError(
            f"{where} has a shape of {array.shape}: its channels stand first, or it holds volumes; expected "
            "(images, height, width, channels), or volumes as (volumes, depth, height, width, channels)"
        )
    return native(array)


def _is_doubtful(shape: tuple[int, ...]) -> bool:
    """Whether a shape would be an odd one for (height, width, channels)."""
    height, width, channels = shape
    return channels > _FEW and (height <= _FEW or width == channels)


def _checked_numbers(array: NDArray[Any], where: str) -> NDArray[np.integer[Any]]:
    if array.ndim == 2 and array.shape[1] > 1:
        raise UserError(f"{where} has {array.shape[1]} labels an image; several labels an image are not supported")
    if array.dtype.kind not in "iu" or array.ndim not in (1, 2):
        raise UserError(
            f"{where} is {array.dtype} of shape {array.shape}; expected integers of shape (images,) or (images, 1)"
        )
    return array.reshape(-1)


def _names_for(path: Path) -> tuple[str, ...] | None:
    stem = path.stem.lower()
    return next((names for start, names in _MEDMNIST.items() if stem.startswith(start)), None)
