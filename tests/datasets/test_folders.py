import os
from collections.abc import Callable
from pathlib import Path

import pytest

from convsight.datasets import UNSPLIT, Dataset, read_dataset
from convsight.datasets.folders import read_folders
from convsight.errors import UserError
from convsight.targets import counts_by_class

MakeImages = Callable[..., Path]


def labels(dataset: Dataset, split: str = UNSPLIT) -> dict[str, str]:
    """Class name by image name."""
    chosen = dataset.split(split)
    return dict(zip(chosen.names, chosen.targets.lines(), strict=True))


def test_class_folders(make_images: MakeImages) -> None:
    photos = make_images("10/a.png", "9/b.png", "9/c.png")
    dataset = read_dataset(photos)
    assert (dataset.name, dataset.source, dataset.task) == ("photos", str(photos), "classification")
    assert dataset.target.names == ("9", "10")
    assert dataset.classes_named
    assert labels(dataset) == {"9/b.png": "9", "9/c.png": "9", "10/a.png": "10"}
    assert list(dataset.split(UNSPLIT).images) == [photos / name for name in labels(dataset)]
    assert dataset.notes == ()


def test_split_folders_in_any_default_spelling(make_images: MakeImages) -> None:
    photos = make_images(
        "Training/cat/1.png", "Training/dog/2.png", "valid/dog/3.png", "valid/cat/4.png", "testing/cat/5.png"
    )
    dataset = read_dataset(photos)
    assert list(dataset.splits) == ["train", "val", "test"]
    assert labels(dataset, "val") == {"valid/cat/4.png": "cat", "valid/dog/3.png": "dog"}
    assert dataset.notes == ("test holds no image of dog",)


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("training_set", "test_set"),
        ("trainset", "testset"),
        ("images_train", "images_test"),
        ("TrainingData", "TestData"),
        ("seg_train", "seg_test"),
        ("seg_train/seg_train", "seg_test/seg_test"),
        ("train/train", "test/TEST"),
        ("train2017", "test2017"),
        ("Fruits-360_Training", "Fruits-360_Test"),
        ("archive/asl_train/asl_train", "archive/asl_test/asl_test"),
    ],
)
def test_splits_under_other_names(make_images: MakeImages, train: str, test: str) -> None:
    folder = make_images(*(f"{train}/{name}/1.png" for name in ("ant", "bee")), f"{test}/ant/2.png")
    dataset = read_dataset(folder)
    assert dataset.target.names == ("ant", "bee")
    assert labels(dataset, "train") == {f"{train}/ant/1.png": "ant", f"{train}/bee/1.png": "bee"}
    assert labels(dataset, "test") == {f"{test}/ant/2.png": "ant"}


@pytest.mark.parametrize("name", ["dev", "eval", "validate", "val_set", "Evaluation"])
def test_other_names_for_val(make_images: MakeImages, name: str) -> None:
    folder = make_images("train/ant/1.png", "train/bee/1.png", f"{name}/ant/2.png", f"{name}/bee/2.png")
    assert list(read_dataset(folder).splits) == ["train", "val"]


def test_images_to_predict_beside_splits_are_left_out(make_images: MakeImages) -> None:
    folder = make_images("seg_train/a/1.png", "seg_train/b/1.png", "seg_test/a/2.png", "seg_pred/3.png")
    dataset = read_dataset(folder)
    assert list(dataset.splits) == ["train", "test"]
    assert "left out, since not images in class folders: 1 (seg_pred/)" in dataset.notes


@pytest.mark.parametrize(
    "names", [("test_tube", "train_station"), ("dev", "ops"), ("trainer", "tester"), ("training shoe", "test paper")]
)
def test_classes_whose_names_hold_such_words(make_images: MakeImages, names: tuple[str, str]) -> None:
    folder = make_images(*(f"{name}/1.png" for name in names))
    assert set(read_dataset(folder).target.names) == set(names)


def test_folds_are_one_set(make_images: MakeImages) -> None:
    folder = make_images("fold1/a/1.png", "fold1/b/1.png", "fold2/b/2.png")
    dataset = read_dataset(folder)
    assert labels(dataset) == {"fold1/a/1.png": "a", "fold1/b/1.png": "b", "fold2/b/2.png": "b"}
    assert dataset.notes == ("read as one set: fold1, fold2",)


