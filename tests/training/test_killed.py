"""Trainings as processes of their own: stopped by the system, killed, on a file system that is full."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.command import within
from tests.training.same_bits import assert_same_bits, assert_same_rows

from convsight.run import Run

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")]

FAST = ("digits", "--net", "lecture3", "--size", "14", "--epochs", "6", "--no-export")
# A checkpoint after every step.
CODE = (
    "from convsight.training import generations; generations.EVERY_SECONDS = 0; generations.SHARE = 1e9; "
    "from convsight.cli import main; main()"
)


def stopped(number: int, when: Callable[[], bool], *arguments: str) -> subprocess.CompletedProcess[str]:
    """`convsight train ARGUMENTS`, sent the signal `number` once `when` says so."""
    command = [sys.executable, "-c", CODE, "train", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 200
    while not when() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    os.kill(process.pid, number)
    out, err = process.communicate(timeout=100)
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def resumed(path: Path) -> str:
    done = within("train", "--resume", path)
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_a_stop_by_the_system_and_a_kill_end_in_the_same_bits(tmp_path: Path) -> None:
    whole, part = Run(tmp_path / "whole"), Run(tmp_path / "part")
    assert within("train", *FAST, "--run", whole.path).returncode == 0
    done = stopped(signal.SIGTERM, part.checkpoint_file.exists, *FAST, "--run", str(part.path))
    assert done.returncode == 130, done.stderr
    assert "stopped in epoch 1 after" in done.stderr
    assert f"convsight train --resume {part.path}" in done.stderr
    before = part.checkpoint_file.stat().st_mtime_ns
    done = stopped(signal.SIGKILL, lambda: part.checkpoint_file.stat().st_mtime_ns > before, "--resume", str(part.path))
    assert done.returncode == -signal.SIGKILL
    assert "to the same weights as an unbroken training" in resumed(part.path)
    assert_same_bits(whole, part)
    assert_same_rows(whole, part)


def test_folds_whose_process_was_killed_go_on_with_what_was_finished(tmp_path: Path) -> None:
    whole, part = tmp_path / "whole", tmp_path / "part"
    folds = (*FAST[:-2], "3", "--no-export", "--folds", "2")
    assert within("train", *folds, "--run", whole).returncode == 0
    second = Run(part / "fold-2")
    assert stopped(signal.SIGKILL, second.checkpoint_before.exists, *folds, "--run", str(part)).returncode == -9
    said = resumed(part)
    assert "fold-1 (1 of 2): finished before, and kept" in said
    assert "fold-2 (2 of 2): gone on with" in said
    for name in ("fold-1", "fold-2"):
        assert_same_bits(Run(whole / name), Run(part / name))
    assert (part / "summary.json").is_file()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can mount a file system")
def test_a_file_system_that_is_full_ends_in_words_and_loses_nothing(tmp_path: Path) -> None:
    whole, small = Run(tmp_path / "whole"), tmp_path / "small"
    assert within("train", *FAST, "--run", whole.path).returncode == 0
    files = [file.stat().st_size + 8192 for file in whole.path.rglob("*") if file.parent == whole.path]
    state = whole.checkpoint_file.stat().st_size
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={(sum(files) + 5 * state) // 1024}k", "tmpfs", str(small)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        part, filler = Run(small / "part"), small / "filler"
        filler.write_bytes(bytes(3 * state))  # two checkpoints have room, three have not
        done = within("train", *FAST, "--run", part.path)
        assert f"cannot write {part.checkpoint_file}: No space left on device" in done.stderr
        assert "the training goes on, and the state after step" in done.stderr
        assert "Traceback" not in done.stderr
        assert done.returncode == 0, done.stderr
        assert not list((part.path / "checkpoint").glob(".writing-*"))
        filler.unlink()
        assert within("train", "--resume", part.path, "--epochs", "7").returncode == 0
        assert part.card.training["epochs"] == 7
        shutil.rmtree(part.path)
        free = os.statvfs(small)
        room = sum(files) - len(files) * 8192 - whole.model_file.stat().st_size // 2  # for half of the network
        filler.write_bytes(bytes(free.f_bavail * free.f_frsize - room))
        other = Run(small / "other")
        done = within("train", *FAST, "--run", other.path)
        assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
        assert "No space left on device" in done.stderr
        filler.unlink()
        if other.path.exists():
            resumed(other.path)
            assert_same_bits(whole, other)
    finally:
        subprocess.run(["umount", str(small)], check=True)
