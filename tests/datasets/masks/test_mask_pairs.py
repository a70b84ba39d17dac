import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.command import within
from tests.datasets.masks.conftest import Write
from tests.datasets.masks.said import MASK, audited, indices, kinds, refused

from convsight.datasets import UNSPLIT, read_as_it_is, read_dataset
from convsight.targets import Palette

Text = Callable[[str, str], Path]


@pytest.mark.parametrize(
    ("picture", "mask", "split"),
    [
        ("images/a.jpg", "masks/a.png", UNSPLIT),
        ("images/a.jpg", "masks/a_mask.png", UNSPLIT),
        ("a.jpg", "masks/a.png", UNSPLIT),
        ("train/a.png", "trainannot/a.png", "train"),
        ("train/a.png", "train_labels/a_L.png", "train"),
        ("train_images/a.png", "train_masks/a.png", "train"),
        ("images/val/a.jpg", "labels/val/a.png", "val"),
        ("images/training/a.jpg", "annotations/training/a.png", "train"),
        ("train/images/a.jpg", "train/masks/a.png", "train"),
        ("valid/img/a.jpg", "valid/ground_truth/a.png", "val"),
        ("images/a.jpg", "labels/a_P.png", UNSPLIT),
        ("imagesTr/a.png", "labelsTr/a.png", UNSPLIT),
        ("all/a.jpg", "all/a_mask.png", UNSPLIT),
        ("train/a_sat.jpg", "train/a_mask.png", "train"),
        ("a.jpg", "a_label.png", UNSPLIT),
        ("leftImg8bit/train/ulm/a_leftImg8bit.png", "labels/train/ulm/a_labelIds.png", "train"),
    ],
)
def test_layouts(write: Write, picture: str, mask: str, split: str, tmp_path: Path) -> None:
    write(f"set/{picture}")
    write(f"set/{mask}", MASK)
    dataset = read_dataset(tmp_path / "set")
    assert (dataset.task, list(dataset.splits), dataset.target.names) == ("segmentation", [split], ("0", "1", "2"))
    assert list(dataset.splits[split].names) == [picture]
    assert indices(dataset, picture) == MASK.tolist()


def test_names_of_classes_and_unlabelled_pixels(write: Write, text: Text, tmp_path: Path) -> None:
    write("images/a.png")
    write("masks/a.png", np.where(MASK == 2, 255, MASK))
    text("classes.txt", "sky\nroad\nUnlabelled\n")
    dataset = read_dataset(tmp_path)
    target = dataset.target
    assert isinstance(target, Palette)
    assert (target.names, target.ignore_index) == (("sky", "road"), 255)
    assert indices(dataset, "images/a.png") == np.where(MASK == 2, 255, MASK).tolist()
    write("masks/a.png", MASK)
    assert indices(read_dataset(tmp_path), "images/a.png") == np.where(MASK == 2, 255, MASK).tolist()
    assert dataset.notes == ("pixels of Unlabelled are of no class, by that name",)


@pytest.mark.parametrize("white", [1, 255])
def test_black_and_white(write: Write, tmp_path: Path, white: int) -> None:
    write("images/a.png")
    write("masks/a.png", np.where(MASK == 1, white, 0))
    dataset = read_dataset(tmp_path)
    assert dataset.target.names == ("background", "foreground")
    assert indices(dataset, "images/a.png") == (MASK == 1).astype(int).tolist()


def test_black_and_white_with_names(write: Write, text: Text, tmp_path: Path) -> None:
    write("images/a.png")
    write("masks/a.png", np.where(MASK == 1, 255, 0))
    text("classes.txt", "sea\nship\n")
    dataset = read_dataset(tmp_path)
    assert dataset.target.names == ("sea", "ship")
    assert indices(dataset, "images/a.png") == (MASK == 1).astype(int).tolist()


