"""Pascal VOC: an XML file an image, in folders called Annotations, JPEGImages and ImageSets; or beside the images.

Source: Everingham et al., "The Pascal Visual Object Classes (VOC) Challenge", IJCV 88, 2010, and the development kits
of 2007 to 2012.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from convsight.datasets.boxes.annotated import Annotated, check_present, relative_name, sizes_of
from convsight.datasets.boxes.boxes_dataset import boxes_dataset
from convsight.datasets.boxes.voc_xml import VocFile, is_voc_xml, read_voc_xml
from convsight.datasets.dataset import SPLIT_NAMES, UNSPLIT, Dataset
from convsight.datasets.names import splits_called
from convsight.errors import UserError
from convsight.images import is_image_file, is_system_folder
from convsight.natural_order import natural_key, natural_order
from convsight.words import counted, first_few

_ANNOTATIONS = ("Annotations", "annotations")
_LOOKED_AT = 10  # XML files that show whether a folder holds annotations
_IMAGES = ("JPEGImages", "images")


class _Listed(NamedTuple):
    """An XML file, the folder of its image, and its split."""

    xml: Path
    folder: Path
    split: str


def is_voc(path: Path) -> bool:
    """Whether `path` is a folder as VOC lays it out, holds one, or holds annotations in XML beside images."""
    return path.is_dir() and (bool(_roots(path)) or any(map(_holds_annotations, _beside(path).values())))


def read_voc(path: Path) -> Dataset:
    """The images that have an XML file, with its boxes; `difficult` is kept.

    Splits are the lists train.txt, val.txt and test.txt in ImageSets/Main, or folders called train, val and test;
    trainval.txt counts as train where there is no train.txt. An image is found by the name of its XML file, else by
    the `filename` in it. An XML file without objects is an image without boxes. Left out, and noted, are images
    without an XML file and XML files that no list names.

    Coordinates are taken as they are: xmin and ymin as left and top edge, xmax and ymax as right and bottom edge. (By
    VOC's definition they are pixels counted from 1, the last one included, which would be edges of xmin - 1, ymin - 1,
    xmax, ymax. But most tools write edges, and a file does not say which it holds; the difference is a pixel.)

    Raises `UserError` for damaged XML, a missing image, a listed name without XML, a field that is no number, and
    what `boxes_dataset` refuses.
    """
    roots = _roots(path)
    if len(roots) > 1:
        raise UserError(
            f"{path} holds several data sets ({first_few([each.name for each in roots])}); name one of them"
        )
    notes: list[str] = []
    listed = _in_folders(roots[0], notes) if roots else _beside_images(path)
    annotated = _annotated(path, listed, notes)
    classes = natural_order({box.label for image in annotated for box in image.boxes})
    return boxes_dataset(path, annotated, classes, notes)


def _roots(path: Path) -> list[Path]:
    """The folder that holds Annotations: `path`, else those in it."""
    if _annotations_of(path):
        return [path]
    return sorted(folder for folder in _folders(path) if _annotations_of(folder))


def _folders(path: Path) -> list[Path]:
    try:
        with os.scandir(path) as entries:
            return [Path(entry.path) for entry in entries if entry.is_dir() and not is_system_folder(entry.name)]
    except OSError as error:
        raise UserError(f"cannot read the folder {path}: {error.strerror}") from error


def _annotations_of(root: Path) -> Path | None:
    return next((root / name for name in _ANNOTATIONS if _holds_annotations(root / name)), None)


def _holds_annotations(folder: Path) -> bool:
    """Whether one of the first XML files found in `folder` is an annotation."""
    if not folder.is_dir():
        return False
    with os.scandir(folder) as entries:
        files = (Path(each.path) for each in entries if _is_xml(each.name))
        return any(is_voc_xml(file) for file in islice(files, _LOOKED_AT))


def _is_xml(name: str) -> bool:
    return name.lower().endswith(".xml") and not name.startswith(".")


def _xml_files(folder: Path) -> dict[str, Path]:
    """The XML files of a folder by the name they share with their images, in natural order."""
    found = sorted((name for name in os.listdir(folder) if _is_xml(name)), key=natural_key)  # noqa: PTH208
    return {Path(name).stem: folder / name for name in found}


def _beside(path: Path) -> dict[str, Path]:
    """The folders that may hold images and XML side by side, by split."""
    folders = _folders(path)
    called = splits_called([folder.name for folder in folders])
    named = {called.get(folder.name): folder for folder in folders}
    return {UNSPLIT: path} | {split: named[split] for split in SPLIT_NAMES if split in named}


def _beside_images(path: Path) -> list[_Listed]:
    found = {split: (folder, _xml_files(folder)) for split, folder in _beside(path).items()}
    whole = found.pop(UNSPLIT)
    if whole[1] and any(files for _, files in found.values()):
        raise UserError(f"{path} holds XML files itself and in its folders for splits; move them into these")
    chosen = {UNSPLIT: whole} if whole[1] else found
    return [_Listed(xml, folder, split) for split, (folder, files) in chosen.items() for xml in files.values()]


def _in_folders(root: Path, notes: list[str]) -> list[_Listed]:
    """The XML files that the lists of splits name; all of them where there are no lists."""
    annotations = _annotations_of(root) or root
    files = _xml_files(annotations)
    images = next((root / name for name in _IMAGES if (root / name).is_dir()), annotations)
    lists = _split_lists(root / "ImageSets" / "Main")
    if not lists:
        return [_Listed(xml, images, UNSPLIT) for xml in files.values()]
    found = []
    for split, file in lists.items():
        for line, name in _names_in(file, files):
            if name not in files:
                raise UserError(f"{file}, line {line}: no {name}.xml in {annotations}; add it, or remove the line")
            found.append(_Listed(files[name], images, split))
    alone = sorted(files.keys() - {each.xml.stem for each in found}, key=natural_key)
    if alone:
        notes.append(f"left out, since no list in ImageSets/Main names them: {len(alone):,} ({first_few(alone)})")
    return found


def _split_lists(folder: Path) -> dict[str, Path]:
    lists = {split: folder / f"{split}.txt" for split in SPLIT_NAMES}
    if not lists["train"].is_file():
        lists["train"] = folder / "trainval.txt"
    return {split: file for split, file in lists.items() if file.is_file()}


def _names_in(file: Path, known: Mapping[str, Path]) -> Iterator[tuple[int, str]]:
    """The names in a list with their line numbers; a second column (1, 0, -1 in lists of a class) is passed over."""
    for number, text in enumerate(file.read_text(encoding="utf-8-sig", errors="surrogateescape").splitlines(), start=1):
        name = text.strip()
        if name:
            yield number, name if name in known else name.split()[0]


def _annotated(path: Path, listed: Sequence[_Listed], notes: list[str]) -> list[Annotated]:
    """Every XML file with its image; images without one are noted."""
    folders = {folder: _images_in(folder) for folder in {each.folder for each in listed}}
    documents = [read_voc_xml(each.xml) for each in listed]
    files = [_image(each, document, folders[each.folder]) for each, document in zip(listed, documents, strict=True)]
    check_present(files, [str(each.xml) for each in listed], "an image has the name of its XML file")
    alone = {folder / name for folder, names in folders.items() for name in names.values()} - set(files)
    known = {each.xml.stem for each in listed}
    alone = {file for file in alone if file.stem not in known}
    if alone:
        names = sorted((relative_name(file, path) for file in alone), key=natural_key)
        notes.append(f"left out, since without an XML file: {counted(len(names), 'image')} ({first_few(names)})")
    return [
        Annotated(each.split, relative_name(file, path), file, each.xml, document.boxes, size, document.size)
        for each, document, file, size in zip(listed, documents, files, sizes_of(files), strict=True)
    ]


def _images_in(folder: Path) -> dict[str, str]:
    """The images of a folder by their names without suffix."""
    names = sorted((name for name in os.listdir(folder) if is_image_file(Path(name))), reverse=True)  # noqa: PTH208
    return {Path(name).stem: name for name in names}


def _image(listed: _Listed, document: VocFile, images: Mapping[str, str]) -> Path:
    """The image of an XML file; it may not be there."""
    stem, stated = listed.xml.stem, Path(document.filename.replace("\\", "/")).name
    if Path(stated).stem == stem and os.path.isfile(listed.folder / stated):  # noqa: PTH113  (false for any text)
        return listed.folder / stated  # of several with one stem
    return listed.folder / images.get(stem, stated or f"{stem}.jpg")