class TestNoClasses:
    def refused(self, folder: Path) -> str:
        with pytest.raises(UserError) as caught:
            read_dataset(folder)
        return str(caught.value)

    def test_parts_that_hold_the_classes(self, make_images: MakeImages) -> None:
        message = self.refused(make_images(*(f"{part}/{name}/1.png" for part in "XY" for name in ("ant", "bee"))))
        assert "X, Y all hold the same folders (ant, bee), so these look like the classes" in message
        assert "call the parts train, val and test" in message

    def test_splits_inside_of_classes(self, make_images: MakeImages) -> None:
        message = self.refused(make_images(*(f"{name}/{part}/1.png" for part in ("train", "test") for name in "ab")))
        assert "(test, train), so the splits are inside of the classes; put these into the splits" in message

    def test_folds_with_splits(self, make_images: MakeImages) -> None:
        names = (f"fold{n}/{split}/{name}/1.png" for n in (1, 2) for split in ("train", "test") for name in "ab")
        assert "2 folds with splits of their own; name one of them, such as" in self.refused(make_images(*names))

    @pytest.mark.parametrize("names", [("images/1.png",), ("data/1.png",), ("JPEGImages/1.png",)])
    def test_places_of_boxes(self, make_images: MakeImages, names: tuple[str, ...]) -> None:
        message = self.refused(make_images(*names))
        assert "name no classes; expected one folder a class" in message
        assert "images with boxes are read as COCO (annotations/instances_train.json," in message

    def test_a_place_of_boxes_beside_a_class(self, make_images: MakeImages) -> None:
        folder = make_images("cat/1.png")
        (folder / "annotations").mkdir()
        (folder / "annotations/1.txt").write_text("")
        assert "'annotations' holds no image; add some or remove the folder; images with" in self.refused(folder)

    @pytest.mark.parametrize(
        "names",
        [
            ("a/2020/1.png", "a/2021/1.png", "b/2020/1.png"),  # other ones
            ("a/images/1.png", "b/images/1.png"),  # one
            ("a/x/1.png", "a/y/1.png", "a/2.png", "b/x/1.png", "b/y/1.png"),  # and images beside them
        ],
    )
    def test_folders_inside_of_classes(self, make_images: MakeImages, names: tuple[str, ...]) -> None:
        assert read_dataset(make_images(*names)).target.names == ("a", "b")


def test_labels_are_aligned_by_name_not_by_position(make_images: MakeImages) -> None:
    photos = make_images("train/ant/1.png", "train/bee/2.png", "train/cat/3.png", "test/bee/4.png", "test/cat/5.png")
    dataset = read_dataset(photos)
    assert labels(dataset, "test") == {"test/bee/4.png": "bee", "test/cat/5.png": "cat"}
    assert dataset.split("test").targets[0].to_json()["labels"][0] == {"name": "bee", "probability": 1.0}


def test_images_deep_inside_a_class_folder_count(make_images: MakeImages) -> None:
    photos = make_images("cat/2020/may/1.png", "cat/2.png", "dog/3.png")
    assert labels(read_dataset(photos)) == {"cat/2.png": "cat", "cat/2020/may/1.png": "cat", "dog/3.png": "dog"}


def test_stray_files_are_left_out_and_noted(make_images: MakeImages) -> None:
    photos = make_images("cat/1.png", "dog/2.png", "beside.png", "__MACOSX/cat/1.png", ".cache/x.png")
    for name in ("README.txt", "cat/.DS_Store", "cat/._1.png", "dog/notes.txt"):
        (photos / name).write_text("no image")
    dataset = read_dataset(photos)
    assert list(labels(dataset)) == ["cat/1.png", "dog/2.png"]
    note, systems = dataset.notes
    assert note.startswith("left out, since not images in class folders: 6 (")
    assert ".cache/, " in note
    assert note.endswith(" and 1 more)")
    assert systems == "left out, since a system or file server made them: 1 folder (__MACOSX)"


def test_what_systems_leave_beside_photos_is_no_class_and_no_image(make_images: MakeImages) -> None:
    made = ["@eaDir", "#recycle", "$RECYCLE.BIN", "lost+found", ".thumbnails", "__pycache__", ".Trash-1000"]
    thumbs = [f"{place}{name}/1.png/thumb.png" for name in made for place in ("", "cat/")]
    photos = make_images("cat/1.png", "dog/2.png", *thumbs)
    os.mkfifo(photos / "dog" / "pipe.png")
    dataset = read_dataset(photos)
    assert list(labels(dataset)) == ["cat/1.png", "dog/2.png"]
    others, systems = dataset.notes
    assert others == "left out, since not images in class folders: 1 (dog/pipe.png)"
    assert systems.startswith("left out, since a system or file server made them: 14 folders (")


def test_a_bin_beside_splits_or_around_them_is_passed_over(make_images: MakeImages) -> None:
    photos = make_images("set/train/cat/1.png", "set/train/dog/2.png", "set/test/cat/3.png", "@eaDir/x/9.png")
    assert list(read_dataset(photos).splits) == ["train", "test"]


def test_folders_called_like_patterns(make_images: MakeImages) -> None:
    photos = make_images("a[1]*?/cat [x]/1.png", "a[1]*?/dog/2[3].png")
    assert list(labels(read_dataset(photos))) == ["a[1]*?/cat [x]/1.png", "a[1]*?/dog/2[3].png"]


