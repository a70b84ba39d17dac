from pathlib import Path

import pytest

from convsight.errors import UserError
from convsight.memory import available_memory_bytes, check_memory


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder where the system's files are looked for; empty at first."""
    monkeypatch.setattr("convsight.memory._MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr("convsight.memory._CONTAINER_LIMIT", tmp_path / "memory.max")
    return tmp_path


def test_this_machine_has_some() -> None:
    assert 2**26 < available_memory_bytes() < 2**50


def test_linux_tells_what_is_available(system: Path) -> None:
    (system / "meminfo").write_text("MemTotal:  8000000 kB\nMemFree:  100 kB\nMemAvailable:  2000000 kB\n")
    assert available_memory_bytes() == 2_000_000 * 1024


def test_a_container_may_have_less(system: Path) -> None:
    (system / "meminfo").write_text("MemAvailable:  2000000 kB\n")
    (system / "memory.max").write_text("1000000\n")
    assert available_memory_bytes() == 1_000_000
    (system / "memory.max").write_text("max\n")
    assert available_memory_bytes() == 2_000_000 * 1024


def test_other_systems(system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert available_memory_bytes() > 2**26
    monkeypatch.setattr("os.sysconf_names", {})
    assert available_memory_bytes() == 4 * 2**30


def test_what_does_not_fit_is_refused(system: Path) -> None:
    (system / "memory.max").write_text(str(2**30))
    (system / "meminfo").write_text("MemAvailable:  9000000 kB\n")
    check_memory(Path("scans.npz"), 2**30)
    with pytest.raises(UserError, match=r"scans.npz needs 3.0 GiB of memory, of which 1.0 are available"):
        check_memory(Path("scans.npz"), 3 * 2**30)
