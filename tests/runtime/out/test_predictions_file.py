import errno
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from tests.disk import Disk

from convsight.errors import UserError
from convsight.results import Label
from convsight.runtime.out import PredictionsFile, predictions_file, writer_lock
from convsight.runtime.out.checkpoints import Checkpoints
from convsight.runtime.prediction import Prediction
from convsight.runtime.sources.item import Item, file_item

CLASSES = ("cat", 'a "big", dog')
COLUMNS = ("label", "probability", *CLASSES)
NAMES = [f"photos/{n}.png" for n in range(20)] + ["a,b\nc.png", "again.png", "again.png", "\udcff.png"]
IDENTITY = {"model": "abc", "reject_below": None}


@pytest.fixture(autouse=True)
def _checkpoints_all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predictions_file, "_BETWEEN_S", 0.0)


def items(names: Iterable[str]) -> Iterator[Item]:
    return map(file_item, names)


def prediction(name: str) -> Prediction:
    if name.endswith("7.png"):
        return Prediction(name, error=f"{name} is empty")
    share = (len(name) % 5 + 1) / 7
    return Prediction(name, Label(CLASSES, np.array([share, 1 - share])))


def job(path: Path, names: list[str], stop: int | None = None) -> int:
    """Answer `names`, or give up before the one in place `stop` as a killed process would; how many were predicted."""
    sources = items(names)
    predicted = 0
    with PredictionsFile(path, COLUMNS, IDENTITY) as file:
        file.skip(sources)
        for item in sources:
            if file.images == stop:
                return predicted
            file.add(prediction(item.name))
            predicted += 1
        file.finish()
    return predicted


def content(path: Path) -> object:
    return pq.read_table(path).to_pylist() if path.suffix == ".parquet" else path.read_bytes()


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
@pytest.mark.parametrize("stop", [0, 1, 13, 22, 23])
def test_a_job_that_was_stopped_ends_with_the_same_file(tmp_path: Path, suffix: str, stop: int) -> None:
    job(tmp_path / f"whole{suffix}", NAMES)
    path = tmp_path / f"parts{suffix}"
    assert job(path, NAMES, stop) == stop
    assert job(path, NAMES) == len(NAMES) - stop
    assert content(path) == content(tmp_path / f"whole{suffix}")


