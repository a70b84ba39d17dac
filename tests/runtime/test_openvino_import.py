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
