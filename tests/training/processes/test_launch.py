"""`--processes N`: processes are started, heard and ended together."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from unittest.mock import patch

import pytest
from tests.command import within

from convsight.errors import UserError
from convsight.training.processes.launch import launch, without_processes
from convsight.training.processes.share import share_of
from convsight.training.processes.start import count_of, own_device

LAUNCHER = """
import signal, sys
from convsight.training.processes.launch import launch

signal.signal(signal.SIGINT, signal.default_int_handler)
sys.exit(launch(2, [sys.executable, "-c", sys.argv[1]], print))
"""
RANK = "import os, sys, time; rank = int(os.environ['RANK']); "


def run(code: str, count: int = 2) -> tuple[int, list[str]]:
    said: list[str] = []
    return launch(count, [sys.executable, "-c", RANK + code], said.append), said


def test_each_knows_its_place_and_has_its_part_of_the_cores(tmp_path: Path) -> None:
    names = "RANK LOCAL_RANK WORLD_SIZE LOCAL_WORLD_SIZE MASTER_ADDR OMP_NUM_THREADS"
    code = f"open(f'{tmp_path}/{{rank}}', 'w').write(' '.join(os.environ[n] for n in '{names}'.split()))"
    with patch.dict(os.environ), patch("os.cpu_count", return_value=6):
        os.environ.pop("OMP_NUM_THREADS", None)
        assert run(code) == (0, [])
    assert [(tmp_path / str(rank)).read_text() for rank in range(2)] == ["0 0 2 2 127.0.0.1 3", "1 1 2 2 127.0.0.1 3"]


def test_one_that_is_killed_is_named_and_the_first_may_say_the_rest(tmp_path: Path) -> None:
    code = f"os.kill(os.getpid(), 9) if rank else (time.sleep(1), open('{tmp_path}/said', 'w'), sys.exit(2))"
    assert run(code) == (2, ["process 1 of 2 was killed (SIGKILL); all end with it"])
    assert (tmp_path / "said").exists()


def test_where_the_first_is_killed_another_says_the_rest() -> None:
    code = "(time.sleep(0.5), sys.exit('error: go on with X')) if rank else os.kill(os.getpid(), 9)"
    assert run(code) == (2, ["process 0 of 2 was killed (SIGKILL); all end with it", "error: go on with X"])


def test_what_the_first_tells_is_told_once_and_a_fault_of_another_is_shown() -> None:
    assert run("sys.exit(2)") == (2, [])
    code, said = run("1 / 0 if rank else time.sleep(0.3)")
    assert code == 1
    assert "ZeroDivisionError" in said[0]


def test_ctrl_c_ends_all_and_they_may_end_in_their_own_way(tmp_path: Path) -> None:
    code = f"""
try:
    open(f'{tmp_path}/{{rank}}', 'w')
    time.sleep(60)
except KeyboardInterrupt:
    open(f'{tmp_path}/{{rank}}-stopped', 'w')
    sys.exit(130)
"""
    # A process of its own is stopped: the one that runs the tests is not told apart from others that share its end.
    command = [sys.executable, "-c", LAUNCHER, RANK.replace("; rank", "\nrank") + code]
    with subprocess.Popen(command) as launcher:
        while len(list(tmp_path.iterdir())) < 2:
            time.sleep(0.02)
        launcher.send_signal(signal.SIGINT)
        assert launcher.wait(30) == 130
    assert {path.name for path in tmp_path.iterdir()} == {"0", "1", "0-stopped", "1-stopped"}


def test_the_option_is_taken_off() -> None:
    assert without_processes(["train", "a", "--processes=2", "--lr", "1", "--processes", "3"]) == [
        "train", "a", "--lr", "1",
    ]  # fmt: skip


def test_what_cannot_be_together_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for arguments, words in (
        (("train", "digits", "--processes", "2", "--folds", "3"), "--folds trains one run after the other"),
        (("train", "digits", "--processes", "2", "--freeze", "all-three"), "--freeze all-three trains one run after"),
        (("lr-find", "digits", "--freeze", "all-three"), "that is three trainings, compared: convsight train DATA"),
        (("train", "digits", "--processes", "2", "--net", "small", "--epochs", "0"), "epochs"),
    ):
        done = within(*arguments)
        assert done.returncode == 2
        assert words in done.stderr
    monkeypatch.setenv("WORLD_SIZE", "4")
    done = within("train", "digits", "--processes", "2")
    assert (done.returncode, done.stderr.count("4 processes are started already")) == (2, 1)
    monkeypatch.setenv("RANK", "1")
    done = within("train", "digits", "--repeat", "2")
    assert done.returncode == 2
    assert "MASTER_ADDR, MASTER_PORT is not set" in done.stderr


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"RANK": "0", "WORLD_SIZE": "2"}, "MASTER_ADDR, MASTER_PORT is not set"),
        ({"RANK": "2", "WORLD_SIZE": "2", "MASTER_ADDR": "a", "MASTER_PORT": "1"}, "RANK=2 and WORLD_SIZE=2"),
        ({"RANK": "x", "WORLD_SIZE": "2", "MASTER_ADDR": "a", "MASTER_PORT": "1"}, "RANK=x and WORLD_SIZE=2"),
    ],
)
def test_an_environment_that_says_too_little_is_told(environment: dict[str, str], words: str) -> None:
    with pytest.raises(UserError, match=words):
        count_of(environment)
    assert count_of({"RANK": "0", "WORLD_SIZE": "1"}) == count_of({"WORLD_SIZE": "4"}) == 1


def test_each_process_takes_a_gpu_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert own_device("auto") == "auto"
    for name, value in (("RANK", "1"), ("WORLD_SIZE", "2"), ("MASTER_ADDR", "a"), ("MASTER_PORT", "1")):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert own_device("cpu") == "cpu"
    with patch("torch.cuda.device_count", return_value=2):
        assert own_device("cuda") == "cuda:1"
        with pytest.raises(UserError, match="--device cuda:0 is one GPU"):
            own_device("cuda:0")
    with patch("torch.cuda.device_count", return_value=1), pytest.raises(UserError, match="finds 1 GPUs"):
        own_device("cuda")


def test_shares_are_all_rows_once_and_nothing_is_learnt_from_none() -> None:
    for whole in range(1, 12):
        for count in range(1, 6):
            shares = [share_of(whole, rank, count) for rank in range(count)]
            assert sum(share.weight for share in shares) == pytest.approx(1)
            assert sum(share.counted for share in shares) == pytest.approx(whole)
            assert all(share.end > share.start for share in shares)
            if whole >= count:
                assert [row for share in shares for row in range(share.start, share.end)] == list(range(whole))
