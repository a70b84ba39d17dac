"""Small files that ask for much memory, and damaged ones, are refused before anything is made."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tests.command import within

from convsight.errors import UserError
from convsight.export.onnx_graph import with_card
from convsight.model_files import read_card
from convsight.run import Run
from convsight.runtime import graph_memory
from convsight.runtime.engines import engine_for
from convsight.runtime.openvino_import import ov

GIB = 2**30
KINDS = ("ConstantOfShape", "Expand", "Tile", "Pad", "Range", "Resize")


def asking(kind: str, numbers: int, image: bool = False) -> onnx.ModelProto:
    """A graph that adds the sum of so many numbers to each image; made of an `image` too, they are no constants."""
    side = int(numbers**0.5)
    made: dict[str, Any] = {
        "one": np.ones((1, 1), np.float32),
        "whole": np.ones((1, 1, 1, 1), np.float32),
        "shape": np.array([side, side]),
        "pads": np.array([0, 0, side, side]),
        "sizes": np.array([1, 1, side, side]),
        "first": np.float32(0),
        "last": np.float32(numbers),
        "step": np.float32(1),
    }
    inputs = {
        "ConstantOfShape": ["shape"],
        "Expand": ["one", "shape"],
        "Tile": ["one", "shape"],
        "Pad": ["one", "pads"],
        "Range": ["first", "last", "step"],
        "Resize": ["whole", "", "", "sizes"],
    }[kind]
    nodes = [helper.make_node("ReduceMax", ["pictures"], ["top"], keepdims=0)]
    if image:
        nodes.append(helper.make_node("Mul", [inputs[0], "top"], ["of_image"]))
        inputs = ["of_image", *inputs[1:]]
    nodes += [
        helper.make_node(kind, inputs, ["large"]),
        helper.make_node("ReduceSum", ["large"], ["sum"], keepdims=0),
        helper.make_node("Add", ["sum", "top"], ["probabilities"]),
    ]
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("pictures", TensorProto.FLOAT, ["batch", 4, 4, 3])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in made.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def checked(folder: Path, model: onnx.ModelProto) -> None:
    file = folder / "model.onnx"
    file.write_bytes(model.SerializeToString())
    graph_memory.check_graph_memory(ov.Core().read_model(file), file)


@pytest.mark.parametrize("kind", KINDS)
def test_constants_far_larger_than_the_file_are_refused(tmp_path: Path, kind: str) -> None:
    checked(tmp_path, asking(kind, 15 * 2**20))  # 60 MiB
    with pytest.raises(UserError, match=r"asks for .*MiB of memory, and 64\.00 MiB are what it may need"):
        checked(tmp_path, asking(kind, 17 * 2**20))
    with pytest.raises(UserError, match=r"asks for [\d,]+\.\d\d GiB of memory"):
        checked(tmp_path, asking(kind, 10**12))


@pytest.mark.parametrize("kind", ["Expand", "Tile", "Pad", "Resize"])
def test_what_is_made_of_an_image_must_fit_into_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(graph_memory, "available_memory_bytes", lambda: GIB)
    checked(tmp_path, asking(kind, int(0.24 * GIB), image=True))
    with pytest.raises(UserError, match=r"asks for 1\.\d\d GiB of memory, and 1\.00 GiB are available"):
        checked(tmp_path, asking(kind, int(0.26 * GIB), image=True))


@pytest.mark.parametrize("engine", ["openvino", "onnxruntime"])
def test_both_engines_refuse_before_they_make_anything(exported_run: Run, tmp_path: Path, engine: str) -> None:
    card = read_card(exported_run.exported_file)
    file = tmp_path / "model.onnx"
    file.write_bytes(with_card(asking("Tile", GIB), card))  # 4 GiB
    with pytest.raises(UserError, match=r"model\.onnx is damaged or no network of ours: Tile in its graph"):
        engine_for(file, card, engine, "float32")
    done = within("predict", file, "tests/conftest.py", "--engine", engine)
    assert (done.returncode, done.stdout) == (2, "")
    assert "export it again" in done.stderr


def test_texts_that_are_no_utf8_are_damage(exported_run: Run, tmp_path: Path) -> None:
    content = exported_run.exported_file.read_bytes()
    assert content.count(b"Conv") > 1
    file = tmp_path / "model.onnx"
    file.write_bytes(content.replace(b"Conv", b"C\xdfnv"))
    for engine in ("openvino", "onnxruntime"):
        with pytest.raises(UserError, match=r"cannot (read|run) .*model\.onnx"):
            engine_for(file, read_card(file), engine, "float32")


def test_what_fails_while_it_runs_is_said(exported_run: Run, tmp_path: Path) -> None:
    card = read_card(exported_run.exported_file)
    file = tmp_path / "model.onnx"
    file.write_bytes(with_card(asking("Tile", 4), card))
    for name in ("openvino", "onnxruntime"):
        engine = engine_for(exported_run.exported_file, card, name, "float32")
        with pytest.raises(UserError, match=r"cannot run .*model\.onnx"):
            engine.run(np.zeros((1, 2, 2, 7), np.uint8))
