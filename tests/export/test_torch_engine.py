import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import convsight
from convsight.card import METADATA_KEY
from convsight.errors import UserError
from convsight.export.torch_engine import TorchEngine, load_network, save_network
from convsight.model_files import read_card


@pytest.fixture(scope="module")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "digits"
    return convsight.train(
        "digits", net="lecture3", size=14, epochs=1, run=str(path), quiet=True, export=False
    ).model_file


def test_a_saved_network_is_the_same_network(model_file: Path, tmp_path: Path) -> None:
    card = read_card(model_file)
    save_network(tmp_path / "copy.safetensors", load_network(model_file), card)
    assert read_card(tmp_path / "copy.safetensors") == card
    first, second = load_file(model_file), load_file(tmp_path / "copy.safetensors")
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_tensors_that_do_not_fit_the_card(model_file: Path, tmp_path: Path) -> None:
    text = read_card(model_file).model_dump_json()
    tensors = load_file(model_file)
    tensors.pop(next(iter(tensors)))
    save_file(tensors, tmp_path / "m.safetensors", {METADATA_KEY: text})
    with pytest.raises(UserError, match=r"do not fit the network 'lecture3'"):
        convsight.load(tmp_path / "m.safetensors")


def test_a_card_with_an_unknown_net(model_file: Path, tmp_path: Path) -> None:
    card = json.loads(read_card(model_file).model_dump_json()) | {"net": "lecture33"}
    save_file(load_file(model_file), tmp_path / "m.safetensors", {METADATA_KEY: json.dumps(card)})
    with pytest.raises(UserError, match="did you mean lecture3"):
        convsight.load(tmp_path / "m.safetensors")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"net": "conv 1000000 3x3 | conv 1000000 3x3 | globalavg | dense classes"}, "do not fit the network"),
        ({"net": "flatten | dense 1000000 | dense 1000000 | dense classes"}, "do not fit the network"),
        ({"net": "resnet50"}, "do not fit the network 'resnet50'"),
        ({"net": "dense 5 | flatten | dense classes"}, "dense needs a vector"),
        ({"net": "small x"}, "unknown layer"),
        ({"input": {"height": 8192, "width": 8192, "channels": 10}}, "input of 8192 x 8192 x 10 has over"),
        ({"input": {"height": 100, "width": 100, "channels": 65536}}, "input of 100 x 100 x 65536 has over"),
        ({"calibration": {"temperature": 0.0}}, "temperature must be above 0"),
        ({"calibration": {"temperature": float("nan")}}, "finite number"),
    ],
)
def test_cards_that_ask_for_what_no_machine_has(
    model_file: Path, tmp_path: Path, change: dict[str, object], words: str
) -> None:
    card = json.loads(read_card(model_file).model_dump_json())
    if isinstance(sides := change.get("input"), dict):
        sides |= {"mean": [0.5] * sides["channels"], "std": [1.0] * sides["channels"]}
        change = {"input": card["input"] | sides | {"bits": 8, "low": 0, "high": 255}}
    save_file(load_file(model_file), tmp_path / "m.safetensors", {METADATA_KEY: json.dumps(card | change)})
    with pytest.raises(UserError, match=words) as error:
        convsight.load(tmp_path / "m.safetensors")
    assert len(str(error.value)) < 5000


def test_inputs_for_which_there_is_no_memory() -> None:
    class Hungry(torch.nn.Module):
        def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
            return {"probabilities": torch.empty(2**60)}

    with pytest.raises(UserError, match=r"more memory for inputs \(1 of 2 x 2 x 3\) than there is"):
        TorchEngine(Hungry(), torch.device("cpu")).run(np.zeros((1, 2, 2, 3), np.uint8))


def test_half_precision_answers_nearly_the_same(model_file: Path) -> None:
    from convsight.tasks import task_of

    card = read_card(model_file)
    graph = task_of(card.task).graph(load_network(model_file), card)
    pixels = np.random.default_rng(0).integers(0, 256, (8, 14, 14, 3), dtype=np.uint8)
    full = TorchEngine(graph, torch.device("cpu")).run(pixels)["probabilities"]
    half = TorchEngine(graph, torch.device("cpu"), torch.bfloat16).run(pixels)["probabilities"]
    assert not np.array_equal(full, half)
    np.testing.assert_allclose(full, half, atol=0.03)