COLOURS = np.array([[0, 0, 0], [128, 64, 128], [128, 0, 0]], np.uint8)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("class_dict.csv", "name,r,g,b\nVoid,0,0,0\nRoad,128,64,128\nBuilding,128,0,0\n"),
        ("label_colors.txt", "0 0 0\tVoid\n128 64 128\tRoad\n128 0 0\tBuilding\n"),
        ("labelmap.txt", "# label:color_rgb:parts:actions\nVoid:0,0,0::\nRoad:128,64,128::\nBuilding:128,0,0::\n"),
        (
            "palette.json",
            '[{"name": "Void", "color": [0, 0, 0]}, {"name": "Road", "color": "#804080"},'
            ' {"name": "Building", "color": [128, 0, 0]}]',
        ),
        ("palette.json", '{"Void": [0, 0, 0], "Road": [128, 64, 128], "Building": "#800000"}'),
    ],
)
def test_colours_of_a_palette_file(write: Write, text: Text, tmp_path: Path, name: str, content: str) -> None:
    write("images/a.png")
    write("masks/a.png", COLOURS[MASK])
    text(name, content)
    dataset = read_dataset(tmp_path)
    assert isinstance(dataset.target, Palette)
    assert dataset.target.names == ("Road", "Building")
    assert dataset.target.colours == ((128, 64, 128), (128, 0, 0))
    assert indices(dataset, "images/a.png") == np.array([255, 0, 1])[MASK].tolist()


def test_colours_without_a_palette_file(write: Write, tmp_path: Path) -> None:
    write("images/a.png")
    write("masks/a.png", COLOURS[MASK])
    known = read_dataset(tmp_path)
    assert known.target.names == ("Building", "Road")
    assert known.notes == ("no file names the classes of the colours; they are those of CamVid",)
    write("masks/a.png", (COLOURS + 1)[MASK])
    strange = read_dataset(tmp_path)
    assert strange.target.names == ("#010101", "#810101", "#814181")
    assert not strange.classes_named


def test_indices_with_a_palette_of_their_own(write: Write, text: Text, tmp_path: Path) -> None:
    """Mode P: the colours in the file are only how it looks, unless the palette file tells just these."""
    write("images/a.png")
    image = Image.fromarray(MASK, "P")
    image.putpalette([*COLOURS.reshape(-1).tolist(), *[7] * 759])
    (tmp_path / "masks").mkdir()
    image.save(tmp_path / "masks/a.png")
    assert indices(read_dataset(tmp_path), "images/a.png") == MASK.tolist()
    text("class_dict.csv", "name,r,g,b\nBuilding,128,0,0\nSky,0,0,0\nRoad,128,64,128\n")
    assert indices(read_dataset(tmp_path), "images/a.png") == np.array([1, 2, 0])[MASK].tolist()


def test_grey_stored_as_colour(write: Write, tmp_path: Path) -> None:
    write("images/a.png")
    write("masks/a.png", np.repeat(MASK[:, :, None], 3, axis=2))
    assert indices(read_dataset(tmp_path), "images/a.png") == MASK.tolist()


def test_sixteen_bits_and_numbers_with_gaps(write: Write, tmp_path: Path) -> None:
    write("images/a.png")
    write("masks/a.png", MASK.astype(np.uint16) * 400, kind=np.uint16)
    dataset = read_dataset(tmp_path)
    assert dataset.target.names == ("0", "400", "800")
    assert indices(dataset, "images/a.png") == MASK.tolist()


def test_numbers_of_a_palette_file(write: Write, text: Text, tmp_path: Path) -> None:
    write("images/a.png")
    write("masks/a.png", MASK * 7)
    text("classes.csv", "id,name\n14,road\n0,sky\n7,tree\n")
    dataset = read_dataset(tmp_path)
    assert dataset.target.names == ("road", "sky", "tree")
    assert indices(dataset, "images/a.png") == np.array([1, 2, 0])[MASK].tolist()
    text("masks.json", '{"ignore": 7}')
    assert indices(read_dataset(tmp_path), "images/a.png") == np.array([1, 255, 0])[MASK].tolist()


