"""All that is said stands in the log of the run, whenever the run is known; the rest goes to the listener alone."""

from pathlib import Path

from tests.training.heard import Heard

from convsight.progress import Status
from convsight.run import Run
from convsight.training.recorder import Recorder

STATUS = Status(1, 0.5, 0.1, 10, 5, "")


def log(run: Run) -> list[str]:
    return (run.path / "log.txt").read_text().splitlines()


def test_what_was_said_before_there_was_a_run_is_logged_first_and_once(tmp_path: Path) -> None:
    heard, run = Heard(), Run.create(str(tmp_path / "run"), "data")
    recorder = Recorder(heard)
    recorder.say("data read")
    recorder.say("network chosen")
    assert heard.said == ["data read", "network chosen"]
    assert not (run.path / "log.txt").exists()
    recorder.record_in(run)
    assert log(run) == ["data read", "network chosen"]
    recorder.say("epoch 1")
    assert log(run) == ["data read", "network chosen", "epoch 1"]
    assert heard.said == ["data read", "network chosen", "epoch 1"]


def test_bars_and_steps_are_passed_on_and_not_logged(tmp_path: Path) -> None:
    heard, run = Heard(), Run.create(str(tmp_path / "run"), "data")
    recorder = Recorder(heard)
    recorder.record_in(run)
    with recorder.counting("reading images", 3) as advance:
        advance(2)
    with recorder.training() as show:
        show(STATUS)
    assert heard.counted == [("reading images", 3, 2)]
    assert heard.shown == [STATUS]
    assert heard.said == []
    assert not (run.path / "log.txt").exists()


def test_a_log_that_cannot_be_written_is_told_once_and_ends_nothing(tmp_path: Path) -> None:
    heard, run = Heard(), Run(tmp_path / "gone")
    recorder = Recorder(heard)
    recorder.record_in(run)
    recorder.say("epoch 1")
    recorder.epoch(2, "epoch 2")
    assert heard.said[0] == "epoch 1"
    assert f"note: cannot write {run.path / 'log.txt'}" in heard.said[1]
    assert sum("cannot write" in said for said in heard.said) == 1
