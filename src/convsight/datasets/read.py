"""From a path (or the name `digits`) to a `Dataset`: which reader knows the format."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from convsight.datasets.alike_classes import find_alike
from convsight.datasets.array_archive import is_array_archive, read_array_archive
from convsight.datasets.boxes.box_table import is_box_table, read_box_table
from convsight.datasets.boxes.coco import is_coco, is_coco_by_another_name, read_coco
from convsight.datasets.boxes.cvat import is_cvat, read_cvat
from convsight.datasets.boxes.fiftyone import is_fiftyone, read_fiftyone
from convsight.datasets.boxes.kitti import is_kitti, read_kitti
from convsight.datasets.boxes.label_studio import is_label_studio, read_label_studio
from convsight.datasets.boxes.labelme import is_labelme, read_labelme
from convsight.datasets.boxes.open_images import is_open_images, read_open_images
from convsight.datasets.boxes.shapes import is_shapes, read_shapes
from convsight.datasets.boxes.voc import is_voc, read_voc
from convsight.datasets.boxes.wider_face import is_wider_face, read_wider_face
from convsight.datasets.boxes.yolo import is_yolo, read_yolo
from convsight.datasets.checks import align_targets, check_learnable, check_task
from convsight.datasets.dataset import IN_MEMORY, Dataset
from convsight.datasets.digits import is_digits, read_digits
from convsight.datasets.drawn_volumes import is_drawn_volumes, read_drawn_volumes
from convsight.datasets.folders import read_folders
from convsight.datasets.idx import is_idx, read_idx
from convsight.datasets.image_lists import is_image_list, read_image_lists
from convsight.datasets.known_sets import is_known_set, read_known_set
from convsight.datasets.label_findings import find_odd_labels
from convsight.datasets.label_table import is_label_table, read_label_table
from convsight.datasets.masks.cityscapes import is_cityscapes, read_cityscapes
from convsight.datasets.masks.coco_panoptic import is_coco_panoptic, read_coco_panoptic
from convsight.datasets.masks.footprints import is_footprints, read_footprints
from convsight.datasets.masks.instance_maps import is_instance_maps, read_instance_maps
from convsight.datasets.masks.mapillary import is_mapillary, read_mapillary
from convsight.datasets.masks.mask_pairs import is_mask_pairs, read_mask_pairs
from convsight.datasets.masks.object_files import is_object_files, read_object_files
from convsight.datasets.masks.voc_masks import is_voc_masks, read_voc_masks
from convsight.datasets.npz import is_npz, read_npz
from convsight.datasets.number_findings import find_odd_numbers
from convsight.datasets.thermometers import is_thermometers, read_thermometers
from convsight.datasets.volume_pairs import is_volume_pairs, read_volume_pairs
from convsight.errors import UserError
from convsight.images import unpacking
from convsight.images.formats import HEAD_BYTES
from convsight.targets import Classes, SeveralLabels, TargetSpec


class Format(NamedTuple):
    """A data format: what a message calls it, which paths are of it, and how one is read.

    `reads_columns` reads it too, and takes a second argument: the column that `Split.groups` shall hold.
    """

    name: str
    recognises: Callable[[Path], bool]
    reads: Callable[[Path], Dataset]
    reads_columns: Callable[[Path, str], Dataset] | None = None


# The first that recognises a path reads it; any folder may be one of class folders, so these come last.
FORMATS = (
    Format("the name 'digits'", is_digits, read_digits),
    Format("the name 'shapes'", is_shapes, read_shapes),
    Format("the name 'thermometers'", is_thermometers, read_thermometers),
    Format("the name 'volumes'", is_drawn_volumes, read_drawn_volumes),
    Format("the name of a known data set, such as 'fashion-mnist'", is_known_set, read_known_set),
    Format("a folder of IDX files", is_idx, read_idx),
    Format("an .npz archive that says what it holds", is_array_archive, read_array_archive),
    Format("an .npz archive", is_npz, read_npz),
    Format("volumes in images/ with masks in labels/", is_volume_pairs, read_volume_pairs),
    Format("FiftyOne's data/ and labels.json", is_fiftyone, read_fiftyone),
    Format("Label Studio's JSON export", is_label_studio, read_label_studio),
    Format("boxes in a COCO .json or a folder of these", is_coco, read_coco, read_coco),
    Format("segments in COCO's panoptic .json and PNGs", is_coco_panoptic, read_coco_panoptic),
    Format("a folder of boxes in Pascal VOC's XML", is_voc, read_voc),
    Format("boxes as YOLO's data.yaml names them", is_yolo, read_yolo),
    Format("boxes in CVAT's annotations.xml", is_cvat, read_cvat),
    Format("boxes in COCO's annotations/train.json or labels.json", is_coco_by_another_name, read_coco, read_coco),
    Format("boxes in KITTI's image_2/ and label_2/", is_kitti, read_kitti),
    Format("boxes in WIDER FACE's lists", is_wider_face, read_wider_face),
    Format("boxes in labelme's .json files", is_labelme, read_labelme),
    Format("boxes in tables of Open Images", is_open_images, read_open_images),
    Format("Cityscapes' leftImg8bit/ and gtFine/", is_cityscapes, read_cityscapes),
    Format("Mapillary Vistas' config and splits", is_mapillary, read_mapillary),
    Format("masks in Pascal VOC's JPEGImages/ and SegmentationClass/", is_voc_masks, read_voc_masks),
    Format("a folder an image, with images/ and masks/ of one object each", is_object_files, read_object_files),
    Format("numbers of things in images/ and instances/", is_instance_maps, read_instance_maps),
    Format("GeoTIFF files and footprints in .geojson", is_footprints, read_footprints),
    Format("images and masks, such as in images/ and masks/", is_mask_pairs, read_mask_pairs),
    Format("a .csv or .tsv table of boxes", is_box_table, read_box_table, read_box_table),
    Format("a .csv, .tsv or .parquet table", is_label_table, read_label_table, read_label_table),
    Format("lists such as train.txt, of images with a class each", is_image_list, read_image_lists),
    Format("a folder of class folders", Path.is_dir, read_folders),
)


def read_dataset(source: str | Path | Dataset, column: str | None = None) -> Dataset:
    """The data at `source`, in any format of `FORMATS`, fit to train on.

    Where they are a table, or a file of COCO whose images have such an entry, `Split.groups` holds its `column`.

    Raises `UserError` for a missing path, an unknown format, damaged data, no images, one class only where that is
    nothing to learn, an empty class or split, or a class that cannot be learnt or is unknown.
    """
    return check_learnable(read_as_it_is(source, column))


def read_for(source: str | Path | Dataset, task: str, target: TargetSpec) -> Dataset:
    """The data at `source`, to judge a trained network by: targets of its task, as its `target` counts them.

    Classes are matched by name, and some may be absent. Raises `UserError` as `read_dataset` does, and where the data
    answer another kind of question or hold what `target` does not know.
    """
    dataset = read_as_it_is(source)
    check_task(dataset, task)
    return align_targets(dataset, target)


def read_as_it_is(source: str | Path | Dataset, column: str | None = None) -> Dataset:
    """The data at `source`, in any format of `FORMATS`, whether or not its classes can be learnt.

    Of `column` see `read_dataset`.

    Raises `UserError` for a missing path, an unknown format, damaged data, or no images.
    """
    if isinstance(source, Dataset):  # held by a program
        return source
    if str(source).endswith(IN_MEMORY):
        raise UserError(f"the run was trained on what a program held, '{source}': give it again, data=...")
    path = Path(source)
    known = ", ".join(each.name for each in FORMATS)
    try:
        found = next((each for each in FORMATS if each.recognises(path)), None)
        if not str(source) or (found is None and not path.exists()):
            raise UserError(f"no such file or folder: {str(source)!r}; expected {known}")
    except OSError as error:
        raise UserError(f"cannot read {str(source)!r}: {error.strerror}") from error
    if found is None:
        raise UserError(f"{path} is of no known data format; {_unpacking(path) or f'expected {known}'}")
    dataset = found.reads_columns(path, column) if column and found.reads_columns else found.reads(path)
    named = isinstance(dataset.target, Classes | SeveralLabels)
    odd = (*(find_alike(dataset.target.names) if named else ()), *find_odd_labels(dataset), *find_odd_numbers(dataset))
    notes = (*dataset.notes, *(finding.brief for finding in odd))
    return replace(dataset, notes=notes, findings=(*dataset.findings, *odd)) if odd else dataset


def _unpacking(path: Path) -> str:
    """How to unpack `path`; empty where it is no archive."""
    if not path.is_file():
        return ""
    try:
        with path.open("rb") as file:
            return unpacking(str(path), file.read(HEAD_BYTES))
    except OSError:
        return ""
