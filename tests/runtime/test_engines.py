"""Which engine runs which file, in which number format."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import convsight
from convsight.errors import UserError
from convsight.model_files import read_card
from convsight.run import Run
from convsight.runtime import engines
from convsight.runtime.engines import engine_for, engines_for

SOME = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), np.uint8)


def test_every_engine_gives_the_same_answers(exported_run: Run) -> None:
    expected = convsight.load(exported_run.path, engine="torch").engine.run(SOME)["probabilities"]
    for name in ("openvino", "onnxruntime"):
        engine = convsight.load(exported_run.path, engine=name, precision="float32").engine
        assert (engine.name, engine.precision) == (name, "float32")
        np.testing.assert_allclose(engine.run(SOME)["probabilities"], expected, atol=1e-5)


def test_a_run_prefers_its_graph_and_says_so(exported_run: Run) -> None:
    model = convsight.load(exported_run.path)
    assert model.engine.name == "openvino"
    assert model.words == f"small, run by openvino in {model.engine.precision}"


def test_a_gpu_build_of_onnx_runtime_goes_first(exported_run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert engines_for(exported_run.exported_file) == ("openvino", "onnxruntime")
    monkeypatch.setattr(engines, "version", lambda name: "1.0")
    assert engines_for(exported_run.exported_file) == ("onnxruntime", "openvino")


@pytest.mark.parametrize(
    ("engine", "precision", "message"),
    [
        ("openvinoo", None, "openvino"),
        ("torch", None, r"torch cannot run .*openvino or onnxruntime can"),
        ("onnxruntime", "bfloat16", "leave --precision out"),
        ("openvino", "int8", "in float32 or bfloat16, not int8"),
        ("openvino", "float16", "in float32 or bfloat16, not float16"),
    ],
)
def test_what_an_engine_cannot_do_is_said(exported_run: Run, engine: str, precision: str | None, message: str) -> None:
    file = exported_run.exported_file
    with pytest.raises(UserError, match=message):
        engine_for(file, read_card(file), engine, precision)


def test_a_graph_that_is_none_is_named(exported_run: Run, tmp_path: Path) -> None:
    card = read_card(exported_run.exported_file)
    (tmp_path / "model.onnx").write_bytes(b"no graph")
    for name in ("openvino", "onnxruntime"):
        with pytest.raises(UserError, match=r"cannot read .*model\.onnx"):
            engine_for(tmp_path / "model.onnx", card, name)


def test_many_threads_get_their_own_answers(exported_run: Run) -> None:

    engine = convsight.load(exported_run.path, engine="openvino").engine
    pictures = np.random.default_rng(1).integers(0, 256, (64, 16, 16, 3), np.uint8)
    alone = [engine.run(picture[None])["probabilities"][0] for picture in pictures]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda picture: engine.run(picture[None])["probabilities"][0], pictures))
    np.testing.assert_array_equal(together, alone)


RACE = """
import os, sys, threading
import numpy as np
import convsight

sys.setswitchinterval(1e-6)
engine = convsight.load(sys.argv[1], engine="openvino").engine
together = threading.Barrier(8)

def run():
    together.wait()
    engine.run(np.zeros((1, 16, 16, 3), np.uint8))

threads = [threading.Thread(target=run, daemon=True) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join(20)
os._exit(any(thread.is_alive() for thread in threads))
"""


def test_threads_that_begin_at_once_do_not_wait_for_one_another_for_ever(exported_run: Run) -> None:
    # Without care this hangs every second time: see openvino_engine. One thread has one stream, and no race.
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    command = [sys.executable, "-c", RACE, str(exported_run.path)]
    for _ in range(4):
        done = subprocess.run(command, env=environment, check=False, timeout=120)
        assert done.returncode == 0
