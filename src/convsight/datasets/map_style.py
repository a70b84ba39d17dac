"""Datasets of (image, label) that are indexed by number, as PyTorch's are: torchvision's, subsets, one's own."""

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from convsight.datasets.dataset import Images
from convsight.datasets.held_pictures import HeldPictures
from convsight.errors import UserError
from convsight.foreign import is_of, is_tensor


class Held(NamedTuple):
    """Images, their labels, the names of the classes that whole numbers among these mean, and what to call it."""

    images: Images
    labels: list[Any]
    names: tuple[str, ...] | None
    what: str


def is_map_style(data: object) -> bool:
    """Whether `data` has a length and items by number, and is neither a list nor an array."""
    plain = isinstance(data, str | bytes | tuple | list) or hasattr(data, "dtype")
    return not plain and hasattr(data, "__getitem__") and hasattr(data, "__len__")


def pictures_and_labels(data: Any) -> Held:
    """What a dataset holds.

    Transforms of torchvision's datasets are left out: images are prepared and varied by the network's own input. Of
    folders of images only the paths are taken; all others give an image when it is read.

    Raises `UserError` where its items are no pairs.
    """
    if is_of("torch", "Subset", data):
        whole = pictures_and_labels(data.dataset)
        chosen = [int(place) for place in data.indices]
        return Held(_selected(whole.images, chosen), [whole.labels[place] for place in chosen], whole.names, whole.what)
    if not len(data):
        raise UserError(f"the dataset {type(data).__name__} holds no image")
    names = tuple(str(name) for name in getattr(data, "classes", None) or ()) or None
    what = type(data).__name__
    if is_of("torchvision", "DatasetFolder", data):
        return Held([Path(path) for path, _ in data.samples], [int(label) for _, label in data.samples], names, what)
    if is_of("torchvision", "VisionDataset", data):
        data = copy.copy(data)
        data.transform = data.transforms = None
    _pair(data[0], what)
    return Held(HeldPictures(lambda place: data[place][0], range(len(data))), _labels(data, what), names, what)


def _labels(data: Any, what: str) -> list[Any]:
    """The labels, without looking at the images where torchvision's dataset has them in a list."""
    listed = getattr(data, "targets", None)
    told = is_of("torchvision", "VisionDataset", data) and getattr(data, "target_transform", None) is None
    if told and listed is not None and len(listed) == len(data):
        return [_plain(label) for label in listed]
    return [_plain(_pair(data[place], what)[1]) for place in range(len(data))]


def _selected(images: Images, chosen: Sequence[int]) -> Images:
    if isinstance(images, HeldPictures):
        return HeldPictures(lambda place: images[chosen[place]], range(len(chosen)))
    return [images[place] for place in chosen]


def _pair(item: Any, what: str) -> tuple[Any, Any]:
    if not isinstance(item, tuple | list) or len(item) != 2:
        raise UserError(f"an item of the dataset {what} is {type(item).__name__}, not a pair (image, label)")
    return item[0], item[1]


def _plain(label: Any) -> Any:
    """A label as a text or a whole number of Python."""
    value = label.item() if is_tensor(label) or hasattr(label, "dtype") else label
    if not isinstance(value, str | int):
        raise UserError(f"the label {value!r} is neither a text nor a whole number")
    return value