def test_files_beside_split_folders_and_their_classes_are_noted(make_images: MakeImages) -> None:
    photos = make_images("train/cat/1.png", "train/dog/2.png", "test/cat/3.png", "test/dog/4.png", "test/5.png")
    (photos / "labels.json").write_text("{}")
    make_images("spare/6.png")
    (note,) = read_dataset(photos).notes
    assert note == "left out, since not images in class folders: 3 (spare/, labels.json, test/5.png)"


def test_the_only_folder_that_holds_the_class_folders_is_stepped_into(make_images: MakeImages) -> None:
    photos = make_images("archive/Dataset/cat/1.png", "archive/Dataset/dog/2.png")
    (photos / "LICENSE").write_text("free")
    dataset = read_dataset(photos)
    assert labels(dataset) == {"archive/Dataset/cat/1.png": "cat", "archive/Dataset/dog/2.png": "dog"}
    assert dataset.notes[0] == "the class folders were found in archive/Dataset/"
    assert "LICENSE" in dataset.notes[1]


def test_split_folders_inside_the_only_folder(make_images: MakeImages) -> None:
    photos = make_images("data/train/cat/1.png", "data/train/dog/2.png")
    dataset = read_dataset(photos)
    assert list(dataset.splits) == ["train"]
    assert labels(dataset, "train") == {"data/train/cat/1.png": "cat", "data/train/dog/2.png": "dog"}


def test_a_class_may_be_called_train(make_images: MakeImages) -> None:
    assert read_dataset(make_images("train/1.png", "bus/2.png")).target.names == ("bus", "train")


def test_a_class_may_not_look_like_a_split(make_images: MakeImages) -> None:
    photos = make_images("train/steam/1.png", "bus/2.png", "car/3.png")
    with pytest.raises(UserError, match="'train' looks like a split but stands beside bus, car"):
        read_dataset(photos)


