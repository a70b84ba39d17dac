"""`--config`: settings of one training for another."""

from pathlib import Path

import pytest
from tests.command import within

from convsight.errors import UserError
from convsight.run import Run
from convsight.settings import TrainSettings
from convsight.stored_settings import stored_settings
from convsight.tasks.choices import for_task, train_settings


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run of a detector that was asked for a few things."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "first").mkdir(parents=True)
    made = Run(Path("runs/first"))
    settings = train_settings(data="shapes", task="detection", epochs=7, lr=0.02, mosaic=0.25, grow=False)
    made.save_settings(for_task(settings, "detection"), {"epochs": 7, "batch": 32})
    return made


@pytest.mark.parametrize("place", ["first", "runs/first", "runs/first/settings.toml"])
def test_a_runs_settings_are_those_of_the_next(run: Run, place: str) -> None:
    again = train_settings(**stored_settings(place, {}))
    assert again == run.settings()[0]
    assert (again.lr, again.grow, again.own["mosaic"], again.batch) == (0.02, False, 0.25, None)


def test_options_on_the_command_line_win(run: Run) -> None:
    again = stored_settings("first", {"lr": 0.1, "minutes": 2.0, "mosaic": 0.0})
    assert (again["lr"], again["minutes"], again["mosaic"], again["data"]) == (0.1, 2.0, 0.0, "shapes")
    assert "epochs" not in again


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epoch = 3", r"mine\.toml: unknown setting 'epoch'; did you mean epochs"),
        ("[settings.detecton]\nmosaic = 1", r"mine\.toml: unknown setting 'detecton'; did you mean detection"),
        ("[settings]\nown = 3", r"unknown setting 'own'"),
        ("epochs = ", r"cannot read mine\.toml: "),
    ],
)
def test_what_is_no_setting_is_told_with_the_file(run: Run, text: str, message: str) -> None:
    Path("mine.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=message):
        stored_settings("mine.toml", {})


def test_a_file_of_ones_own_and_one_that_is_not_there(run: Run) -> None:
    Path("mine.toml").write_text('net = "lecture3"\nlabel_smoothing = 0.1\n', encoding="utf-8")
    assert stored_settings("mine.toml", {"data": "digits"}) == {
        "net": "lecture3", "label_smoothing": 0.1, "data": "digits",
    }  # fmt: skip
    with pytest.raises(UserError, match="--config nowhere: there is no such file, and no run"):
        stored_settings("nowhere", {})


def test_train_reads_it_and_its_mistakes_end_with_2(run: Run) -> None:
    Path("mine.toml").write_text('data = "digits"\nnet = "lecture3"\n', encoding="utf-8")
    done = within("train", "--config", "mine.toml", "--size", "3")
    assert (done.returncode, "use --size 5 or more" in done.stderr) == (2, True)
    done = within("train", "--config", "mine.toml", "--net", "nonet")
    assert (done.returncode, "unknown net 'nonet'" in done.stderr) == (2, True)
    assert within("train", "--config", "mine.toml", "--resume", "first").returncode == 2
    assert TrainSettings.model_fields["net"].default is None
