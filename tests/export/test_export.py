"""Exported files against the network they came from, and proofs that must fail."""

import json
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from numpy.typing import NDArray
from onnx import helper
from PIL import Image
from sklearn.datasets import load_digits
from tests.command import within

import convsight
from convsight.card import Card, Proof
from convsight.datasets import Examples, read_dataset
from convsight.errors import UserError
from convsight.export import export as exporting
from convsight.export import exporters, onnx_graph
from convsight.export import verb as export_verb
from convsight.export.export import export_network
from convsight.export.parity_check import MIN_IMAGES, ParityCheck
from convsight.export.proof_images import proof_images
from convsight.export.quantise import quantised
from convsight.export.torch_engine import load_network, save_network
from convsight.export.verb import export
from convsight.inputs import ImageInput
from convsight.model_files import read_card
from convsight.nets.resize_layers import ExactResize
from convsight.progress import Silent, Terminal
from convsight.run import Run
from convsight.runtime.openvino_engine import OpenVINOEngine

Pixels = NDArray[np.uint8]
RGB = ImageInput(height=8, width=8, mean=(0, 0, 0), std=(1, 1, 1))


@pytest.fixture(autouse=True)
def _made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Graphs of the same weights are made once: they take seconds, and most tests here are about what comes after."""
    for room in (exporting, exporters):
        monkeypatch.setattr(room, "onnx_graph", graph_once)
    monkeypatch.setattr(exporting, "quantised", quantised_once)


_made: dict[str, onnx.ModelProto] = {}


def graph_once(model: torch.nn.Module, card: Card) -> onnx.ModelProto:
    weights = sha256(b"".join(value.numpy().tobytes() for value in model.state_dict().values())).hexdigest()
    return once(weights + card.source().model_dump_json(), lambda: onnx_graph.onnx_graph(model, card))


def quantised_once(graph: onnx.ModelProto, examples: Examples) -> onnx.ModelProto:
    seen = examples.images.take(np.arange(len(examples))).tobytes()
    return once(sha256(graph.SerializeToString() + seen).hexdigest(), lambda: quantised(graph, examples))


def once(key: str, make: Callable[[], onnx.ModelProto]) -> onnx.ModelProto:
    if key not in _made:
        _made[key] = make()
    copy = onnx.ModelProto()
    copy.CopyFrom(_made[key])
    return copy


def images() -> Iterator[Pixels]:
    random = np.random.default_rng(0)
    smooth = [Image.fromarray(random.integers(0, 256, (9, 7, 3), np.uint8)).resize((61, 47)) for _ in range(8)]
    return proof_images(np.stack([np.asarray(image) for image in smooth]), RGB, 100)


def verb(run: Run, to: str, out: Path, **choices: Any) -> None:
    default = {"int8": False, "half": False, "data": None, "max_loss": 0.5, "max_megapixels": 100.0}
    exported = export(str(run.path), to, out=out, **{**default, "listener": Silent(), **choices})
    export_verb.print_exported(exported, "json")


def test_a_training_ends_with_a_proven_graph(exported_run: Run) -> None:
    card = read_card(exported_run.exported_file)
    ways = {(proof.engine, proof.precision, proof.pixels) for proof in card.proofs}
    assert ways >= {
        ("onnxruntime", "float32", "raw"),
        ("openvino", "float32", "raw"),
        ("openvino", "float32", "fitted"),
    }
    for way in card.proofs:
        assert way.pictures >= MIN_IMAGES
        if way.precision == "float32":
            assert way.holds
            assert way.agreement == 1.0
            assert way.largest_difference < 1e-3


def test_ten_lines_of_plain_onnx_runtime_give_the_prediction(exported_run: Run, shared_data: Any) -> None:
    file = sorted((shared_data("coco_permissive") / "images").iterdir())[0]
    session = ort.InferenceSession(exported_run.exported_file, providers=["CPUExecutionProvider"])
    classes = json.loads(session.get_modelmeta().custom_metadata_map["convsight"])["classes"]
    image = np.asarray(Image.open(file).convert("RGB"))
    (probabilities,) = session.run(["probabilities"], {"pictures": image[None]})
    expected = convsight.load(exported_run.path, engine="torch").predict(image)
    assert classes[int(probabilities[0].argmax())] == expected.to_json()["labels"][0]["name"]
    assert probabilities[0].max() == pytest.approx(expected.to_json()["labels"][0]["probability"], abs=1e-3)


def test_batches_of_any_size_are_answered(exported_run: Run) -> None:
    session = ort.InferenceSession(exported_run.exported_file, providers=["CPUExecutionProvider"])
    some = np.random.default_rng(0).integers(0, 256, (5, 33, 44, 3), np.uint8)
    together = session.run(None, {"pictures": some})[0]
    for image, expected in zip(some, together, strict=True):
        assert np.allclose(session.run(None, {"pictures": image[None]})[0][0], expected, atol=1e-6)


def test_the_file_says_nothing_of_the_machine(exported_run: Run) -> None:
    content = exported_run.exported_file.read_bytes()
    for secret in (str(Path(torch.__file__).parent), str(Path(convsight.__file__).parent), "/site-packages/"):
        assert secret.encode() not in content


def test_notes_go_from_everywhere() -> None:
    value = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    inner = helper.make_graph([helper.make_node("Abs", ["y"], ["x"], doc_string="at /home")], "inner", [], [value])
    node = helper.make_node("If", ["c"], ["x"], then_branch=inner, else_branch=inner)
    function = helper.make_function("d", "f", ["y"], ["x"], [helper.make_node("Abs", ["y"], ["x"])], [])
    function.doc_string = "at /home"
    graph = helper.make_model(helper.make_graph([node], "outer", [], [value]), functions=[function])
    helper.set_model_props(graph, {"note": "at /home"})
    onnx_graph._remove_notes(graph)
    assert b"home" not in graph.SerializeToString()
    assert graph.graph.node[0].attribute[0].g.node[0].op_type == "Abs"


def test_inputs_and_outputs_have_names_and_sides_to_read(exported_run: Run, tmp_path: Path) -> None:
    """What a viewer such as Netron shows."""
    verb(exported_run, "onnx", tmp_path / "half.onnx", half=True)
    for file in (exported_run.exported_file, tmp_path / "half.onnx"):
        model = onnx.load(file)
        onnx.checker.check_model(model, full_check=True)
        assert (model.producer_name, model.producer_version) == ("convsight", convsight.__version__)
        (given,), (prediction,) = model.graph.input, model.graph.output
        assert (given.name, sides(given)) == ("pictures", ["batch", "height", "width", 3])
        assert given.type.tensor_type.elem_type == onnx.TensorProto.UINT8
        assert (prediction.name, sides(prediction)) == ("probabilities", ["batch", 10])
        assert prediction.type.tensor_type.elem_type == onnx.TensorProto.FLOAT
        named = {side for value in model.graph.value_info for side in sides(value) if isinstance(side, str)}
        assert named <= {"batch", "height", "width"}
        assert not any(
            value.doc_string or value.metadata_props for value in (given, prediction, *model.graph.value_info)
        )


def sides(value: onnx.ValueInfoProto) -> list[int | str]:
    return [side.dim_param or side.dim_value for side in value.type.tensor_type.shape.dim]


@pytest.mark.parametrize(
    ("to", "choices", "name"),
    [
        ("openvino", {}, "model.xml"),
        ("torch", {}, "model.pt2"),
        ("onnx", {"half": True}, "model.onnx"),
        ("onnx", {"int8": True, "max_loss": 5.0}, "model.onnx"),
        ("openvino", {"int8": True, "max_loss": 5.0}, "model.xml"),
    ],
)
def test_every_kind_of_file_is_proven(
    exported_run: Run, tmp_path: Path, to: str, choices: dict[str, Any], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    verb(exported_run, to, tmp_path / name, **choices)
    told = json.loads(capsys.readouterr().out)
    assert Path(told["file"]).is_file()
    assert all(way["holds"] for way in told["proofs"] if way["precision"] != "bfloat16")
    prediction = convsight.load(tmp_path / name).predict(next(images()))
    expected = convsight.load(exported_run.path, engine="torch").predict(next(images()))
    assert prediction.difference(expected).same == 1


def test_a_torch_program_says_nothing_of_the_machine(exported_run: Run, tmp_path: Path) -> None:
    verb(exported_run, "torch", tmp_path / "m.pt2")
    with zipfile.ZipFile(tmp_path / "m.pt2") as archive:
        content = b"".join(archive.read(name) for name in archive.namelist())
    assert b"site-packages" not in content
    assert str(Path(convsight.__file__).parent).encode() not in content


def test_half_the_weights_are_half_the_file(exported_run: Run, tmp_path: Path) -> None:
    verb(exported_run, "onnx", tmp_path / "half.onnx", half=True)
    ratio = (tmp_path / "half.onnx").stat().st_size / exported_run.exported_file.stat().st_size
    assert 0.45 < ratio < 0.6


def test_the_8_bit_graph_of_a_run_is_asked_for_by_its_number_format(exported_run: Run, tmp_path: Path) -> None:
    copy = Run(tmp_path / "run")
    shutil.copytree(exported_run.path, copy.path)
    with pytest.raises(UserError, match=r"holds no model\.int8\.onnx; make it with: convsight export .* --int8"):
        convsight.load(copy.path, precision="int8")
    verb(copy, "onnx", copy.int8_file, int8=True, max_loss=5.0)
    model = convsight.load(copy.path, precision="int8")
    assert model.words == "small, run by openvino in int8"
    assert {cost.engine for cost in model.card.costs} == {"onnxruntime", "openvino"}
    for cost in model.card.costs:
        assert cost.metric == "accuracy"
        assert cost.before == pytest.approx(exported_run.metrics["val/accuracy"].value)
        assert cost.lost == pytest.approx(100 * (cost.before - cost.after))
    assert convsight.load(copy.path).engine.precision != "int8"
    save_network(
        copy.model_file, load_network(copy.model_file), copy.card.model_copy(update={"training": {"epoch": 99}})
    )
    with pytest.raises(UserError, match="older training"):
        convsight.load(copy.path, precision="int8")


def test_int8_that_costs_too_much_leaves_no_file(exported_run: Run, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"int8 loses .* points of accuracy"):
        verb(exported_run, "onnx", tmp_path / "model.onnx", int8=True, max_loss=-100.0)
    assert not list(tmp_path.iterdir())


def plant_resize(graph: onnx.ModelProto) -> None:
    """Fit images by an ONNX Resize with antialias, as exporters do: OpenVINO carries it out without."""
    maker = next(node for node in graph.graph.node if "fitted" in node.output)
    maker.output[:] = ["unused"]
    helper = onnx.helper
    nodes = [
        helper.make_node("Transpose", ["pictures"], ["p1"], perm=[0, 3, 1, 2]),
        helper.make_node("Cast", ["p1"], ["p2"], to=onnx.TensorProto.FLOAT),
        helper.make_node("Resize", ["p2", "", "", "sizes"], ["p3"], mode="linear", antialias=1),
        helper.make_node("Round", ["p3"], ["p4"]),
        helper.make_node("Cast", ["p4"], ["p5"], to=onnx.TensorProto.UINT8),
        helper.make_node("Transpose", ["p5"], ["fitted"], perm=[0, 2, 3, 1]),
    ]
    sizes = onnx.numpy_helper.from_array(np.array([1, 3, 16, 16], np.int64), "sizes")
    graph.graph.initializer.append(sizes)
    rest = list(graph.graph.node)
    del graph.graph.node[:]
    graph.graph.node.extend([*nodes, *rest])


def export_again(run: Run, file: Path, shown: Callable[[], Iterator[Pixels]]) -> None:
    export_network(run.model_file, run.card, "onnx", file, shown, Silent())


def test_an_engine_that_ignores_antialiasing_is_caught(
    exported_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The known trap: ONNX Runtime answers nearly right, OpenVINO given raw images does not."""

    def trapped(model: torch.nn.Module, card: Card) -> onnx.ModelProto:
        graph = graph_once(model, card)
        plant_resize(graph)
        return graph

    monkeypatch.setattr("convsight.export.exporters.onnx_graph", trapped)
    heard: list[str] = []
    monkeypatch.setattr(Silent, "say", lambda self, text: heard.append(text))
    with pytest.raises(UserError, match=r"run by openvino in float32 on raw pixels.*no file is written"):
        export_again(exported_run, tmp_path / "model.onnx", grainy_digits)
    assert not list(tmp_path.iterdir())
    largest = {line.split(": ")[1]: float(line.split("difference ")[1].split(",")[0]) for line in heard}
    assert largest["openvino float32, raw pixels"] > 5 * largest["onnxruntime float32, raw pixels"]
    assert largest["openvino float32, fitted pixels"] < 1e-4


