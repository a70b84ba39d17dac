"""Inputs of every kind through all that holds them: loaded, stored, given to a network, exported, run."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray
from tests.inputs.kinds import OTHERS, image_input, original
from torch import Tensor, nn

from convsight.card import Card
from convsight.datasets import Examples, ImageStore, Split
from convsight.export import deployed
from convsight.export.onnx_graph import onnx_graph, with_card
from convsight.export.parity_check import ParityCheck, prove
from convsight.export.proof_images import proof_images
from convsight.export.quantise import quantised
from convsight.export.torch_engine import TorchEngine
from convsight.export.torch_program import TorchProgram, TorchProgramEngine
from convsight.inputs import AnyInput
from convsight.model_files import read_card
from convsight.nets.input_layers import InputLayer
from convsight.results import Labels
from convsight.runtime.onnxruntime_engine import OnnxRuntimeEngine
from convsight.runtime.openvino_engine import OpenVINOEngine
from convsight.targets import Classes
from convsight.tasks import reader_of

CLASSES = ("a", "b", "c")
BITS = {1: (8, 16), 2: (32,), 5: (16,), 13: (8,)}  # by channels, of which only one alone is another matter
IMAGES = [image_input(channels, bits, fit="pad") for channels in BITS for bits in BITS[channels]]
ALL: list[AnyInput] = [*IMAGES, *OTHERS.values()]
COUNT = 12


class Toy(nn.Module):
    """A convolution over whatever axes the input has, and probabilities of three classes."""

    def __init__(self, spec: AnyInput) -> None:
        super().__init__()
        torch.manual_seed(0)
        kinds: dict[int, Callable[..., nn.Module]] = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
        self.layer = kinds[len(spec.planes_shape) - 1](spec.channels, len(CLASSES), 3, padding=1)

    def forward(self, planes: Tensor) -> Tensor:
        maps: Tensor = torch.relu(self.layer(planes))
        return maps.flatten(2).mean(2)


class ToyTask:
    """As much of a task as exporting needs."""

    def graph(self, model: nn.Module, card: Card) -> nn.Module:
        return ToyGraph(InputLayer(card.input), model)


class ToyGraph(nn.Module):
    def __init__(self, inputs: nn.Module, model: nn.Module) -> None:
        super().__init__()
        self.inputs, self.model = inputs, model

    def forward(self, loaded: Tensor) -> dict[str, Tensor]:
        return {"probabilities": self.model(self.inputs(loaded)).softmax(1)}


def originals(spec: AnyInput) -> list[NDArray[Any]]:
    """Of many sizes."""
    axes = [axis - 1 for axis in spec.free_axes if axis]
    sides = [spec.array_shape[axis] for axis in axes]
    found = []
    for number in range(COUNT):
        wanted = tuple(max(1, side + number * 3 % 11 - 3 + axis) for axis, side in enumerate(sides))
        found.append(original(spec, wanted, number))
    return [array.repeat(3, 2) if spec == image_input(1, fit="pad") else array for array in found]


@pytest.fixture(scope="module", params=ALL, ids=lambda spec: f"{spec.kind}-{spec.channels}-{spec.dtype}")
def spec(request: pytest.FixtureRequest) -> AnyInput:
    found: AnyInput = request.param
    return found


@pytest.fixture(scope="module", autouse=True)
def _toy_task() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deployed, "task_of", lambda name: ToyTask())
        yield


@pytest.fixture(scope="module")
def made(spec: AnyInput, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Card, TorchEngine]:
    """An exported file of a toy network, its card, and the network run by PyTorch."""
    card = Card(task="classification", net="toy", target=Classes(names=CLASSES), input=spec)
    model, file = Toy(spec).eval(), tmp_path_factory.mktemp("toy") / "toy.onnx"
    file.write_bytes(with_card(onnx_graph(model, card), card))
    return file, card, TorchEngine(ToyTask().graph(model, card), torch.device("cpu"))


def test_every_engine_finds_the_same_numbers(spec: AnyInput, made: tuple[Path, Card, TorchEngine]) -> None:
    file, card, original_network = made
    arrays = originals(spec)
    loaded = np.stack([spec.load(array).array for array in arrays])
    expected = original_network.run(loaded)["probabilities"]
    assert np.ptp(expected, axis=0).max() > 1e-3, "the network must tell inputs apart"
    fitted = OpenVINOEngine(file, card, "float32", cached=False)
    np.testing.assert_allclose(fitted.run(loaded)["probabilities"], expected, atol=2e-5)
    for engine in (OnnxRuntimeEngine(file, card), OpenVINOEngine(file, card, "float32", raw=True)):
        np.testing.assert_allclose(engine.run(loaded)["probabilities"], expected, atol=2e-5)
        for array, wanted in zip(arrays, expected, strict=True):
            np.testing.assert_allclose(engine.run(array[None])["probabilities"][0], wanted, atol=1e-4)


def test_the_graph_says_what_it_takes(spec: AnyInput, made: tuple[Path, Card, TorchEngine]) -> None:
    graph = onnx.load(made[0]).graph
    (given,) = graph.input
    assert given.name == ("pictures" if spec.kind == "image" else "inputs")
    assert onnx.helper.tensor_dtype_to_np_dtype(given.type.tensor_type.elem_type) == spec.dtype
    sides = {axis: side.dim_param for axis, side in enumerate(given.type.tensor_type.shape.dim) if side.dim_param}
    assert sides == spec.free_axes
    assert read_card(made[0]).input == spec


def test_it_is_proven_on_originals_of_many_sizes(spec: AnyInput, made: tuple[Path, Card, TorchEngine]) -> None:
    file, card, original_network = made
    images = list(proof_images(originals(spec), spec, 100, count=30))
    assert len({image.shape for image in images}) > 10
    checks = [
        ParityCheck(OnnxRuntimeEngine(file, card), "raw", "float32"),
        ParityCheck(OpenVINOEngine(file, card, "float32", cached=False), "fitted", "float32"),
    ]
    for proof in prove(original_network, reader_of(card), card, checks, iter(images)):
        assert proof.holds
        assert proof.pictures == 30


def test_they_are_stored_as_they_are_loaded(spec: AnyInput) -> None:
    """From memory, decoded on demand, and where they have the network's size already."""
    arrays = originals(spec)
    loaded = np.stack([spec.load(array).array for array in arrays])
    targets = Labels(np.zeros(COUNT, np.int64), CLASSES)
    names = [str(number) for number in range(COUNT)]
    chosen = np.array([3, 0, 11, 3])
    for budget in (None, 0):
        split = Split("train", arrays, targets, names)  # type: ignore[arg-type]
        fitted, unreadable = ImageStore.read(split, spec, workers=2, memory_budget_bytes=budget)
        assert unreadable == []
        assert fitted.take(chosen).dtype == spec.dtype
        assert (fitted.take(chosen) == loaded[chosen]).all()
        assert fitted.size(3) == spec.size_of(arrays[3])
    ready, _ = ImageStore.read(Split("train", loaded, targets, names), spec)
    assert (ready.take(chosen) == loaded[chosen]).all()
    assert ready.size(3) == spec.size_of(loaded[3])
    assert not ready.all_grey or spec.channels == 1


