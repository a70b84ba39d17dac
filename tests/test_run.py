from pathlib import Path

import pytest

from convsight.errors import UserError
from convsight.run import Run, find_model_file
from convsight.settings import TrainSettings


def test_names_lie_under_runs_and_paths_where_they_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Run.create(None, "photos").path == Path("runs/photos")
    assert Run.create("cats", "photos").path == Path("runs/cats")
    assert Run.create("cats", "photos").path == Path("runs/cats-2")
    assert Run.create("cats", "photos").path == Path("runs/cats-3")
    assert Run.create(f"{tmp_path}/elsewhere/x", "photos").path == tmp_path / "elsewhere" / "x"


def test_settings_come_back_as_they_were(tmp_path: Path) -> None:
    run = Run.create(f"{tmp_path}/a", "photos")
    settings = TrainSettings.of(data="photos", minutes=2.5, flip="both", workers=3)
    run.save_settings(settings, {"batch": 32, "epochs": None})
    assert run.settings() == (settings, {"batch": 32})


def test_damaged_settings_name_the_file(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("settings = [")
    with pytest.raises(UserError, match=r"settings\.toml"):
        Run.open(tmp_path).settings()


def test_what_is_no_run_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not a run folder"):
        Run.open(tmp_path)
    with pytest.raises(UserError, match=r"no model\.safetensors"):
        find_model_file(tmp_path)
    with pytest.raises(UserError, match="does not exist"):
        find_model_file(tmp_path / "nothing")
    with pytest.raises(UserError, match="no model yet"):
        _ = Run.create(f"{tmp_path}/a", "photos").metrics