def test_splits_by_lists(write: Write, text: Text, tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        write(f"images/{name}.jpg")
        write(f"masks/{name}.png", MASK)
    text("train.txt", "a.jpg\nimages/b.jpg\n")
    text("val.txt", "c\n")
    dataset = read_dataset(tmp_path)
    assert {name: list(split.names) for name, split in dataset.splits.items()} == {
        "train": ["images/a.jpg", "images/b.jpg"],
        "val": ["images/c.jpg"],
    }


# What is wrong: refused where it would be learnt from, and named by an audit.


def test_a_mask_of_another_size(write: Write, tmp_path: Path) -> None:
    write("images/a.png")
    write("masks/a.png", MASK[:3])
    refused(tmp_path, "a.png is 6 x 3 px, but its image a.png is 6 x 4 px")
    assert kinds(tmp_path) == ["masks-of-another-size"]


def test_numbers_outside_the_classes(write: Write, text: Text, tmp_path: Path) -> None:
    write("images/a.png")
    write("masks/a.png", MASK)
    text("classes.txt", "sky\nroad\n")
    refused(tmp_path, "a.png holds 2 in 6 pixels (first at 0 px across, 2 px down), where classes have 0 to 1")
    assert kinds(tmp_path) == ["ids-outside-the-classes"]


def test_a_palette_that_misses_a_colour(write: Write, text: Text, tmp_path: Path) -> None:
    write("images/a.png")
    write("masks/a.png", COLOURS[MASK])
    text("class_dict.csv", "name,r,g,b\nVoid,0,0,0\nRoad,128,64,128\n")
    refused(
        tmp_path,
        "holds the colour (128, 0, 0) in 6 pixels (first at 0 px across, 2 px down), which the palette lacks; "
        "the nearest there is (0, 0, 0) of no class, 128 away",
    )
    assert kinds(tmp_path) == ["colours-outside-the-palette"]


def test_a_mask_without_its_image_and_the_reverse(write: Write, tmp_path: Path) -> None:
    write("images/a.png")
    write("images/b.png")
    write("masks/a.png", MASK)
    refused(tmp_path, "b.png has no mask; expected a mask called b.png")
    assert kinds(tmp_path) == ["pictures-without-mask"]
    write("masks/b.png", MASK)
    write("masks/c.png", MASK)
    refused(tmp_path, "masks: 1 mask without an image in", "(c.png); add the images, or remove the masks")


def _jpeg(values: np.ndarray, path: Path, quality: int = 75) -> None:
    Image.fromarray(values).save(path, quality=quality)


@pytest.fixture
def smeared(tmp_path: Path, text: Text) -> Path:
    """Ten classes of one colour each, in blocks, stored as JPEG."""
    (tmp_path / "images").mkdir()
    (tmp_path / "masks").mkdir()
    Image.new("RGB", (40, 24)).save(tmp_path / "images/a.png")
    blocks = COLOURS[MASK.repeat(6, axis=0).repeat(7, axis=1)[:24, :40]]
    _jpeg(blocks, tmp_path / "masks/a.jpg")
    text("class_dict.csv", "name,r,g,b\nVoid,0,0,0\nRoad,128,64,128\nBuilding,128,0,0\n")
    return tmp_path


def test_masks_as_jpeg_are_refused_unless_the_nearest_class_is_asked_for(smeared: Path, text: Text) -> None:
    refused(smeared, "a.jpg is a JPEG", "save masks as PNG, or write", '{"nearest": true}', "masks.json")
    assert kinds(smeared) == ["smeared-masks"]
    text("masks.json", '{"nearest": true}')
    found = np.array(indices(read_dataset(smeared), "images/a.png"))
    truth = np.array([255, 0, 1])[MASK.repeat(6, axis=0).repeat(7, axis=1)[:24, :40]]
    assert (found == truth).mean() > 0.97
    # The nearest colour by its distance, computed in another way.
    pixels = np.asarray(Image.open(smeared / "masks/a.jpg"), np.int64)
    nearest = ((pixels[:, :, None] - COLOURS[None, None].astype(np.int64)) ** 2).sum(axis=3).argmin(axis=2)
    assert (found == np.array([255, 0, 1])[nearest]).all()


def test_masks_that_were_jpegs_once(smeared: Path) -> None:
    Image.open(smeared / "masks/a.jpg").save(smeared / "masks/a.png")
    (smeared / "masks/a.jpg").unlink()
    refused(smeared, "colours that mean nothing, most near known ones, as JPEG or a resize leaves them")
    assert kinds(smeared) == ["smeared-masks"]


def test_black_and_white_as_jpeg(write: Write, text: Text, tmp_path: Path) -> None:
    write("images/a.png", np.zeros((24, 24, 3)))
    (tmp_path / "masks").mkdir()
    disc = (np.hypot(*np.mgrid[-12:12, -12:12]) < 8).astype(np.uint8)
    _jpeg(disc * 255, tmp_path / "masks/a.jpg")
    text("masks.json", '{"nearest": true}')
    dataset = read_dataset(tmp_path)
    assert dataset.target.names == ("background", "foreground")
    assert (np.array(indices(dataset, "images/a.png")) == disc).mean() > 0.97


def test_photos_in_place_of_masks(write: Write, tmp_path: Path) -> None:
    write("images/a.png", np.zeros((30, 30, 3)))
    write("masks/a.png", np.random.default_rng(0).integers(0, 256, (30, 30, 3)))
    refused(tmp_path, "holds masks of more than 256 colours, which are no classes")


def test_one_class(write: Write, tmp_path: Path) -> None:
    write("images/a.png")
    write("masks/a.png", np.zeros((4, 6)))
    refused(tmp_path, "one class only", "'background'")
    assert kinds(tmp_path) == ["one-class"]


def test_empty_masks_and_classes_hardly_there(write: Write, text: Text, tmp_path: Path) -> None:
    for name, mask in (("a", np.full((60, 60), 255)), ("b", np.eye(60) + (np.arange(60) < 1)[:, None] * 0)):
        write(f"images/{name}.png", np.full((60, 60, 3), len(name) + ord(name)))
        write(f"masks/{name}.png", mask)
    rare = np.ones((60, 60))
    rare[0, 0] = 0
    rare[5:, 5:] = 2
    write("masks/b.png", rare)
    text("classes.txt", "speck\nsky\nroad\nfox\n")
    found = {finding.kind: finding for finding in audited(tmp_path).findings}
    assert found["empty-masks"].level == "suspicion"
    assert [entry.images[0].name for entry in found["empty-masks"].entries] == ["images/a.png"]
    assert [entry.note for entry in found["rare-classes"].entries] == ["speck: 0.028% of the pixels"]
    assert [entry.note for entry in found["absent-classes"].entries] == ["fox"]
    assert found["pixels-without-class"].words == "50.0% of all pixels are of no class"


def test_a_damaged_mask(write: Write, tmp_path: Path) -> None:
    write("images/a.png")
    file = write("masks/a.png", MASK)
    write("images/b.png")
    write("masks/b.png", MASK)
    file.write_bytes(file.read_bytes()[:50])
    refused(tmp_path, "the mask", "a.png cannot be decoded")
    assert kinds(tmp_path) == ["unreadable-masks"]


def test_the_verb_names_every_fault_and_ends_with_1(write: Write, text: Text, tmp_path: Path) -> None:
    for name, mask in (("a", MASK), ("b", MASK[:2]), ("c", MASK + 1), ("d", None)):
        write(f"images/{name}.png")
        if mask is not None:
            write(f"masks/{name}.png", mask)
    text("classes.txt", "sky\nroad\ntree\n")
    done = within("audit", tmp_path)
    assert done.returncode == 1, done.stderr
    assert "verdict: wrong (masks-of-another-size, ids-outside-the-classes, pictures-without-mask)" in done.stdout


def test_class_folders_with_words_of_masks_stay_class_folders(write: Write, tmp_path: Path) -> None:
    for name in ("with_mask", "without_mask", "seg_train", "images"):
        for number in range(2):
            write(f"{name}/{number}{name[0]}.png")
    assert read_as_it_is(tmp_path).task == "classification"


def test_a_mask_is_read_when_it_is_asked_for(write: Write, text: Text, tmp_path: Path) -> None:
    write("images/a.png")
    file = write("masks/a.png", MASK)
    text("classes.txt", "a\nb\nc\n")
    dataset = read_as_it_is(tmp_path)
    later = io.BytesIO()
    Image.fromarray(MASK.max() - MASK).save(later, "PNG")
    file.write_bytes(later.getvalue())
    assert indices(dataset, "images/a.png") == (2 - MASK).tolist()


def test_real_streets(shared_data: Callable[[str], Path]) -> None:
    dataset = read_dataset(shared_data("camvid_small"))
    assert {name: len(split) for name, split in dataset.splits.items()} == {"train": 184, "val": 51, "test": 117}
    assert len(dataset.target.names) == 11
    name = dataset.splits["val"].names[0]
    stored = np.asarray(Image.open(Path(dataset.source) / "valannot" / f"{Path(name).stem}.png"))
    assert indices(dataset, name) == np.where(stored == 11, 255, stored).tolist()


def test_of_two_folders_of_images_the_one_that_is_called_so(write: Write, tmp_path: Path) -> None:
    write("a.png")
    write("images/a.png")
    write("masks/a.png", MASK)
    assert list(read_dataset(tmp_path).splits["all"].names) == ["images/a.png"]
