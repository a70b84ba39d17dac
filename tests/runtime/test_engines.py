"""Which engine runs which file, in which number format."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest

import convsight
from convsight.errors import UserError
from convsight.export.onnx_graph import with_card
from convsight.model_files import read_card
from convsight.run import Run
from convsight.runtime import engines
from convsight.runtime.engines import engine_for, engines_for

SOME = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), np.uint8)


def test_every_engine_gives_the_same_predictions(exported_run: Run) -> None:
    expected = convsight.load(exported_run.path, engine="torch").engine.run(SOME)["probabilities"]
    for name in ("openvino", "onnxruntime"):
        engine = convsight.load(exported_run.path, engine=name, precision="float32").engine
        assert (engine.name, engine.precision) == (name, "float32")
        np.testing.assert_allclose(engine.run(SOME)["probabilities"], expected, atol=1e-5)


def test_a_run_prefers_its_graph_and_says_so(exported_run: Run) -> None:
    model = convsight.load(exported_run.path)
    assert model.engine.name == "openvino"
    assert model.words == f"small, run by openvino in {model.engine.precision}"


def with_gpu_build(monkeypatch: pytest.MonkeyPatch, first_provider: str) -> None:
    """As if ONNX Runtime's build for GPUs were installed, and had found a GPU or none."""
    monkeypatch.setattr(engines, "version", lambda name: "1.0")
    providers = list(dict.fromkeys([first_provider, "CPUExecutionProvider"]))
    monkeypatch.setattr(ort.InferenceSession, "get_providers", lambda session: providers)


def test_a_gpu_goes_first_and_is_said(exported_run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert engines_for(exported_run.exported_file) == ("openvino", "onnxruntime")
    with_gpu_build(monkeypatch, "CUDAExecutionProvider")
    model = convsight.load(exported_run.path)
    assert model.engine.processor == "CUDA"
    # The graph was proven on the processor.
    assert model.words == ("small, run by onnxruntime in float32 on CUDA (never proven so: export it on this machine)")


def test_a_number_format_that_the_gpu_lacks_is_had_elsewhere(
    exported_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    if all(proof.precision != "bfloat16" for proof in read_card(exported_run.exported_file).proofs):
        pytest.skip("this processor does not compute in bfloat16")
    with_gpu_build(monkeypatch, "CUDAExecutionProvider")
    assert convsight.load(exported_run.path, precision="bfloat16").engine.name == "openvino"


def test_a_build_for_gpus_that_finds_none_is_not_preferred(exported_run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with_gpu_build(monkeypatch, "CPUExecutionProvider")
    assert convsight.load(exported_run.path).engine.name == "openvino"
    assert convsight.load(exported_run.path, engine="onnxruntime").words == "small, run by onnxruntime in float32"


def test_a_number_format_whose_proof_failed_is_said_to_be_so(exported_run: Run, tmp_path: Path) -> None:
    """Whoever asks for it gets it, and is told."""
    file = exported_run.exported_file
    card = read_card(file)
    failing = [
        proof.model_copy(update={"agreement": 0.5, "largest_difference": 0.25})
        if proof.precision == "bfloat16"
        else proof
        for proof in card.proofs
    ]
    if failing == list(card.proofs):
        pytest.skip("this processor does not compute in bfloat16")
    (tmp_path / "model.onnx").write_bytes(
        with_card(onnx.load(file), card.model_copy(update={"proofs": tuple(failing)}))
    )
    assert convsight.load(tmp_path / "model.onnx").words == "small, run by openvino in float32"
    assert convsight.load(tmp_path / "model.onnx", precision="bfloat16").words == (
        "small, run by openvino in bfloat16 (its proof failed: numbers differ by up to 0.25, 50.0% same predictions)"
    )


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


def test_many_threads_get_their_own_predictions(exported_run: Run) -> None:

    engine = convsight.load(exported_run.path, engine="openvino").engine
    images = np.random.default_rng(1).integers(0, 256, (64, 16, 16, 3), np.uint8)
    alone = [engine.run(image[None])["probabilities"][0] for image in images]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda image: engine.run(image[None])["probabilities"][0], images))
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
