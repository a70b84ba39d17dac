import gzip
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torchvision

from convsight.datasets import read_dataset
from convsight.datasets.known_sets import KNOWN_SETS, cache_folder
from convsight.errors import UserError
from convsight.results import Labels


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CONVSIGHT_DATA", str(tmp_path / "cache"))
    return cache_folder()


def test_every_known_set_is_one_of_torchvision() -> None:
    for known in KNOWN_SETS.values():
        assert hasattr(torchvision.datasets, known.class_name)


def test_a_downloaded_set_is_read_from_the_cache(cache: Path, shared_data: Callable[[str], Path]) -> None:
    source = shared_data("fashion_mnist")
    raw = cache / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for file in source.glob("*.gz"):
        with gzip.open(file) as packed, open(raw / file.stem, "wb") as unpacked:
            shutil.copyfileobj(packed, unpacked)
    known, by_path = read_dataset("fashion-mnist"), read_dataset(source)
    assert known.target.names == by_path.target.names
    assert known.classes_named
    for name in ("train", "test"):
        ours, theirs = known.splits[name], by_path.splits[name]
        np.testing.assert_array_equal(np.asarray(ours.images), np.asarray(theirs.images))
        assert isinstance(ours.targets, Labels)
        assert isinstance(theirs.targets, Labels)
        np.testing.assert_array_equal(ours.targets.indices, theirs.targets.indices)


def test_files_in_class_folders_are_listed_not_decoded(cache: Path) -> None:
    # EuroSAT's layout, with two classes of files that no decoder would take.
    for name in ("Forest", "River"):
        folder = cache / "eurosat" / "2750" / name
        folder.mkdir(parents=True)
        for index in range(3):
            (folder / f"{name}_{index}.jpg").write_text("not decoded")
    dataset = read_dataset("eurosat")
    split = dataset.splits["all"]
    assert dataset.target.names == ("Forest", "River")
    assert len(split) == 6
    assert Path(str(split.images[5])).name == "River_2.jpg"
    assert split.targets[5].name == "River"  # type: ignore[attr-defined]


def test_without_a_network_the_message_says_where_to_put_the_files(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nothing listens there
    with pytest.raises(UserError) as raised:
        read_dataset("kmnist")
    assert str(cache) in str(raised.value)
    assert "KMNIST" in str(raised.value)


def test_a_folder_of_that_name_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, photos: Path) -> None:
    monkeypatch.chdir(tmp_path)
    photos.rename(tmp_path / "mnist")
    assert read_dataset("mnist").target.names == ("bright", "dark")
