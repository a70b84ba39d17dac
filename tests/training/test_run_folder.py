"""The folder of a training: one at a time writes it, killed ones leave nothing in the way."""

from pathlib import Path

import pytest
from tests.training.heard import Heard

from convsight.errors import UserError
from convsight.run import Run
from convsight.training.run_folder import locked, new_run


def test_the_second_of_two_is_refused_and_a_lock_of_a_dead_one_is_not(tmp_path: Path) -> None:
    run = Run(tmp_path)
    (tmp_path / "training.lock").write_bytes(b"")  # of a process that was killed
    with locked(run):
        with pytest.raises(UserError, match="is being trained by another call"), locked(run):
            pass
        (tmp_path / "inside").touch()
    assert [path.name for path in tmp_path.iterdir()] == ["inside"]


def test_what_killed_writers_left_is_removed(tmp_path: Path) -> None:
    run = Run(tmp_path)
    (tmp_path / "checkpoint").mkdir()
    for left in (".writing-1a.safetensors", "checkpoint/.writing-2b.safetensors"):
        (tmp_path / left).touch()
    (tmp_path / ".exporting-x").mkdir()
    (tmp_path / ".exporting-x" / "draft.onnx").touch()
    with locked(run):
        assert {path.name for path in tmp_path.rglob("*")} == {"checkpoint", "training.lock"}


def test_the_folder_of_one_that_was_killed_before_its_first_epoch_is_used_again(tmp_path: Path) -> None:
    dead = tmp_path / "a"
    dead.mkdir()
    for name in ("log.txt", "splits.csv", "settings.toml", "training.lock"):
        (dead / name).touch()
    heard = Heard()
    with new_run(str(dead), "data", heard) as run:
        assert run.path == dead
        assert [path.name for path in dead.iterdir()] == ["training.lock"]
        (dead / "checkpoint").mkdir()
        run.checkpoint_file.touch()
    assert "is begun anew" in heard.said[0]


@pytest.mark.parametrize("more", ["model.safetensors", "checkpoint/state.safetensors", "notes.txt"])
def test_a_folder_with_anything_more_is_left_alone(tmp_path: Path, more: str) -> None:
    kept = tmp_path / "a"
    (kept / "checkpoint").mkdir(parents=True)
    (kept / "log.txt").touch()
    (kept / more).touch()
    with new_run(str(kept), "data", Heard()) as run:
        assert run.path == tmp_path / "a-2"
    assert (kept / more).is_file()


def test_nothing_is_left_where_no_epoch_was_finished(tmp_path: Path) -> None:
    with pytest.raises(UserError), new_run(str(tmp_path / "a"), "data", Heard()):
        raise UserError("the steps are too large")
    assert list(tmp_path.iterdir()) == []


def test_one_that_has_just_begun_is_not_dead(tmp_path: Path) -> None:
    place = tmp_path / "a"
    place.mkdir()
    (place / "log.txt").touch()
    with locked(Run(place)), new_run(str(place), "data", Heard()) as run:
        assert run.path == tmp_path / "a-2"
    assert (place / "log.txt").is_file()
