"""Compiled networks in the cache: the same predictions, and no harm from damage."""

import os
from pathlib import Path

import numpy as np
import pytest

from convsight.model_files import read_card
from convsight.run import Run
from convsight.runtime import compiled_cache
from convsight.runtime.openvino_engine import OpenVINOEngine


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(compiled_cache, "_WORTHWHILE", 0)
    return tmp_path / "cache" / "convsight" / "openvino"


def predictions(run: Run) -> np.ndarray:
    some = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), np.uint8)
    card = read_card(run.exported_file)
    found: np.ndarray = OpenVINOEngine(run.exported_file, card, "float32").run(some)["probabilities"]
    return found


def test_the_second_call_reads_what_the_first_one_kept(exported_run: Run, cache: Path) -> None:
    first = predictions(exported_run)
    (blob,) = cache.iterdir()
    assert oct(cache.stat().st_mode)[-3:] == "700"
    marked = blob.stat().st_ino
    assert (predictions(exported_run) == first).all()
    assert [file.stat().st_ino for file in cache.iterdir()] == [marked]


def test_a_damaged_one_is_compiled_again(exported_run: Run, cache: Path) -> None:
    first = predictions(exported_run)
    (blob,) = cache.iterdir()
    for damage in (b"", b"no network", blob.read_bytes()[:1000]):
        blob.write_bytes(damage)
        assert (predictions(exported_run) == first).all()


def test_it_stays_small_and_can_be_turned_off(
    exported_run: Run, cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for index in range(12):
        file = tmp_path / f"{index}.onnx"
        file.write_bytes(b"graph")
        place = compiled_cache.cache_file(file)
        assert place is not None
        compiled_cache.write_cached(place, b"compiled")
        os.utime(place, (index, index))
    assert len(list(cache.iterdir())) <= 9
    monkeypatch.setenv("CONVSIGHT_CACHE", "0")
    assert compiled_cache.cache_file(exported_run.exported_file) is None


def test_a_changed_graph_has_another_name(tmp_path: Path, cache: Path) -> None:
    file = tmp_path / "a.onnx"
    file.write_bytes(b"one")
    before = compiled_cache.cache_file(file, "bf16")
    assert compiled_cache.cache_file(file, "f32") != before
    file.write_bytes(b"another")
    assert compiled_cache.cache_file(file, "bf16") != before


def test_a_home_that_cannot_be_written_costs_nothing(
    exported_run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(compiled_cache, "_WORTHWHILE", 0)
    assert predictions(exported_run).shape == (3, 10)
