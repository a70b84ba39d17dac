"""OpenVINO is imported without its converter, and works as ever for others in the process."""

import subprocess
import sys

import pytest

from convsight.run import Run


def printed(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_converter_is_not_imported_until_it_is_called(exported_run: Run) -> None:
    code = (
        "import sys, convsight.runtime.openvino_engine, openvino; print('openvino.tools.ovc' in sys.modules); "
        f"print(type(openvino.convert_model({str(exported_run.exported_file)!r})).__name__)"
    )
    assert printed(code).split() == ["False", "Model"]


@pytest.mark.parametrize("first", ["openvino", "openvino.tools.ovc"])
def test_an_openvino_that_is_there_already_is_left_as_it_is(first: str) -> None:
    code = (
        f"import {first}, openvino; before = openvino.convert_model; import convsight.runtime.openvino_engine; "
        "print(openvino.convert_model is before)"
    )
    assert printed(code) == "True"


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