@pytest.mark.parametrize("spec", [image_input(5, 16), OTHERS["sequence"]], ids=["image", "sequence"], indirect=True)
def test_8_bit_numbers_and_pytorch_programs(
    spec: AnyInput, made: tuple[Path, Card, TorchEngine], tmp_path: Path
) -> None:
    _, card, original_network = made
    arrays = originals(spec)
    loaded = np.stack([spec.load(array).array for array in arrays])
    expected = original_network.run(loaded)["probabilities"]
    model = original_network.graph.model
    assert isinstance(model, nn.Module)
    TorchProgram(model, card).write(tmp_path / "toy.pt2", card)
    program = TorchProgramEngine(tmp_path / "toy.pt2", card)
    np.testing.assert_allclose(program.run(loaded)["probabilities"], expected, atol=2e-5)
    np.testing.assert_allclose(program.run(arrays[1][None])["probabilities"][0], expected[1], atol=1e-4)
    split = Split("train", loaded, Labels(np.zeros(COUNT, np.int64), CLASSES), list("abcdefghijkl"))
    graph = quantised(onnx_graph(model, card), Examples(ImageStore.read(split, spec)[0], split.targets))
    card = card.model_copy(update={"weights": "int8"})
    (tmp_path / "int8.onnx").write_bytes(with_card(graph, card))
    found = OnnxRuntimeEngine(tmp_path / "int8.onnx", card).run(loaded)["probabilities"]
    np.testing.assert_allclose(found, expected, atol=0.05)