@contextmanager
def disk_of(largest: int) -> Iterator[None]:
    """No file may have more than `largest` bytes, as on a full disk."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.skipif(sys.platform == "win32", reason="knows no largest file")
@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_a_full_disk_is_a_message_at_any_time_and_the_job_goes_on_later(tmp_path: Path, suffix: str) -> None:
    job(tmp_path / f"whole{suffix}", NAMES)
    whole = max(file.stat().st_size for file in tmp_path.iterdir())
    path, refused = tmp_path / f"parts{suffix}", 0
    for largest in range(0, whole + 1000, 97):
        with suppress(UserError), disk_of(largest):
            refused += 1
            job(path, NAMES)
            refused -= 1
    assert refused > 5
    job(path, NAMES)
    assert content(path) == content(tmp_path / f"whole{suffix}")


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_disk_that_fails_in_the_last_step_is_a_message(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / f"r{suffix}"
    with monkeypatch.context() as failing:
        failing.setattr(Checkpoints, "sync", fails)
        with pytest.raises(UserError, match="No space left on device; free some space"):
            job(path, NAMES)
    job(path, NAMES)
    job(tmp_path / f"whole{suffix}", NAMES)
    assert content(path) == content(tmp_path / f"whole{suffix}")


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_whatever_was_half_written_is_repaired(tmp_path: Path, suffix: str) -> None:
    job(tmp_path / f"whole{suffix}", NAMES)
    path = tmp_path / f"parts{suffix}"
    job(path, NAMES, 12)
    rows = tmp_path / f"parts{suffix}.part" if suffix == ".parquet" else path
    saved, saved_job = rows.read_bytes(), (tmp_path / f"{path.name}.job").read_bytes()
    for cut in (1, 30, len(saved) // 2, len(saved)):  # the predictions lack their end
        for cut_job in (0, 5, 150, 400):  # and so does the file that says how far they came
            rows.write_bytes(saved[: len(saved) - cut])
            (tmp_path / f"{path.name}.job").write_bytes(saved_job[: len(saved_job) - cut_job])
            job(path, NAMES)
            assert content(path) == content(tmp_path / f"whole{suffix}")
            path.unlink()
    rows.write_bytes(saved + b"photos/12.png,cat,0.")  # a line without its end
    (tmp_path / f"{path.name}.job").write_bytes(saved_job)
    job(path, NAMES)
    assert content(path) == content(tmp_path / f"whole{suffix}")


def test_images_that_follow_are_added_and_others_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    job(path, NAMES[:10])
    assert job(path, NAMES[:10]) == 0
    assert job(path, NAMES) == len(NAMES) - 10
    job(tmp_path / "whole.csv", NAMES)
    before = content(path)
    assert before == content(tmp_path / "whole.csv")
    for others in (["new.png", *NAMES], NAMES[1:], NAMES[::-1], NAMES[:-1]):
        with pytest.raises(UserError, match="first 24 images are not those predicted"):
            job(path, others)
        assert content(path) == before


def test_bad_images_of_the_first_part_still_count(tmp_path: Path) -> None:
    job(tmp_path / "r.csv", NAMES, 12)
    with PredictionsFile(tmp_path / "r.csv", COLUMNS, IDENTITY) as file:
        file.skip(items(NAMES))
        assert (file.images, file.bad, file.kept) == (12, 1, 12)


@pytest.mark.parametrize(
    ("columns", "identity", "message"),
    [
        (COLUMNS, {"model": "xyz", "reject_below": None}, "another model: abc, now xyz"),
        (COLUMNS, {"model": "abc", "reject_below": 0.5}, "another reject_below: None, now 0.5"),
        (("label", "probability", "cat"), IDENTITY, "another columns"),
    ],
)
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_another_model_is_refused(
    tmp_path: Path, suffix: str, columns: tuple[str, ...], identity: dict[str, object], message: str
) -> None:
    path = tmp_path / f"r{suffix}"
    job(path, NAMES, 5)
    files = {file: file.read_bytes() for file in tmp_path.iterdir()}
    with pytest.raises(UserError, match=message):
        PredictionsFile(path, columns, identity)
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == files


def test_a_file_of_somebody_else_is_not_touched(tmp_path: Path) -> None:
    for suffix in (".csv", ".parquet"):
        path = tmp_path / f"mine{suffix}"
        path.write_text("precious")
        with pytest.raises(UserError, match="another --out, or remove it"):
            PredictionsFile(path, COLUMNS, IDENTITY)
        assert path.read_text() == "precious"
    with pytest.raises(UserError, match=r"\.csv, \.jsonl, \.parquet"):
        PredictionsFile(tmp_path / "r.xlsx", COLUMNS, IDENTITY)
    with pytest.raises(UserError, match="cannot write"):
        PredictionsFile(tmp_path / "mine.csv" / "r.csv", COLUMNS, IDENTITY)


def test_parquet_has_numbers_texts_and_nothing_where_there_is_no_prediction(tmp_path: Path) -> None:
    job(tmp_path / "r.parquet", ["7.png", "b.png"])
    table = pq.read_table(tmp_path / "r.parquet")
    assert [str(field.type) for field in table.schema] == ["string", "string", "double", "double", "double", "string"]
    bad, good = table.to_pylist()
    assert bad == {"file": "7.png", "error": "7.png is empty"} | dict.fromkeys(COLUMNS)
    assert good["label"] in CLASSES
    assert good["error"] is None
    assert sorted(file.name for file in tmp_path.iterdir()) == ["r.parquet", "r.parquet.job"]


def test_a_finished_parquet_file_takes_the_same_command_and_nothing_more(tmp_path: Path) -> None:
    path = tmp_path / "r.parquet"
    job(path, NAMES)
    before = path.read_bytes()
    assert job(path, NAMES) == 0
    with pytest.raises(UserError, match="finished with 24 images: give the new ones another --out"):
        job(path, [*NAMES, "new.png"])
    with pytest.raises(UserError, match="are not those predicted"):
        job(path, NAMES[1:])
    with pytest.raises(UserError, match="another model"):
        PredictionsFile(path, COLUMNS, IDENTITY | {"model": "other"})
    assert path.read_bytes() == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["r.parquet", "r.parquet.job"]


class KilledError(Exception):
    """Stands for a process that ends here."""


@pytest.mark.parametrize("removed", [False, True])
def test_a_parquet_file_of_a_job_killed_at_the_end_is_finished_with_all_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, removed: bool
) -> None:
    """The rows are larger than the Parquet file, so the size of this one must not tell how far the job came."""
    path = tmp_path / "r.parquet"
    names = [f"photos/{number:05d}.png" for number in range(400)]
    unlink = Path.unlink

    def killed(file: Path, missing_ok: bool = False) -> None:
        if removed or file.suffix != ".part":
            unlink(file, missing_ok)
        if file.suffix == ".part":
            raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", killed)
        with pytest.raises(KilledError):
            job(path, names)
    before = path.read_bytes()
    with PredictionsFile(path, COLUMNS, IDENTITY) as file:
        assert file.kept == 400
        file.skip(items(names))
        assert (file.images, file.bad) == (400, 40)
        file.finish()
    assert path.read_bytes() == before


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_what_a_checkpoint_covers_is_on_the_disk_first(tmp_path: Path, disk: Disk, suffix: str) -> None:
    rows = "r.csv" if suffix == ".csv" else "r.parquet.part"
    job(tmp_path / f"r{suffix}", NAMES)
    events = [event for event in disk.events if event != ("unlink", f"r{suffix}.lock")]
    begun, ended = events.index(("sync", rows)), len(events) - events[::-1].index(("sync", rows))
    assert events[:begun].count(("sync", ".")) == 2, "the names of the checkpoints and of the rows"
    assert events[ended] == ("sync", f"r{suffix}.job")
    made = [("sync", "temporary"), ("rename", "r.parquet"), ("sync", "."), ("unlink", "r.parquet.part")]
    assert events[ended + 1 :] == (made if suffix == ".parquet" else [])


@pytest.mark.skipif(sys.platform == "win32", reason="no such locks")
class TestTwoWriters:
    """Between the calls of one, another one does its own: each gap between two calls of the system is tried."""

    def between(self, monkeypatch: pytest.MonkeyPatch, other: Callable[[], object]) -> None:
        """Have `other` happen once, when a lock's file is open and not yet locked."""
        import fcntl

        flock = fcntl.flock
        waiting = [other]

        def interrupted(*arguments: Any) -> None:
            if waiting:
                waiting.pop()()
            flock(*arguments)

        monkeypatch.setattr(fcntl, "flock", interrupted)

    def test_one_is_refused(self, tmp_path: Path) -> None:
        with (
            PredictionsFile(tmp_path / "r.csv", COLUMNS, IDENTITY),
            pytest.raises(UserError, match="is being written by another call"),
        ):
            PredictionsFile(tmp_path / "r.csv", COLUMNS, IDENTITY)
        job(tmp_path / "r.csv", NAMES)

    def test_a_lock_whose_file_was_removed_holds_nothing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = tmp_path / "r.csv"
        first = PredictionsFile(path, COLUMNS, IDENTITY)
        self.between(monkeypatch, first.__exit__)
        with (
            PredictionsFile(path, COLUMNS, IDENTITY),
            pytest.raises(UserError, match="is being written by another call"),
        ):
            PredictionsFile(path, COLUMNS, IDENTITY)

    def test_what_is_written_is_looked_at_when_nobody_else_writes(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "r.parquet"
        job(path, NAMES, stop=5)
        self.between(monkeypatch, lambda: job(path, NAMES))
        assert job(path, NAMES) == 0
        assert sorted(file.name for file in tmp_path.iterdir()) == ["r.parquet", "r.parquet.job"]

    def test_where_there_are_no_locks_files_are_written_all_the_same(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import fcntl

        def none(*arguments: Any) -> None:
            raise OSError(37, "No locks available")

        monkeypatch.setattr(fcntl, "flock", none)
        assert job(tmp_path / "r.csv", NAMES) == len(NAMES)
        assert sorted(file.name for file in tmp_path.iterdir()) == ["r.csv", "r.csv.job"]

    def test_a_system_without_locks_writes_all_the_same(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(writer_lock, "fcntl", None)
        assert job(tmp_path / "new" / "r.csv", NAMES) == len(NAMES)
        assert sorted(file.name for file in (tmp_path / "new").iterdir()) == ["r.csv", "r.csv.job"]

    def test_a_lock_that_somebody_removed_is_released(self, tmp_path: Path) -> None:
        path = tmp_path / "r.csv"
        lock = writer_lock.WriterLock(path)
        (tmp_path / "r.csv.lock").unlink()
        lock.release()
        job(path, NAMES)


def test_files_follow_the_umask_and_keep_their_mode(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    job(path, NAMES, stop=5)
    for file in (path, tmp_path / "r.csv.job"):
        file.chmod(0o600)
    job(path, NAMES)
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}


def test_what_is_kept_grows_with_the_checkpoints(tmp_path: Path) -> None:
    sources = items(NAMES)
    with PredictionsFile(tmp_path / "r.csv", COLUMNS, IDENTITY) as file:
        for count, item in enumerate(sources):
            assert file.kept == count
            file.add(prediction(item.name))


def test_parquet_without_its_library_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(UserError, match=r'pip install "\.\[parquet\]" in the clone of convsight'):
        job(tmp_path / "r.parquet", NAMES)
    assert list(tmp_path.iterdir()) == []