class SwappedChannels(ExactResize):  # type: ignore[misc]
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return super().forward(images.flip(3))


class Shifted(ExactResize):  # type: ignore[misc]
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return super().forward(images.roll(6, 1))


@pytest.mark.parametrize("fault", [pytest.param(SwappedChannels, marks=pytest.mark.slow), Shifted])
def test_a_wrong_graph_fails_the_proof_and_leaves_no_file(
    exported_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: type[ExactResize]
) -> None:
    monkeypatch.setattr("convsight.nets.resize_layers.ExactResize", fault)
    monkeypatch.setattr(exporters, "onnx_graph", onnx_graph.onnx_graph)
    with pytest.raises(UserError, match="no file is written"):
        export_again(exported_run, tmp_path / "model.onnx", coloured)
    assert not list(tmp_path.iterdir())


def test_a_wrong_engine_fails_the_proof(exported_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = OpenVINOEngine.run
    monkeypatch.setattr(OpenVINOEngine, "run", lambda self, p: {k: a[:, ::-1] for k, a in run(self, p).items()})
    with pytest.raises(UserError, match="run by openvino"):
        export_again(exported_run, tmp_path / "model.onnx", coloured)
    assert not list(tmp_path.iterdir())


def test_int8_says_which_images_judged_it(
    exported_run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Unsplit images are no validation images, and ten of them cannot show a loss of half a point."""
    model = convsight.load(exported_run.path)
    for number, digit in enumerate(load_digits().images[:10]):
        image = Image.fromarray((digit * 15.9).astype(np.uint8)).convert("RGB")
        # With wrong labels int8 has nothing to lose, whatever it predicts.
        name = str((int(model.predict(image).to_json()["labels"][0]["name"]) + 1) % 10)
        (tmp_path / "unsplit" / name).mkdir(parents=True, exist_ok=True)
        image.save(tmp_path / "unsplit" / name / f"{number}.png")
    with suppress(UserError):  # learnt on so few, 8-bit numbers may fail the proof
        verb(exported_run, "onnx", tmp_path / "a.onnx", int8=True, data=str(tmp_path / "unsplit"), listener=Terminal())
    told = capsys.readouterr().err
    assert f"accuracy on 10 images of {tmp_path / 'unsplit'}: 0.0000" in told
    assert "note: one of 10 images weighs 10 points, so a loss of 0.5 cannot be judged" in told


def test_a_split_that_judges_int8_is_named() -> None:
    digits = read_dataset("digits")
    (split,) = digits.splits.values()
    assert export_verb._in_words(digits, split) == f"images of {digits.source}"
    assert export_verb._in_words(digits, replace(split, name="test")) == "images of the split test"


def test_all_predictions_agree_only_where_all_do() -> None:
    engine: Any = None
    check = ParityCheck(engine, "raw", "float32", needed=True)
    for agreement, told in ((1.0, "100.0%"), (0.99974, "99.9%"), (0.57, "57.0%"), (0.9899, "98.9%"), (0.0, "0.0%")):
        proof = Proof(
            engine="onnxruntime",
            precision="float32",
            pixels="raw",
            pictures=64,
            answers=64,
            largest_difference=0,
            agreement=agreement,
            allowed_difference=0.01,
            needed_agreement=1,
        )
        verdict = "holds" if agreement == 1 else "does not hold"
        assert exporting._in_words(proof, check).endswith(f", {told} same predictions: {verdict}")
        if agreement < 1:
            with pytest.raises(UserError, match=rf" and {told} of 64 predictions agree \(needed 100%\)"):
                exporting._check((proof,), [check], Path("model.onnx"))


def grainy_digits() -> Iterator[Pixels]:
    """Digits under noise, of which a resize without antialiasing keeps far more than one with it."""
    random = np.random.default_rng(0)
    for side, digit in enumerate(load_digits().images[:MIN_IMAGES], start=60):
        clear = np.asarray(Image.fromarray((digit * 15.9).astype(np.uint8)).resize((side, side)))
        grain = random.normal(0, 90, (side, side))
        yield np.repeat((clear + grain).clip(0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


def coloured() -> Iterator[Pixels]:
    """Images with detail and with colours, as real ones have."""
    random = np.random.default_rng(0)
    noisy = random.integers(0, 2, (8, 90, 70, 3), np.uint8) * np.array([255, 160, 40], np.uint8)
    return proof_images(noisy, RGB, 100)


def without(monkeypatch: pytest.MonkeyPatch, *packages: str) -> None:
    """As if these were not installed."""
    monkeypatch.setattr(exporters, "_is_installed", lambda package: package not in packages)


def test_an_export_needs_one_engine_and_says_which(
    exported_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without(monkeypatch, "openvino")
    verb(exported_run, "onnx", tmp_path / "model.onnx")
    assert {proof.engine for proof in read_card(tmp_path / "model.onnx").proofs} == {"onnxruntime"}
    with pytest.raises(UserError, match="pip install openvino"):
        verb(exported_run, "openvino", tmp_path / "model.xml")
    without(monkeypatch, "openvino", "onnxruntime")
    with pytest.raises(UserError, match="pip install openvino, or onnxruntime"):
        verb(exported_run, "onnx", tmp_path / "other.onnx")
    without(monkeypatch, "onnxscript")
    with pytest.raises(UserError, match=r"exporting needs onnxscript: pip install \"\.\[train\]\" in the clone"):
        verb(exported_run, "onnx", tmp_path / "other.onnx")
    assert [file.name for file in tmp_path.iterdir()] == ["model.onnx"]


def test_weights_that_no_onnx_file_can_hold_are_refused_at_once(exported_run: Run) -> None:
    huge = torch.nn.Linear(2**15, 2**14, device="meta")  # 2.1 GB, had it any
    with pytest.raises(UserError, match=r"its weights are 2\.15 GB, and one ONNX file holds 2 GB"):
        onnx_graph.onnx_graph(huge, exported_run.card)


def test_more_training_makes_the_old_graph_invalid(exported_run: Run, tmp_path: Path) -> None:
    copy = Run(tmp_path / "run")
    shutil.copytree(exported_run.path, copy.path)
    assert convsight.load(copy.path).engine.name == "openvino"
    other = copy.card.model_copy(update={"training": {"epoch": 99}})
    save_network(copy.model_file, load_network(copy.model_file), other)
    assert convsight.load(copy.path).engine.name == "torch"


def never(*_: object) -> onnx.ModelProto:
    raise AssertionError


def test_a_place_that_cannot_be_written_is_named_before_the_work(
    exported_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"")
    for room in (exporting, exporters):
        monkeypatch.setattr(room, "onnx_graph", never)  # nobody waits for minutes to be told
    for choices in ({}, {"int8": True, "max_loss": 5.0}):
        with pytest.raises(UserError, match=r"cannot write .*model\.onnx"):
            verb(exported_run, "onnx", tmp_path / "file" / "model.onnx", **choices)


def test_a_model_file_alone_needs_images(exported_run: Run, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--data"):
        export(
            str(exported_run.model_file),
            "onnx",
            int8=False,
            half=False,
            data=None,
            out=tmp_path / "m.onnx",
            max_loss=0.5,
            max_megapixels=100,
            listener=Silent(),
        )


def test_bfloat16_is_used_only_where_the_proof_allows(exported_run: Run) -> None:
    file = exported_run.exported_file
    card = read_card(file)
    assert OpenVINOEngine(file, card.source()).precision == "float32"
    failing = [way.model_copy(update={"agreement": 0.5}) for way in card.proofs]
    assert OpenVINOEngine(file, card.model_copy(update={"proofs": tuple(failing)})).precision == "float32"


def test_the_light_path_reads_reduced_photos_like_training(exported_run: Run, shared_data: Any) -> None:
    model = convsight.load(exported_run.path, precision="float32")
    torch_model = convsight.load(exported_run.path, engine="torch")
    for file in sorted((shared_data("coco_permissive") / "images").iterdir())[:5]:
        assert model.card.input.load(file).array.shape == (16, 16, 3)
        assert model.predict(file).difference(torch_model.predict(file)).largest < 1e-4


def test_the_command_prints_where_and_how(exported_run: Run, tmp_path: Path) -> None:
    command = ("export", exported_run.path, "--out", tmp_path / "m.onnx")
    done = within(*command)
    assert done.returncode == 0, done.stderr
    assert f"{tmp_path}/m.onnx" in done.stdout
    assert "100.0% same predictions: holds" in done.stderr
    done = within(*command, "--to", "torch")
    assert done.returncode == 2
    assert "ends in .pt2" in done.stderr
    done = within(*command, "--int8", "--half")
    assert done.returncode == 2
