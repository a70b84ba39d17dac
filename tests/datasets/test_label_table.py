import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from convsight.datasets import UNSPLIT, Dataset, parquet_texts, read_dataset
from convsight.errors import UserError

MakeImages = Callable[..., Path]


@pytest.fixture
def photos(make_images: MakeImages) -> Path:
    return make_images("a.png", "b.png", "deep/c.png", "d, e.png")


def table(photos: Path, content: str, name: str = "table.csv", encoding: str = "utf-8") -> Path:
    path = photos / name
    path.write_text(content, encoding=encoding)
    return path


def labels(dataset: Dataset, split: str = UNSPLIT) -> dict[str, str]:
    chosen = dataset.split(split)
    return dict(zip(chosen.names, chosen.targets.lines(), strict=True))


def refused(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        read_dataset(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_paths_and_labels(photos: Path) -> None:
    dataset = read_dataset(table(photos, "path,label\na.png,10\nb.png,9\ndeep/c.png,10\n"))
    assert dataset.name == "table"
    assert dataset.target.names == ("9", "10")
    assert dataset.classes_named
    assert labels(dataset) == {"a.png": "10", "b.png": "9", "deep/c.png": "10"}
    assert list(dataset.split(UNSPLIT).images) == [photos / name for name in labels(dataset)]


@pytest.mark.parametrize("columns", ["image,class", "FILE, Target ", "filename,label", "Path,CLASS"])
def test_spellings_of_columns(photos: Path, columns: str) -> None:
    assert labels(read_dataset(table(photos, f"{columns}\na.png,cat\nb.png,dog\n"))) == {"a.png": "cat", "b.png": "dog"}


def test_the_first_spelling_counts(photos: Path) -> None:
    dataset = read_dataset(table(photos, "target,label,path\n0,cat,a.png\n1,dog,b.png\n"))
    assert dataset.target.names == ("cat", "dog")


@pytest.mark.parametrize(
    ("columns", "a", "c"),
    [
        ("image_id,category", "a", "c"),
        ("id,class_name", "a", "deep/c"),
        ("file_name,name", "a.png", "c.png"),
        ("img,label", ".\\a.png", "deep\\c.png"),
    ],
)
def test_names_as_others_write_them(photos: Path, columns: str, a: str, c: str) -> None:
    dataset = read_dataset(table(photos, f"{columns}\n{a},cat\n{c},dog\n"))
    assert labels(dataset) == {"a.png": "cat", "deep/c.png": "dog"}
    assert [Path(image) for image in dataset.split(UNSPLIT).images] == [photos / "a.png", photos / "deep/c.png"]
    assert dataset.notes == (("images were found in deep",) if c in ("c", "c.png") else ())


def test_folders_that_lie_deeper(make_images: MakeImages) -> None:
    folder = make_images("archive/train/cat/1.png", "archive/train/dog/1.png", "archive/test/cat/1.png")
    dataset = read_dataset(table(folder, "path,label\ntrain/cat/1.png,cat\ndog/1.png,dog\n"))
    assert dataset.split(UNSPLIT).names == ["archive/train/cat/1.png", "archive/train/dog/1.png"]
    assert dataset.notes == ("images were found in archive/train/cat, archive/train/dog",)


class TestOneHot:
    @pytest.mark.parametrize("one", ["1", "1.0", "True"])
    def test_a_column_a_class(self, photos: Path, one: str) -> None:
        zero = {"1": "0", "1.0": "0.0", "True": "False"}[one]
        content = f"image,age,MEL,NV\na,40,{one},{zero}\nb,50,{zero},{one}\ndeep/c,,{zero},{one}\n"
        assert labels(read_dataset(table(photos, content))) == {"a.png": "MEL", "b.png": "NV", "deep/c.png": "NV"}

    @pytest.mark.parametrize(("flags", "words"), [("1,1", "line 3 is of 2"), ("0,0", "line 3 is of none")])
    def test_not_one_of_them_is_several_labels(self, photos: Path, flags: str, words: str) -> None:
        dataset = read_dataset(table(photos, f"image,MEL,NV\na,1,0\nb,{flags}\n"))
        assert (dataset.task, dataset.target.kind) == ("multilabel", "labels")  # type: ignore[attr-defined]
        assert f"from the columns MEL, NV, since {words} of them; for one class" in dataset.notes[0]

    def test_a_label_counts_before(self, photos: Path) -> None:
        assert labels(read_dataset(table(photos, "path,MEL,NV,label\na.png,1,0,x\nb.png,0,1,y\n")))["a.png"] == "x"


class TestTextsAsSpreadsheetsSaveThem:
    @pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
    @pytest.mark.parametrize(
        ("separator", "said"), [("\t", ""), (";", "sep=;\r\n"), ("|", '"sep=|"\n'), ("\t", "sep=\t\n")]
    )
    def test_tabs_sep_and_marks(self, photos: Path, encoding: str, separator: str, said: str) -> None:
        rows = "".join(
            f"{path}{separator}{label}\r\n"
            for path, label in (("path", "label"), ("a.png", "Käse, alt"), ("b.png", "x"))
        )
        assert labels(read_dataset(table(photos, said + rows, encoding=encoding))) == {
            "a.png": "Käse, alt",
            "b.png": "x",
        }

    def test_lines_are_counted_from_the_first(self, photos: Path) -> None:
        assert "line 4: the label is empty" in refused(table(photos, "sep=;\npath;label\na.png;x\nb.png;\n"))


@pytest.mark.parametrize(
    ("first", "second", "alike"), [("Cat", "cat", True), ("0", "0.0", True), ("1", "1e0", True), ("nan", "no", False)]
)
def test_classes_that_are_probably_one(photos: Path, first: str, second: str, alike: bool) -> None:
    dataset = read_dataset(table(photos, f"path,label\na.png,{first}\nb.png,{second}\n"))
    assert len(dataset.target.names) == 2
    assert [finding.kind for finding in dataset.findings] == ["alike-classes"] * alike
    assert any(f"({first} and {second})" in note for note in dataset.notes) == alike


def test_splits(photos: Path) -> None:
    dataset = read_dataset(
        table(photos, "split,path,label\nTraining,a.png,cat\ntrain,b.png,dog\nvalid,deep/c.png,dog\n")
    )
    assert labels(dataset, "train") == {"a.png": "cat", "b.png": "dog"}
    assert labels(dataset, "val") == {"deep/c.png": "dog"}
    assert dataset.notes == ("val holds no image of cat",)


def test_quotes_a_byte_order_mark_empty_lines_and_windows_ends(photos: Path) -> None:
    content = '\ufeff"path","label"\r\n"d, e.png","big ""cat"""\r\n\r\nb.png,dog\r\n'
    assert labels(read_dataset(table(photos, content))) == {"d, e.png": 'big "cat"', "b.png": "dog"}


def test_tabs(photos: Path) -> None:
    dataset = read_dataset(table(photos, "path\tlabel\na.png\tcat, red\nb.png\tdog\n", "table.tsv"))
    assert dataset.target.names == ("cat, red", "dog")


def test_semicolons(photos: Path) -> None:
    assert read_dataset(table(photos, "path;label\na.png;cat, red\nb.png;dog\n")).target.names == ("cat, red", "dog")


def test_absolute_paths_and_paths_above_the_table(photos: Path, tmp_path: Path) -> None:
    inside = photos / "tables"
    inside.mkdir()
    dataset = read_dataset(table(inside, f"path,label\n../a.png,cat\n{photos / 'b.png'},dog\n"))
    assert all(Path(image).is_file() for image in dataset.split(UNSPLIT).images)
    assert dataset.split(UNSPLIT).names == ["../a.png", (photos / "b.png").as_posix()]


def test_repeated_rows_count_once(photos: Path) -> None:
    dataset = read_dataset(table(photos, "path,label\na.png,cat\nb.png,dog\n./a.png,cat\ndeep/../a.png,cat\n"))
    assert labels(dataset) == {"a.png": "cat", "b.png": "dog"}
    assert dataset.notes == ("left out, since they repeat another: 2 rows",)


def test_thumbnails_are_not_what_a_table_means(make_images: MakeImages) -> None:
    photos = make_images("deep/a.png", "deep/@eaDir/a.png", "deep/b.png")
    dataset = read_dataset(table(photos, "path,label\na.png,cat\nb.png,dog\n"))
    assert [Path(image).parent.name for image in dataset.split(UNSPLIT).images] == ["deep", "deep"]


class TestParquet:
    def write(self, photos: Path, **columns: list[Any]) -> Path:
        pyarrow = pytest.importorskip("pyarrow")
        from pyarrow import parquet

        path = photos / "table.parquet"
        parquet.write_table(pyarrow.table(columns), path)
        return path

    def test_paths_labels_and_splits(self, photos: Path) -> None:
        path = self.write(
            photos,
            extra=[1.5, 2.5, 3.5],
            split=["train", "train", "test"],
            image=["a.png", "b.png", "deep/c.png"],
            target=[7, 12, 7],
        )
        dataset = read_dataset(path)
        assert dataset.target.names == ("7", "12")
        assert labels(dataset, "test") == {"deep/c.png": "7"}

    def test_the_same_as_a_csv(self, photos: Path) -> None:
        one = read_dataset(self.write(photos, path=["a.png", "b.png"], label=["cat", "dog"]))
        assert labels(one) == labels(read_dataset(table(photos, "path,label\na.png,cat\nb.png,dog\n")))

    def test_a_column_a_class(self, photos: Path) -> None:
        path = self.write(photos, image_id=["a", "b"], MEL=[1.0, 0.0], NV=[0.0, 1.0], note=["x", "y"])
        assert labels(read_dataset(path)) == {"a.png": "MEL", "b.png": "NV"}

    def test_a_missing_label(self, photos: Path) -> None:
        path = self.write(photos, path=["a.png", "b.png"], label=["cat", None])
        assert "row 2: the label is empty" in refused(path)

    def test_a_missing_column(self, photos: Path) -> None:
        path = self.write(photos, path=["a.png"], kind=["cat"])
        message = refused(path)
        assert "no column 'label' (or class, target, cell_type" in message
        assert "its columns are 'path', 'kind'" in message

    @pytest.mark.parametrize("coded", [True, False])
    def test_what_unpacks_to_far_more_than_paths_is_refused(
        self, photos: Path, coded: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pyarrow = pytest.importorskip("pyarrow")
        from pyarrow import parquet

        path = photos / "table.parquet"
        long = ["a" * 50_000 + ("" if coded else str(row)) for row in range(400)]
        parquet.write_table(
            pyarrow.table({"path": long, "label": ["cat"] * 400}), path, use_dictionary=coded, compression="zstd"
        )
        assert path.stat().st_size < 10_000
        assert "the column 'path' holds a text of 50,00" in refused(path)
        if not coded:
            monkeypatch.setattr(parquet_texts, "_MOST_BYTES", 2**20)
            assert "unpacks to 0.0 GiB in 'path', 'label', far more than paths and classes take" in refused(path)

    def test_parts_of_a_table_come_together(self, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(parquet_texts, "_MOST_ROWS", 2)
        path = self.write(photos, path=["a.png", "b.png", "deep/c.png"], label=["cat", "dog", "cat"])
        assert labels(read_dataset(path)) == {"a.png": "cat", "b.png": "dog", "deep/c.png": "cat"}

    def test_images_inside_the_table(self, photos: Path) -> None:
        path = self.write(photos, image=[{"bytes": b"123", "path": "a.png"}], label=["cat"])
        assert "the column 'image' holds values of type struct" in refused(path)

    def test_a_file_cut_short(self, photos: Path) -> None:
        path = self.write(photos, path=["a.png"], label=["cat"])
        path.write_bytes(path.read_bytes()[:-9])
        assert "is damaged or no Parquet file" in refused(path)

    def test_without_pyarrow(self, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = self.write(photos, path=["a.png"], label=["cat"])
        monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
        assert 'pip install ".[parquet]" in the clone of convsight' in refused(path)


class TestBadTables:
    def test_a_missing_column(self, photos: Path) -> None:
        message = refused(table(photos, "picture,label\na.png,cat\n"))
        assert "no column 'path' (or image, file, filename, image_path," in message
        assert "its columns are 'picture', 'label'" in message

    def test_no_header(self, photos: Path) -> None:
        assert "its columns are none" in refused(table(photos, ""))

    def test_no_rows(self, photos: Path) -> None:
        assert "lists no images" in refused(table(photos, "path,label\n\n"))

    def test_a_path_that_is_not_there(self, photos: Path) -> None:
        message = refused(table(photos, "path,label\na.png,cat\nx.png,dog\nb.png,dog\ny.png,cat\n"))
        assert "line 3: no such file: x.png (2 of 4 images are not there)" in message
        assert f"relative to {photos}" in message

    def test_a_folder_as_path(self, photos: Path) -> None:
        assert "line 2: no such file: deep" in refused(table(photos, "path,label\ndeep,cat\n"))

    def test_an_empty_label(self, photos: Path) -> None:
        assert "line 3: the label is empty" in refused(table(photos, "path,label\na.png,cat\nb.png, \n"))

    def test_an_empty_path(self, photos: Path) -> None:
        assert "line 2: the path is empty" in refused(table(photos, "path,label\n,cat\n"))

    def test_two_labels_for_one_image(self, photos: Path) -> None:
        message = refused(table(photos, "path,label\na.png,cat\nb.png,dog\n./a.png,dog\n"))
        assert "line 4: a.png is labelled 'dog' here but 'cat' in line 2" in message

    def test_one_image_in_two_splits(self, photos: Path) -> None:
        message = refused(table(photos, "path,label,split\na.png,cat,train\nb.png,dog,train\na.png,cat,test\n"))
        assert "line 4: a.png is in 'test' here but 'train' in line 2" in message

    def test_an_unknown_split(self, photos: Path) -> None:
        message = refused(table(photos, "path,label,split\na.png,cat,tain\n"))
        assert "line 2: unknown split 'tain'; did you mean train" in message

    def test_a_row_with_too_few_fields(self, photos: Path) -> None:
        assert "line 3: 1 fields, but the header has 2" in refused(table(photos, "path,label\na.png,cat\nb.png\n"))

    def test_a_label_with_a_comma_but_no_quotes(self, photos: Path) -> None:
        assert "line 2: 3 fields" in refused(table(photos, "path,label\na.png,cat, red\n"))

    def test_an_open_quote(self, photos: Path) -> None:
        assert "check its quotes" in refused(table(photos, 'path,label\na.png,"cat\nb.png,dog\n'))

    def test_another_encoding(self, photos: Path) -> None:
        assert "is not UTF-8 text" in refused(table(photos, "path,label\na.png,Käse\n", encoding="latin-1"))

    def test_one_class(self, photos: Path) -> None:
        assert "one class only: 'cat'" in refused(table(photos, "path,label\na.png,cat\nb.png,cat\n"))

    def test_a_class_only_in_test(self, photos: Path) -> None:
        content = "path,label,split\na.png,cat,train\nb.png,dog,train\ndeep/c.png,fox,test\n"
        assert "the class 'fox' is in test but not in train" in refused(table(photos, content))

    def test_a_path_with_a_null_character(self, photos: Path) -> None:
        assert "line 2" in refused(table(photos, "path,label\na\0.png,cat\n"))
