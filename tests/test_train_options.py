"""What `convsight train` ends with."""

import re
from pathlib import Path
from shutil import copytree
from typing import Literal
from unittest.mock import patch

import pytest
from pydantic import Field
from tests.command import within
from typer import Context
from typer.main import get_command

from convsight import train_options
from convsight.cli import app
from convsight.run import Run
from convsight.settings import TaskSettings
from convsight.train_options import next_steps, train_app


def test_a_training_ends_with_where_things_are_and_commands_that_work(exported_run: Run, tmp_path: Path) -> None:
    run = Run(Path(copytree(exported_run.path, tmp_path / "my run")))
    told = next_steps(run)
    assert "model.safetensors and model.onnx" in told
    assert re.search(r"figures confusion\.png, curves\.png, .*reliability\.png", told)
    commands = re.findall(r"convsight (\w+) '(.*?)'", told)
    assert [path for _, path in commands] == [str(run.path)] * 4
    verbs = get_command(app).commands  # type: ignore[attr-defined]
    assert {verb for verb, _ in commands} <= set(verbs)
    run.exported_file.unlink()
    assert "the network model.safetensors," in next_steps(run)


def test_an_end_without_figures(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").touch()
    assert next_steps(Run(tmp_path)).startswith(f"all of it is in {tmp_path}/: the network model.safetensors\nnext:")


def test_lines_of_epochs_are_kept_on_request(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    def stop(every_epoch: bool = False) -> None:
        asked.append(every_epoch)
        raise KeyboardInterrupt

    monkeypatch.setattr("convsight.train_options.Terminal", stop)
    for words in ([], ["--every-epoch"]):
        within("train", str(photos), *words, cwd=tmp_path)
    assert asked == [False, True]
    assert "--every-epoch" in {option for each in get_command(train_app()).params for option in each.opts}


def test_choices_that_tasks_name_alike_are_all_understood() -> None:
    class Few(TaskSettings):
        loss: Literal["a", "b"] = Field("a", description="One.")

    class More(TaskSettings):
        loss: Literal["b", "c"] = Field("b", description="Another.")

    with patch.object(train_options, "own_names", return_value={"loss": (Few, More)}):
        command = get_command(train_app())
    option = next(each for each in command.params if each.name == "loss")
    offered = option.shell_complete(Context(command), "")
    assert [each.value for each in offered] == ["a", "b", "c"]
