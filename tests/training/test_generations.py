"""Two generations of checkpoints: kills inside the write of one, disks that are full, when one is due."""

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import torch
from PIL import Image
from tests.disk import Disk
from tests.training.heard import Heard
from tests.training.same_bits import assert_same_bits, assert_same_rows

from convsight.errors import UserError
from convsight.progress import Silent
from convsight.run import Run
from convsight.settings import TrainSettings
from convsight.training import generations
from convsight.training.generations import Generations
from convsight.training.resume import resume
from convsight.training.train import train

# Of the weights 1, 2 and 3 two are kept; the write of 3 ends at the call that is named, by SIGKILL.
WRITER = """
import os, signal, sys
from pathlib import Path
import torch
from convsight import files
from convsight.run import Run
from convsight.training.generations import Generations

def kept(generations, number):
    generations.save({"learner": {"weight": torch.full((5000,), float(number))}}, {}, {"step": number})

def killing_at(call, nth):
    place, name = {"write": (files, "_write_bytes"), "fsync": (os, "fsync"), "rename": (os, "rename")}[call]
    if call == "rename":
        place, name = Path, "replace"
    real, calls = getattr(place, name), [0]
    def killed(*arguments):
        calls[0] += 1
        if calls[0] == nth:
            if call == "write":
                arguments[0].write_bytes(arguments[1][:1000])
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments)
    setattr(place, name, killed)

for place in sys.argv[1:]:
    child = os.fork()
    if not child:
        generations = Generations(Run(Path(place)))
        kept(generations, 1)
        kept(generations, 2)
        call, nth = Path(place).name.split("-")
        killing_at(call, int(nth))
        kept(generations, 3)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    print(Path(place).name, os.WTERMSIG(status))
"""
MOMENTS = {"write-1": 2, "fsync-1": 2, "rename-1": 2, "rename-2": 2, "fsync-2": 3}  # and what is found afterwards


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")
def test_a_kill_at_any_moment_of_a_write_leaves_a_good_checkpoint(tmp_path: Path) -> None:
    places = [str(tmp_path / moment) for moment in MOMENTS]
    done = subprocess.run(
        [sys.executable, "-c", WRITER, *places], capture_output=True, text=True, check=True, timeout=240
    )
    assert done.stdout.split() == [word for moment in MOMENTS for word in (moment, str(int(signal.SIGKILL)))]
    for moment, number in MOMENTS.items():
        kept = Generations(Run(tmp_path / moment)).read(Silent())
        assert kept.facts["step"] == number, moment
        assert kept.part("learner")["weight"].tolist() == [number] * 5000, moment


def test_the_one_before_goes_once_the_new_one_is_on_the_disk(disk: Disk, tmp_path: Path) -> None:
    kept = Generations(Run(tmp_path))
    kept.save({}, {}, {"step": 1})
    kept.save({}, {}, {"step": 2})
    newest, before = "checkpoint/state.safetensors", "checkpoint/before.safetensors"
    assert disk.events[-4:] == [
        ("sync", "temporary"), ("rename", before), ("rename", newest), ("sync", "checkpoint"),
    ]  # fmt: skip


def test_one_is_due_when_the_last_is_old_beside_what_it_took(tmp_path: Path) -> None:
    kept = Generations(Run(tmp_path))
    clock = [1000.0]
    with patch.object(time, "monotonic", lambda: clock[0]):
        kept.begin()
        found = []
        for took, now in ((0.0, 1029.9), (0.0, 1030.0), (2.0, 1099.9), (2.0, 1100.0)):
            kept.last_s, clock[0] = took, now
            found.append(kept.is_due)
    assert found == [False, True, False, True]


