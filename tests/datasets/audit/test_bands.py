"""Faults of bands, each planted alone into clean class folders."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.band_files import class_folders, some_bands, write_bands
from tests.datasets.audit.findings import audited

from convsight.datasets.audit import Audit


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    return class_folders(tmp_path / "data")


def kinds(found: Audit) -> dict[str, list[str]]:
    """The findings about bands: kinds and notes."""
    about = {"bands", "band-types", "constant-band", "nodata", "nodata-share", "unreadable"}
    return {each.kind: [entry.note for entry in each.entries] for each in found.findings if each.kind in about}


def test_clean_folders_have_none(clean: Path) -> None:
    found = audited(clean)
    assert kinds(found) == {}
    assert not found.wrong
    assert found.sizes is not None
    assert found.sizes.median == (8, 8)


def test_other_bands(clean: Path) -> None:
    write_bands(clean / "train" / "a" / "more.tif", some_bands(bands=5))
    found = audited(clean)
    assert kinds(found) == {"bands": ["5 bands"]}
    assert found.wrong


def test_a_photo_among_bands(clean: Path) -> None:
    Image.effect_noise((8, 8), 50).save(clean / "train" / "a" / "photo.tif")
    found = audited(clean)
    assert kinds(found) == {"bands": [""]}
    assert found.wrong


def test_another_type(clean: Path) -> None:
    write_bands(clean / "train" / "a" / "other.tif", some_bands(dtype="float32"))
    found = audited(clean)
    assert kinds(found) == {"band-types": ["float32"]}
    assert found.wrong


def test_constant_bands_and_nodata(clean: Path) -> None:
    values = some_bands(8, 8)
    values[..., 2] = 9
    write_bands(clean / "train" / "a" / "constant.tif", values)
    empty = some_bands(8, 8, dtype="uint16", seed=3) + 1
    empty[:6] = 0
    write_bands(clean / "train" / "b" / "empty.tif", empty, nodata=0)
    found = kinds(audited(clean))
    assert (found["constant-band"], found["nodata"]) == (["bands 3"], ["75%"])
    assert "nodata-share" in found


def test_equal_bands_are_duplicates(clean: Path) -> None:
    values = np.concatenate([some_bands(8, 8, 3), np.zeros((8, 8, 1), np.uint16)], axis=2)
    write_bands(clean / "train" / "a" / "one.tif", values, compress="lzw")
    write_bands(clean / "test" / "a" / "two.tif", values)
    assert "leaks" in [each.kind for each in audited(clean).findings]


def test_a_file_cut_short(clean: Path) -> None:
    file = clean / "train" / "a" / "0.tif"
    file.write_bytes(file.read_bytes()[:-300])
    [note] = kinds(audited(clean))["unreadable"]
    assert "cut short" in note
