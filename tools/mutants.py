"""Tests that can fail: plants faults by rule in files, runs the tests that mirror each, and lists faults they miss.

`make mutants SINCE=main~5`, or `python -m tools.mutants src/convsight/files.py`. Nothing happens to the working tree:
faults are planted in a copy. The list is for people, some faults change nothing that matters; the exit code is 0.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Literal, NamedTuple

from tools.faults import Fault, faults_in

from convsight.spread import evenly

ROOT = Path(__file__).resolve().parents[1]
_SOURCES, _TESTS = Path("src/convsight"), Path("tests")
_PATIENCE, _START_S = 5, 20.0  # a run may take so many times as long as without a fault, and so many seconds more

Outcome = Literal["found", "missed", "endless"]


class Report(NamedTuple):
    """What became of the faults planted in a file: those that were missed, and how many there were in all."""

    file: Path
    planted: int
    missed: tuple[str, ...]
    endless: int


def changed_files(root: Path, since: str) -> list[Path]:
    """The sources that differ from those of the commit `since`, relative to `root`."""
    command = ["git", "diff", "--name-only", "--diff-filter=d", since, "--", str(_SOURCES)]
    names = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout.splitlines()
    return [Path(name) for name in names if name.endswith(".py")]


def by_room(files: Iterable[Path]) -> dict[str, list[Path]]:
    """The sources by the room they lie in: the folder below the package; `.` for those in none."""
    rooms: dict[str, list[Path]] = {}
    for file in files:
        inner = file.relative_to(_SOURCES)
        rooms.setdefault(inner.parts[0] if len(inner.parts) > 1 else ".", []).append(file)
    return rooms


def mirroring(root: Path, file: Path) -> list[str]:
    """The tests that shall find faults in `file`, relative to `root`.

    Those are the file that mirrors it, else those that import it, else those of its room; its own examples always.
    """
    inner = file.relative_to(_SOURCES)
    mirrored = _TESTS / inner.parent / f"test_{inner.name}"
    room = sorted((root / mirrored.parent).glob("test_*.py"))
    if (root / mirrored).is_file():
        found = [root / mirrored]
    else:
        found = [test for test in sorted((root / _TESTS).rglob("test_*.py")) if _imports(test, inner)] or room
    examples = [file] if ">>>" in (root / file).read_text(encoding="utf-8") else []
    return [str(path) for path in (*(test.relative_to(root) for test in found), *examples)]


def _imports(test: Path, inner: Path) -> bool:
    package = ".".join(("convsight", *inner.parent.parts))
    words = rf"\b{re.escape(f'{package}.{inner.stem}')}\b|from {re.escape(package)} import [^\n]*\b{inner.stem}\b"
    return re.search(words, test.read_text(encoding="utf-8")) is not None


def mutate(root: Path, file: Path, tests: Sequence[str], most: int, jobs: int) -> Report | None:
    """Plant up to `most` faults in copies of `file`, of which `jobs` are tested at once; missed ones are printed.

    None where the tests fail as it is.
    """
    source = (root / file).read_text(encoding="utf-8")
    faults = faults_in(source)
    faults = [faults[position] for position in evenly(len(faults), most)]
    with _copies(root, jobs) as copies:
        started = time.perf_counter()
        if _run(copies[0], tests, None) != 0:
            return None
        limit_s = _START_S + _PATIENCE * (time.perf_counter() - started)
        free: SimpleQueue[Path] = SimpleQueue()
        for copy in copies:
            free.put(copy)

        def outcome(fault: Fault) -> Outcome:
            copy = free.get()
            try:
                (copy / file).write_text(fault.planted_in(source), encoding="utf-8")
                code = _run(copy, tests, limit_s)
            finally:
                (copy / file).write_text(source, encoding="utf-8")
                free.put(copy)
            if code == 0:
                print(f"{file}:{fault.line}: {fault.told(source)}", flush=True)
            return "endless" if code is None else "missed" if code == 0 else "found"

        with ThreadPoolExecutor(jobs) as pool:
            outcomes = list(pool.map(outcome, faults))
    missed = tuple(
        f"{fault.line}: {fault.told(source)}" for fault, each in zip(faults, outcomes, strict=True) if each == "missed"
    )
    return Report(file, len(faults), missed, outcomes.count("endless"))


@contextmanager
def _copies(root: Path, count: int) -> Iterator[list[Path]]:
    """Copies of what is in the working tree and not ignored, removed in the end; beside each, what lies beside it."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=root, capture_output=True, check=True).stdout.decode().split("\0")
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copies = [Path(folder) / str(number) / root.name for number in range(count)]
        for copy in copies:
            for name in filter(None, names):
                if (root / name).is_file() and not (root / name).is_symlink():
                    (copy / name).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(root / name, copy / name)
            for inside, beside in ((copy / ".venv", root / ".venv"), (copy.parent / "shared", root.parent / "shared")):
                if beside.exists() and not inside.exists():
                    inside.symlink_to(beside.resolve())
        yield copies


def _run(copy: Path, tests: Sequence[str], limit_s: float | None) -> int | None:
    """The exit code of the tests in `copy`; None where they did not end in time."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-m", "not slow", *tests]
    # Without bytecode: of two sources written in the same second that of the first might be run for the second.
    environment = os.environ | {"PYTHONPATH": str(copy / "src"), "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        command, cwd=copy, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            return process.wait(limit_s)
        except subprocess.TimeoutExpired:
            return None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)  # what the tests started too


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, help="sources, relative to the repository")
    parser.add_argument("--since", help="all sources that differ from this commit's")
    parser.add_argument("--a-room", type=int, metavar="N", help="no more than N files of a room, spread over it")
    parser.add_argument("--tests", nargs="+", help="these tests instead of those that mirror a file")
    parser.add_argument("--most", type=int, default=60, help="faults planted in a file, spread over it [60]")
    parser.add_argument("--jobs", type=int, default=1, help="runs at once [1]")
    asked = parser.parse_args()
    if not asked.files and not asked.since:
        parser.error("name files, or a commit: --since main~5")
    return asked


def main() -> None:
    """Plant faults, and print those that were missed and a table."""
    asked = _asked()
    files = [*asked.files, *(changed_files(ROOT, asked.since) if asked.since else [])]
    if asked.a_room:
        files = [
            file for room in by_room(files).values() for file in (room[i] for i in evenly(len(room), asked.a_room))
        ]
    reports = []
    for file in files:
        tests = asked.tests or mirroring(ROOT, file)
        report = mutate(ROOT, file, tests, asked.most, asked.jobs) if tests else None
        if report is None:
            print(f"{file}: {'its tests fail without any fault' if tests else 'no tests'}", flush=True)
        else:
            reports.append(report)
    print(f"\n{'planted':>8}{'missed':>8}{'endless':>8}  file")
    for each in reports:
        print(f"{each.planted:>8}{len(each.missed):>8}{each.endless:>8}  {each.file}")
    print(f"\n{'planted':>8}{'missed':>8}{'endless':>8}  room")
    for room, files in by_room([each.file for each in reports]).items():
        of_room = [each for each in reports if each.file in files]
        planted, endless = sum(each.planted for each in of_room), sum(each.endless for each in of_room)
        print(f"{planted:>8}{sum(len(each.missed) for each in of_room):>8}{endless:>8}  {room}")


if __name__ == "__main__":
    main()
