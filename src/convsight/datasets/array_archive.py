"""Arrays of any task: an `.npz` archive that says itself what it holds."""

import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from convsight.datasets.dataset import SPLIT_NAMES, UNSPLIT, Dataset, Split
from convsight.datasets.names import data_name, numbered_names
from convsight.errors import UserError
from convsight.inputs import native
from convsight.memory import check_memory
from convsight.targets import AnyTarget, FromArray
from convsight.words import first_few

_ABOUT = "about"
_LONGEST_ABOUT = 2**20  # bytes
# All that a damaged or foreign archive makes NumPy and zipfile raise.
_DAMAGE = (OSError, ValueError, EOFError, KeyError, RuntimeError, MemoryError, zipfile.BadZipFile, zlib.error)


class About(BaseModel):
    """What the arrays are: the task that they are for, and what its targets mean."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: str
    target: AnyTarget


def is_array_archive(path: Path) -> bool:
    """Whether `path` is an `.npz` archive with an array called `about`."""
    if path.suffix.lower() != ".npz" or not path.is_file():
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return f"{_ABOUT}.npy" in archive.namelist()
    except _DAMAGE:
        return False


def read_array_archive(path: Path) -> Dataset:
    """The examples in an archive of `inputs` and `targets`, or of `train_inputs`, `train_targets`, `val_inputs`, ...

    The first axis of each array counts examples. `about` is a text of JSON, for example
    `{"task": "classification", "target": {"kind": "classes", "names": ["cat", "dog"]}}`.

    Raises `UserError` for a damaged file, an `about` that does not say these, and arrays that do not fit together.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {info.filename.removesuffix(".npy"): info.file_size for info in archive.infolist()}
        check_memory(path, sum(sizes.values()))
        if sizes[_ABOUT] > _LONGEST_ABOUT:
            raise UserError(f"{path}: {_ABOUT} has {sizes[_ABOUT]:,} bytes; expected a short text of JSON")
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: native(array) for name, array in archive.items()}
    except _DAMAGE as error:
        raise UserError(f"{path} is damaged or no NumPy archive: {error}; make it again") from error
    about = _about(path, arrays.pop(_ABOUT))
    splits = {name: prefix for name, prefix in _prefixes(arrays).items() if f"{prefix}inputs" in arrays}
    if not splits:
        raise UserError(f"{path}: expected arrays called inputs and targets; it holds {first_few(sorted(arrays))}")
    return Dataset(
        name=data_name(path),
        source=str(path),
        task=about.task,
        target=about.target,
        splits={name: _split(path, name, prefix, arrays, about) for name, prefix in splits.items()},
    )


def _prefixes(arrays: Mapping[str, object]) -> dict[str, str]:
    return {UNSPLIT: ""} if "inputs" in arrays else {name: f"{name}_" for name in SPLIT_NAMES}


def _about(path: Path, text: NDArray[Any]) -> About:
    if text.dtype.kind != "U" or text.ndim:
        raise UserError(f"{path}: {_ABOUT} is {text.dtype} of shape {text.shape}; expected one text of JSON")
    try:
        return About.model_validate(json.loads(str(text)))
    except (ValueError, RecursionError) as error:
        what = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise UserError(f"{path}: {_ABOUT} does not say task and target: {what}") from error


def _split(path: Path, name: str, prefix: str, arrays: Mapping[str, NDArray[Any]], about: About) -> Split:
    inputs, targets = arrays[f"{prefix}inputs"], arrays.get(f"{prefix}targets")
    if targets is None or len(inputs) != len(targets):
        held = "none" if targets is None else f"{len(targets):,}"
        raise UserError(f"{path}: {len(inputs):,} {prefix}inputs but {held} {prefix}targets")
    if not isinstance(about.target, FromArray):
        raise UserError(f"{path}: targets of the kind {about.target.kind!r} cannot be read from an array")
    try:
        return Split(name, inputs, about.target.of_array(targets), numbered_names(name, len(inputs)))
    except UserError as error:
        raise UserError(f"{path}: {prefix}targets: {error}") from error
