"""OpenVINO is imported without its converter, and works as ever for others in the process."""

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from convsight.run import Run
from convsight.runtime.unreported import unreported


def printed(code: str, home: Path) -> str:
    """What `code` prints in a process of a user whose folder is `home`, of which OpenVINO's makers are told nothing."""
    environment = os.environ | {"HOME": str(home), "USERPROFILE": str(home)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    return done.stdout.strip()


# Where a process is started, as OpenVINO does to send a message, that is printed.
HEARD = "import sys; sys.addaudithook(lambda event, _: event in ('os.fork', 'socket.connect') and print(event)); "


def test_the_converter_is_not_imported_until_it_is_called_and_then_tells_nobody(
    exported_run: Run, tmp_path: Path
) -> None:
    code = (
        f"{HEARD}import convsight.runtime.openvino_engine, openvino; print('openvino.tools.ovc' in sys.modules); "
        f"print(type(openvino.convert_model({str(exported_run.exported_file)!r})).__name__)"
    )
    assert printed(code, tmp_path).split() == ["False", "Model"]
    assert list(tmp_path.iterdir()) == []


def test_a_package_that_others_imported_is_theirs_again(monkeypatch: pytest.MonkeyPatch) -> None:
    name, theirs = "openvino_telemetry", ModuleType("openvino_telemetry")
    for before in (None, theirs):
        monkeypatch.delitem(sys.modules, name, raising=False)
        if before:
            monkeypatch.setitem(sys.modules, name, before)
        with pytest.raises(ImportError), unreported():
            import_module(name)
        assert sys.modules.get(name) is before


@pytest.mark.parametrize("first", ["openvino", "openvino.tools.ovc"])
def test_an_openvino_that_is_there_already_is_left_as_it_is(first: str, tmp_path: Path) -> None:
    (tmp_path / "intel").mkdir()
    (tmp_path / "intel" / "openvino_telemetry").write_text("0")  # what a user says who wants nothing told
    code = (
        f"import {first}, openvino; before = openvino.convert_model; import convsight.runtime.openvino_engine; "
        "print(openvino.convert_model is before)"
    )
    assert printed(code, tmp_path) == "True"


AFTER_ENGINES = """
import os, signal, sys
from pathlib import Path
from convsight.model_files import read_card
from convsight.runtime.openvino_engine import OpenVINOEngine
file = Path(sys.argv[1])
first = OpenVINOEngine(file, read_card(file), cached=False)
second = OpenVINOEngine(file, read_card(file), cached=False)
del first, second
try:
    os.kill(os.getpid(), signal.SIGINT)
except KeyboardInterrupt:
    print("stopped")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="stacks for signals are Linux's")
def test_a_signal_after_engines_that_have_gone_is_no_segmentation_fault(exported_run: Run) -> None:
    command = [sys.executable, "-c", AFTER_ENGINES, str(exported_run.exported_file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert (done.returncode, done.stdout) == (0, "stopped\n"), done.stderr
