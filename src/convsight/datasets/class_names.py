"""Whether folders can be classes by their names, or are parts of the data, or places of another layout."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from convsight.datasets.names import splits_called
from convsight.errors import UserError
from convsight.words import first_few

LAYOUT = "expected one folder a class (photos/cat/1.jpg), or train/, val/ and test/ that hold one folder a class"
BOX_LAYOUTS = (
    "images with boxes are read as COCO (annotations/instances_train.json, annotations/train.json or labels.json), "
    "Pascal VOC (Annotations/ and JPEGImages/), YOLO (data.yaml), KITTI (image_2/ and label_2/), FiftyOne (data/ and "
    "labels.json), CVAT (annotations.xml), labelme (a .json beside each image), Open Images "
    "(train-annotations-bbox.csv) or a table with corners"
)
# What folders are called that hold images or annotations whatever the classes.
_PLACES = frozenset(
    (
        *("image", "images", "img", "imgs", "picture", "pictures", "jpegimages", "image_2", "data"),
        *("annotation", "annotations", "ann", "anns", "label", "labels", "label_2", "bbox", "bboxes", "boxes", "masks"),
        *("xml", "xmls", "json", "jsons", "txt", "csv", "imagesets", "metadata", "instance", "instances"),
    )
)


def check_classes(folder: Path, held: Mapping[str, Sequence[str]]) -> None:
    """Raise `UserError` where the folders in `folder` are no classes; `held` are the folders in each, by its name.

    Those of folders that hold images, too, do not count. Places of a layout of boxes have names of their own; parts of
    the data hold the same folders each, and no images.
    """
    names = list(held)
    if all(name.lower() in _PLACES for name in names):
        raise UserError(f"{folder}: {first_few(names)} name no classes; {LAYOUT}; {BOX_LAYOUTS}")
    below = [sorted(name.lower() for name in folders) for folders in held.values()]
    if len(names) < 2 or len(below[0]) < 2 or any(each != below[0] for each in below):
        return
    parts, classes = first_few(names), next(iter(held.values()))
    holds = f"{folder}: {parts} all hold the same folders ({first_few(classes)}), so"
    if len(splits_called(classes)) == len(classes):
        raise UserError(f"{holds} the splits are inside of the classes; put these into the splits: {LAYOUT}")
    raise UserError(
        f"{holds} these look like the classes, and {parts} like parts of the data; call the parts train, val and test, "
        "or fold1, fold2 and so on to read them as one set. If they are the classes, list the images in a table with "
        "the columns path and label"
    )


def places_hint(name: str) -> str:
    """What is added to words on a class folder called `name` that holds no image."""
    return f"; {BOX_LAYOUTS}" if name.lower() in _PLACES else ""