@pytest.fixture(scope="module")
def choices(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Settings of a training of seconds, whose network is half as large as its checkpoint."""
    folder = tmp_path_factory.mktemp("pictures")
    random = np.random.default_rng(0)
    for name, level in (("dark", 60), ("bright", 190)):
        (folder / name).mkdir()
        for number in range(10):
            noise = np.clip(random.normal(level, 30, (12, 12, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(noise).save(folder / name / f"{number}.png")
    net = "conv 32 3x3 same | batchnorm | relu | conv 32 3x3 same relu | globalavg | dense classes"
    fast = {"net": net, "size": 12, "epochs": 2, "batch": 8, "export": False, "optimizer": "sgd"}
    return {"data": str(folder), **fast}


@pytest.fixture(scope="module")
def whole(choices: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Run:
    """That training, undisturbed."""
    return train(TrainSettings.of(run=str(tmp_path_factory.mktemp("whole") / "run"), **choices), Silent())


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """A disk with room for files of so many bytes each."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_told_and_the_training_goes_on(choices: dict[str, Any], whole: Run, tmp_path: Path) -> None:
    network, state = (file.stat().st_size for file in (whole.model_file, whole.checkpoint_file))
    assert state > 1.5 * network
    heard = Heard()
    with files_of_at_most((network + state) // 2), patch.object(generations, "EVERY_SECONDS", 0.0):
        run = train(TrainSettings.of(run=f"{tmp_path}/run", **choices), heard)
    (told,) = [said for said in heard.said if f"cannot write {run.checkpoint_file}" in said]
    assert told.endswith("the training goes on, and no state is kept so far")
    assert list((run.path / "checkpoint").iterdir()) == []
    assert run.card.training["finished"] is True
    ours, theirs = (run.model_file.read_bytes() for run in (run, whole))
    assert ours[-network // 2 :] == theirs[-network // 2 :], "the weights"


def test_a_network_that_cannot_be_written_ends_the_training_and_nothing_is_lost(
    choices: dict[str, Any], whole: Run, tmp_path: Path
) -> None:
    part = Run(tmp_path / "run")
    settings = TrainSettings.of(run=str(part.path), **choices)

    def full(file: Path, *_: object) -> None:
        with files_of_at_most(1000):
            file.write_bytes(bytes(2000))

    with (
        patch.object(generations, "EVERY_SECONDS", 0.0),
        patch("convsight.training.validation.save_network", lambda path, *_: write_full(path, full)),
        pytest.raises(UserError, match=r"cannot write .*model\.safetensors: File too large; free some space"),
    ):
        train(settings, Silent())
    assert part.is_begun
    resumed = resume(part.path, {}, Silent())
    assert_same_bits(whole, resumed)
    assert_same_rows(whole, resumed)


def write_full(path: Path, write: Any) -> None:
    """What `save_network` does on a full disk."""
    from convsight.files import write_atomic_with

    write_atomic_with(path, write)


def test_that_checkpoints_can_be_written_again_is_told(choices: dict[str, Any], whole: Run, tmp_path: Path) -> None:
    real, heard = Generations.save, Heard()
    failing = [True, False, True]

    def save(*arguments: Any) -> None:
        if failing and failing.pop(0):
            raise UserError("cannot write it")
        real(*arguments)

    with patch.object(Generations, "save", save), patch.object(generations, "EVERY_SECONDS", 0.0):
        run = train(TrainSettings.of(run=f"{tmp_path}/run", **choices), heard)
    told = [said for said in heard.said if "cannot write" in said or "checkpoints can" in said]
    assert [said.split(":")[0].split(";")[0] for said in told] == ["note", "checkpoints can be written again"] * 2
    assert_same_bits(whole, run)


def test_weights_that_are_infinite_take_no_place(choices: dict[str, Any], tmp_path: Path) -> None:
    from tests.training.begun import begun

    from convsight.training.saving import keep_state

    given = {name: value for name, value in choices.items() if name not in {"data", "export"}}
    t = begun(choices["data"], tmp_path / "run", export=False, **given)
    t.run.path.mkdir()
    keep_state(t, Silent())
    good = t.run.checkpoint_file.read_bytes()
    torch.nn.init.constant_(next(t.learner.parameters()), torch.inf)
    keep_state(t, Silent())
    assert t.run.checkpoint_file.read_bytes() == good
    assert not t.run.checkpoint_before.exists()
