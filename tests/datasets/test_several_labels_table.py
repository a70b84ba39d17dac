"""Tables that name any number of labels an image: a column each, or names in one field."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pyarrow
import pytest
import torch
from pyarrow import parquet

from convsight.datasets import Dataset, read_dataset
from convsight.datasets.in_memory import data_of
from convsight.errors import UserError
from convsight.tasks.adoption import data_for


@pytest.fixture
def photos(make_images: Callable[..., Path]) -> Path:
    return make_images("a.png", "b.png", "c.png", "d.png")


def table(photos: Path, content: str, name: str = "table.csv") -> Path:
    path = photos / name
    path.write_text(content)
    return path


def read(photos: Path, content: str) -> dict[str, str]:
    dataset = read_dataset(table(photos, content))
    assert dataset.task == "multilabel"
    return lines(dataset)


def lines(dataset: Dataset) -> dict[str, str]:
    return {
        name: line
        for split in dataset.splits.values()
        for name, line in zip(split.names, split.targets.lines(), strict=True)
    }


def refused(photos: Path, content: str) -> str:
    with pytest.raises(UserError) as caught:
        read_dataset(table(photos, content))
    assert str(photos / "table.csv") in str(caught.value)
    return str(caught.value)


class TestAColumnALabel:
    def test_any_number_of_them(self, photos: Path) -> None:
        content = "path,age,dog,grass,cat\na.png,4,1,1,0\nb.png,5,0,0,0\nc.png,,0,1,1\nd.png,7,1,0,0\n"
        assert read(photos, content) == {"a.png": "dog;grass", "b.png": "", "c.png": "grass;cat", "d.png": "dog"}
        assert read_dataset(photos / "table.csv").target.names == ("dog", "grass", "cat")

    def test_one_1_a_row_is_a_class_unless_the_user_says_otherwise(self, photos: Path) -> None:
        path = table(photos, "path,dog,cat\na.png,1,0\nb.png,0,1\nc.png,1,0\nd.png,0,1\n")
        assert read_dataset(path).task == "classification"
        asked = read_dataset(data_for(path, "multilabel"))
        assert (asked.task, lines(asked)) == (
            "multilabel",
            {"a.png": "dog", "b.png": "cat", "c.png": "dog", "d.png": "cat"},
        )

    def test_minus_one_is_no_where_there_is_no_zero(self, photos: Path) -> None:
        assert read(photos, "image_id,Bald,Male\na.png,-1,1\nb.png,1,1\nc.png,-1,-1\n")["b.png"] == "Bald;Male"
        message = refused(photos, "path,x,y\na.png,-1,1\nb.png,1,1\nc.png,0,0\nd.png,0,0\n")
        assert "line 2: the label 'x' is '-1', neither 0 nor 1: correct it" in message

    @pytest.mark.parametrize(
        ("field", "words"),
        [
            ("", "is empty; write 0 or 1, or remove the row (1 row of that column to correct; leave it out"),
            ("0.7", "is '0.7', neither 0 nor 1: round probabilities, or remove the row"),
            ("2", "is '2', neither 0 nor 1: correct it"),
            ("yes", "is 'yes', neither 0 nor 1"),
        ],
    )
    def test_what_says_neither_is_told_by_its_line(self, photos: Path, field: str, words: str) -> None:
        message = refused(photos, f"path,dog,cat\na.png,1,0\nb.png,1,{field}\nc.png,1,1\nd.png,0,0\n")
        assert f"line 3: the label 'cat' {words}" in message

    def test_a_column_of_probabilities_beside_labels_is_refused(self, photos: Path) -> None:
        message = refused(photos, "path,dog,cat,sky\na.png,1,0,0.2\nb.png,1,1,0.93\nc.png,0,0,1\n")
        assert "line 2: the column 'sky' holds 0.2, a probability" in message

    def test_names_that_stand_twice(self, photos: Path) -> None:
        assert "several columns are called 'dog'" in refused(photos, "path,dog,dog\na.png,1,1\nb.png,0,0\n")

    def test_parquet(self, photos: Path) -> None:
        path = photos / "table.parquet"
        columns = {"path": ["a.png", "b.png"], "dog": [True, False], "cat": [1, 0], "age": ["x", "y"]}
        parquet.write_table(pyarrow.table(columns), path)
        assert lines(read_dataset(path)) == {"a.png": "dog;cat", "b.png": ""}


class TestNamesInAField:
    @pytest.mark.parametrize(
        ("a", "b"),
        [
            ("dog;grass", "grass"),
            ("grass | dog", "grass"),
            ('"dog, grass"', "grass"),
            ("\"['grass', 'dog']\"", "\"['grass']\""),
            ("dog;grass;", "grass;"),
        ],
    )
    @pytest.mark.parametrize("column", ["labels", "Tags"])
    def test_however_they_are_written(self, photos: Path, column: str, a: str, b: str) -> None:
        found = read(photos, f"path,{column}\na.png,{a}\nb.png,{b}\nc.png,none\n")
        assert found == {"a.png": "dog;grass", "b.png": "grass", "c.png": ""}

    def test_spaces_separate_where_there_are_fewer_words_than_texts(self, photos: Path) -> None:
        content = "image_name,tags\na,haze road\nb,clear road\nc,clear\nd,haze\n"
        assert read(photos, content)["a.png"] == "haze;road"
        assert "labels are separated by spaces" in read_dataset(photos / "table.csv").notes
        content = "image_name,tags\na,traffic light\nb,stop sign\n"
        assert read(photos, content)["a.png"] == "traffic light"

    @pytest.mark.parametrize(
        ("field", "words"),
        [
            ("", "line 3: the labels are empty (1 row in all); write none where an image shows none of them"),
            ("dog;;cat", "line 3: the labels are 'dog;;cat': a name is empty"),
            ("dog;none", "line 3: the labels are 'dog;none': none cannot stand beside other labels"),
            ("[1]", "line 3: the labels are '[1]': no list of names"),
        ],
    )
    def test_what_names_nothing_is_told_by_its_line(self, photos: Path, field: str, words: str) -> None:
        assert words in refused(photos, f"path,labels\na.png,dog;cat\nb.png,{field}\n")

    def test_no_label_at_all(self, photos: Path) -> None:
        assert "none of 2 images has a label" in refused(photos, "path,labels\na.png,none\nb.png,none\n")

    def test_texts_are_no_labels(self, photos: Path) -> None:
        names = [";".join(f"text {number}" for number in range(part, 12_000, 3)) for part in range(3)]
        rows = "".join(f"{name}.png,{text}\n" for name, text in zip("abc", names, strict=True))
        assert "12,000 different labels, such as 'text 0', 'text 1'" in refused(photos, f"path,labels\n{rows}")

    def test_a_class_that_looks_like_several_is_asked_about(self, photos: Path) -> None:
        path = table(photos, "path,label\na.png,dog;grass\nb.png,grass\nc.png,dog\nd.png,dog;grass\n")
        dataset = read_dataset(path)
        assert dataset.task == "classification"
        assert "classes such as 'dog;grass' look like several labels; --task multilabel reads them so" in dataset.notes
        asked = data_for(path, "multilabel")
        assert lines(asked) == {"a.png": "dog;grass", "b.png": "grass", "c.png": "dog", "d.png": "dog;grass"}
        assert asked.target.names == ("dog", "grass")

    def test_an_image_with_two_rows(self, photos: Path) -> None:
        message = refused(photos, "path,labels\na.png,dog\nb.png,cat\na.png,dog;cat\n")
        assert "line 4: a.png is labelled 'cat; dog' here but 'dog' in line 2; keep one" in message.replace(
            "'dog; cat'", "'cat; dog'"
        )
        assert read(photos, "path,labels\na.png,dog;cat\na.png,cat;dog\nb.png,dog\n")["a.png"] == "cat;dog"

    def test_a_table_in_memory(self, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(photos)
        frame = pandas.DataFrame({"path": ["a.png", "b.png"], "labels": [["dog", "cat"], ["cat"]]})
        dataset = data_of(frame)
        assert isinstance(dataset, Dataset)
        assert lines(dataset) == {"a.png": "cat;dog", "b.png": "cat"}


class TestFindings:
    def test_what_is_odd_about_labels(self, photos: Path) -> None:
        content = "path,dog,fur,cat,image,owl\na.png,1,1,0,1,0\nb.png,0,0,0,1,0\nc.png,1,1,1,1,0\nd.png,0,0,1,1,0\n"
        found = {
            each.kind: [entry.note for entry in each.entries] for each in read_dataset(table(photos, content)).findings
        }
        assert found == {
            "unused-labels": ["owl"],
            "constant-labels": ["image"],
            "equal-labels": ["'dog' and 'fur'"],
        }

    def test_images_without_a_label(self, photos: Path) -> None:
        (finding,) = read_dataset(table(photos, "path,dog,cat\na.png,1,1\nb.png,0,0\nc.png,1,0\n")).findings
        assert (finding.kind, finding.level) == ("no-label", "remark")
        assert [entry.images[0].name for entry in finding.entries] == ["b.png"]

    def test_a_label_that_train_lacks_cannot_be_learnt(self, photos: Path) -> None:
        content = "path,split,labels\na.png,train,dog\nb.png,train,dog\nc.png,test,cat\n"
        assert "the label 'cat' is in test but not in train" in refused(photos, content)


class TestInMemory:
    images = np.zeros((4, 8, 8), np.uint8)

    def held(self, labels: Any) -> Dataset:
        found = data_of((self.images, labels))
        assert isinstance(found, Dataset)
        return found

    def test_rows_of_0_and_1(self) -> None:
        rows = [[1, 1, 0], [0, 0, 0], [0, 1, 0], [1, 0, 0]]
        for labels in (rows, np.array(rows, np.float32), torch.tensor(rows)):
            found = self.held(labels)
            assert (found.task, found.target.names) == ("multilabel", ("0", "1", "2"))
            assert list(lines(found).values()) == ["0;1", "", "1", "0"]
            assert not found.classes_named

    def test_lists_of_names(self) -> None:
        found = self.held([["dog", "cat"], [], ["cat"], ("dog",)])
        assert (found.task, list(lines(found).values())) == ("multilabel", ["cat;dog", "", "cat", "dog"])
        assert found.classes_named

    def test_one_each_is_a_class(self) -> None:
        for labels, names in (
            (np.eye(4)[[0, 1, 2, 3]], ["0", "1", "2", "3"]),
            ([["b"], ["a"], ["b"], ["a"]], ["b", "a", "b", "a"]),
        ):
            found = self.held(labels)
            assert (found.task, list(lines(found).values())) == ("classification", names)

    def test_probabilities_are_refused(self) -> None:
        with pytest.raises(UserError, match="labels of shape"):
            self.held(np.full((4, 3), 0.5))

    def test_by_split(self) -> None:
        part = (self.images, [["dog", "cat"], ["cat"], ["cat"], ["dog"]])
        found = data_of({"train": part, "test": (self.images, [["dog"], ["cat"], ["cat"], ["dog"]])})
        assert isinstance(found, Dataset)
        assert found.split("test").targets.lines() == ["dog", "cat", "cat", "dog"]