def test_the_name_does_not_depend_on_how_the_path_is_written(
    make_images: MakeImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = make_images("cat/1.png", "dog/2.png")
    monkeypatch.chdir(photos)
    here = read_dataset(".")
    assert here.name == "photos"
    assert here.split(UNSPLIT).names == read_dataset(f"{photos}/").split(UNSPLIT).names == ["cat/1.png", "dog/2.png"]


def test_accents_stored_in_two_ways_are_one_class(make_images: MakeImages) -> None:
    photos = make_images("train/Ka\u0308se/1.png", "train/Brot/2.png", "test/K\u00e4se/3.png", "test/Brot/4.png")
    assert read_dataset(photos).target.names == ("Brot", "K\u00e4se")


def test_a_file_name_that_is_no_utf8(make_images: MakeImages) -> None:
    photos = make_images("cat/1.png", "dog/2.png")
    (photos / "cat/1.png").rename(photos / os.fsdecode(b"cat/caf\xe9.png"))
    dataset = read_dataset(photos)
    assert list(labels(dataset)) == ["cat/caf\\udce9.png", "dog/2.png"]
    assert Path(dataset.split(UNSPLIT).images[0]).exists()


class TestLinks:
    def test_a_link_to_the_data_itself_ends(self, make_images: MakeImages) -> None:
        photos = make_images("cat/1.png", "dog/2.png")
        (photos / "cat/again").symlink_to(photos)
        (photos / "cat/above").symlink_to(photos.parent)
        (photos / "dog/me").symlink_to("me")
        dataset = read_dataset(photos)
        assert labels(dataset) == {"cat/1.png": "cat", "dog/2.png": "dog"}
        assert dataset.notes == ("left out, since not images in class folders: 3 (cat/above/, cat/again/, dog/me)",)

    def test_folders_that_link_to_each_other_are_read_once(self, make_images: MakeImages) -> None:
        photos = make_images("cat/a/1.png", "cat/b/2.png", "dog/3.png")
        (photos / "cat/a/to_b").symlink_to(photos / "cat/b")
        (photos / "cat/b/to_a").symlink_to(photos / "cat/a")
        assert sum(name.startswith("cat") for name in labels(read_dataset(photos))) == 2

    def test_a_class_does_not_take_the_images_of_another(self, make_images: MakeImages) -> None:
        photos = make_images("cat/1.png", "dog/2.png")
        (photos / "cat/dogs").symlink_to(photos / "dog")
        assert labels(read_dataset(photos)) == {"cat/1.png": "cat", "dog/2.png": "dog"}

    def test_linked_images_and_class_folders_count(self, make_images: MakeImages, tmp_path: Path) -> None:
        photos = make_images("cat/1.png", "dog/2.png")
        make_images("fox/3.png", "x.png", root="elsewhere")
        (photos / "fox").symlink_to(tmp_path / "elsewhere/fox")
        (photos / "dog/4.png").symlink_to(tmp_path / "elsewhere/x.png")
        (photos / "dog/gone.png").symlink_to(tmp_path / "nowhere.png")
        dataset = read_dataset(photos)
        assert list(labels(dataset)) == ["cat/1.png", "dog/2.png", "dog/4.png", "fox/3.png"]
        assert "dog/gone.png" in dataset.notes[0]

    def test_an_only_folder_that_leads_back_is_not_stepped_into_for_ever(self, tmp_path: Path) -> None:
        (tmp_path / "photos").mkdir()
        (tmp_path / "photos/loop").symlink_to(tmp_path / "photos")
        with pytest.raises(UserError, match="no images"):
            read_dataset(tmp_path / "photos")

    def test_an_only_folder_that_leads_out_of_the_data_is_not_stepped_into(self, make_images: MakeImages) -> None:
        others = make_images("cat/1.png", "dog/2.png")
        (others / "mine").mkdir()
        (others / "mine/up").symlink_to(others)
        with pytest.raises(UserError, match="no images"):
            read_dataset(others / "mine")

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
    def test_a_pipe_called_like_an_image_is_not_waited_for(self, make_images: MakeImages) -> None:
        photos = make_images("cat/1.png", "dog/2.png")
        os.mkfifo(photos / "cat/pipe.png")
        assert len(labels(read_dataset(photos))) == 2


class TestBadFolders:
    def check(self, photos: Path, *words: str) -> None:
        with pytest.raises(UserError) as caught:
            read_dataset(photos)
        assert str(photos) in str(caught.value)
        for word in words:
            assert word in str(caught.value)

    def test_empty(self, tmp_path: Path) -> None:
        self.check(tmp_path, "no images", "expected one folder a class")

    def test_no_images_in_the_class_folders(self, tmp_path: Path) -> None:
        (tmp_path / "cat").mkdir()
        (tmp_path / "cat/notes.txt").touch()
        (tmp_path / "dog").mkdir()
        self.check(tmp_path, "no images in cat, dog")

    def test_images_without_class_folders(self, make_images: MakeImages) -> None:
        self.check(make_images("1.png", "2.png"), "images (2) but no class folders", "expected one folder a class")

    def test_one_class(self, make_images: MakeImages) -> None:
        self.check(make_images("cat/1.png", "cat/2.png"), "one class only: 'cat'", "two or more")

    def test_an_empty_class_folder(self, make_images: MakeImages) -> None:
        photos = make_images("cat/1.png", "dog/2.png")
        (photos / "empty").mkdir()
        self.check(photos, "the class folder 'empty' holds no image")

    def test_an_empty_class_folder_in_a_split(self, make_images: MakeImages) -> None:
        photos = make_images("train/cat/1.png", "train/dog/2.png", "val/cat/3.png")
        (photos / "val/dog").mkdir()
        self.check(photos, "(val)", "the class folder 'dog' holds no image")

    def test_an_empty_split(self, make_images: MakeImages) -> None:
        photos = make_images("train/cat/1.png", "train/dog/2.png")
        (photos / "val").mkdir()
        self.check(photos, "the split folder", "val holds no image")

    def test_a_split_without_labels(self, make_images: MakeImages) -> None:
        self.check(
            make_images("train/cat/1.png", "train/dog/2.png", "test/3.png"),
            "test holds images (1) but no class folders",
        )

    def test_only_split_folders_without_classes(self, make_images: MakeImages) -> None:
        self.check(make_images("train/1.png", "test/2.png"), "test holds images (1) but no class folders")

    def test_splits_without_classes_beside_another_folder(self, make_images: MakeImages) -> None:
        photos = make_images("train/1.png", "test/2.png", "samples/3.png")
        self.check(photos, "test holds images (1) but no class folders")

    def test_two_folders_of_one_split(self, make_images: MakeImages) -> None:
        photos = make_images("train/cat/1.png", "train/dog/2.png", "val/cat/3.png", "valid/cat/4.png")
        self.check(photos, "both name the split 'val'")

    def test_a_class_only_in_validation(self, make_images: MakeImages) -> None:
        photos = make_images("train/cat/1.png", "train/dog/2.png", "val/cat/3.png", "val/fox/4.png")
        self.check(photos, "the class 'fox' is in val but not in train")


def test_sign_digits(shared_data: Callable[[str], Path]) -> None:
    dataset = read_folders(shared_data("sign_digits"))
    assert dataset.target.names == tuple("0123456789")
    assert len(dataset.split(UNSPLIT)) == 1236
    assert counts_by_class(dataset.split(UNSPLIT).targets)["0"] == len(
        list((shared_data("sign_digits") / "Dataset/0").iterdir())
    )
    assert dataset.notes[0] == "the class folders were found in Dataset/"
    assert "2 (LICENSE, SOURCE.txt)" in dataset.notes[1]
