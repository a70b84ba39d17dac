"""Planting faults in a small project, in a copy of it."""

import subprocess
from pathlib import Path

import pytest
from tools.mutants import by_room, changed_files, mirroring, mutate

CODE = '''"""Sums."""


def total(numbers):
    """The sum.

    >>> total([1, 2])
    3
    """
    found = 0
    for number in numbers:
        found += number
    return found


def untested(a, b):
    """Nobody looks."""
    return a < b
'''
TEST = """from convsight.sums import total

def test_total():
    assert total([1, 2]) == 3
"""


def git(root: Path, *arguments: str) -> None:
    words = ["git", "-c", "user.name=n", "-c", "user.email=e", *arguments]
    subprocess.run(words, cwd=root, check=True, capture_output=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for name, text in {
        "src/convsight/__init__.py": "",
        "src/convsight/sums.py": CODE,
        "src/convsight/room/other.py": "x = 1\n",
        "src/convsight/room/third.py": "y = 1\n",
        "tests/test_sums.py": TEST,
        "tests/room/test_all.py": "from convsight.room import third\n",
        "pytest.ini": "[pytest]\naddopts = --import-mode=importlib --doctest-modules\nmarkers = slow: seldom\n",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "one")
    return root


SUMS = Path("src/convsight/sums.py")


def test_missed_faults_are_told_and_the_tree_stays_as_it_is(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "src/convsight/sums.py").write_text(CODE + "\n")  # what is not committed is tested, too
    report = mutate(project, SUMS, mirroring(project, SUMS), most=100, jobs=2)
    assert report is not None
    assert report == (SUMS, 5, ("18: dropped: return a < b -> return None", "18: operator: a < b -> a <= b"), 0)
    assert f"{SUMS}:18: operator: a < b -> a <= b" in capsys.readouterr().out
    assert (project / "src/convsight/sums.py").read_text() == CODE + "\n"
    assert not list(project.rglob("__pycache__"))


@pytest.mark.slow
def test_a_run_without_end_is_stopped(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.mutants._START_S", 3.0)
    monkeypatch.setattr("tools.mutants._PATIENCE", 1)
    (project / SUMS).write_text("def waits(flag):\n    while flag:\n        flag = False\n    return 1\n")
    (project / "tests/test_sums.py").write_text(
        "from convsight.sums import waits\n\ndef test_waits():\n    assert waits(True) == 1\n"
    )
    report = mutate(project, SUMS, mirroring(project, SUMS), most=100, jobs=1)
    assert report is not None
    assert report.endless == 1


def test_tests_that_fail_without_a_fault_tell_nothing(project: Path) -> None:
    (project / "tests/test_sums.py").write_text("def test():\n    assert False\n")
    assert mutate(project, SUMS, mirroring(project, SUMS), most=1, jobs=1) is None


def test_the_tests_of_a_file(project: Path) -> None:
    assert mirroring(project, SUMS) == ["tests/test_sums.py", str(SUMS)]
    assert mirroring(project, Path("src/convsight/room/third.py")) == ["tests/room/test_all.py"]
    assert mirroring(project, Path("src/convsight/room/other.py")) == ["tests/room/test_all.py"]
    (project / "tests/room/test_other.py").write_text("")
    assert mirroring(project, Path("src/convsight/room/other.py")) == ["tests/room/test_other.py"]


def test_sources_that_changed_since_a_commit(project: Path) -> None:
    (project / "src/convsight/room/other.py").write_text("x = 2\n")
    (project / "src/convsight/room/third.py").unlink()
    (project / "tests/test_sums.py").write_text("")
    assert changed_files(project, "main") == [Path("src/convsight/room/other.py")]


def test_sources_are_grouped_by_the_room_they_lie_in() -> None:
    files = [Path("src/convsight") / name for name in ("hub/push.py", "card.py", "hub/deep/pull.py")]
    assert by_room(files) == {"hub": [files[0], files[2]], ".": [files[1]]}
