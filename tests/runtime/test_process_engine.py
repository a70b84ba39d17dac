"""A model loaded, then the process forks: the child predicts all the same."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from convsight.errors import UserError
from convsight.run import Run
from convsight.runtime.engine import Engine
from convsight.runtime.engines import _MAKERS, _made_in_child
from convsight.runtime.model import load
from convsight.runtime.process_engine import ProcessEngine

if not hasattr(__import__("os"), "fork"):
    pytest.skip("there are no forks here", allow_module_level=True)

# Loads and predicts with every engine, forks, predicts with each in the child; its exit code is the child's, 9 if late.
# The child ends as multiprocessing's do: ONNX Runtime alone hangs in sys.exit of a child, without any model.
_PROGRAM = """
import os, sys, time, signal
import numpy as np, convsight
pixels = np.full((16, 16), 90, np.uint8)
models = [convsight.load(sys.argv[1], engine=name) for name in sys.argv[2:]]
before = [model.predict(pixels).name for model in models]
unused = convsight.load(sys.argv[1])
child = os.fork()
if child == 0:
    same = [model.predict(pixels).name for model in models] == before
    os._exit(0 if same and unused.predict(pixels) else 1)
for _ in range(300):
    ended, status = os.waitpid(child, os.WNOHANG)
    if ended:
        sys.exit(os.waitstatus_to_exitcode(status))
    time.sleep(0.05)
os.kill(child, signal.SIGKILL)
sys.exit(9)
"""


def test_a_forked_child_predicts_with_every_engine(exported_run: Run) -> None:
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-c",
        _PROGRAM,
        str(exported_run.path),
        "openvino",
        "onnxruntime",
        "torch",
    ]
    # Engines of one thread have no others to miss.
    done = subprocess.run(
        ["env", "OMP_NUM_THREADS=2", *command], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr


class Fixed(Engine):
    name, precision, streams = "fixed", "float32", 1

    def __init__(self, value: float) -> None:
        self.value = value

    def run(self, inputs: np.ndarray) -> dict[str, np.ndarray]:
        return {"value": np.array(self.value)}


def test_the_engine_is_made_once_more_in_a_child_and_only_there() -> None:
    made: list[Engine] = []

    def make() -> Engine:
        made.append(Fixed(2.0))
        return made[-1]

    engine = ProcessEngine(Fixed(1.0), make)
    assert engine.run(np.zeros(1))["value"] == 1.0
    assert made == []
    engine.forked()
    assert [engine.run(np.zeros(1))["value"] for _ in range(2)] == [2.0, 2.0]
    assert len(made) == 1
    assert engine.words == "fixed in float32"


def test_a_file_that_changed_before_the_child_read_it_is_refused(exported_run: Run, tmp_path: Path) -> None:
    card = load(exported_run.path).card
    file = tmp_path / "model.onnx"
    file.write_bytes(exported_run.exported_file.read_bytes())
    assert _made_in_child(_MAKERS["onnxruntime"], file, card, "float32").name == "onnxruntime"
    changed = card.model_copy(update={"mirror": not card.mirror})
    with pytest.raises(UserError, match=r"model\.onnx has changed since the model was loaded"):
        _made_in_child(_MAKERS["onnxruntime"], file, changed, "float32")
