import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import convsight
from convsight.card import METADATA_KEY
from convsight.errors import UserError
from convsight.export.torch_engine import load_network, save_network
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


def test_half_precision_answers_nearly_the_same(model_file: Path) -> None:
    from convsight.export.torch_engine import TorchEngine
    from convsight.tasks import task_of

    card = read_card(model_file)
    graph = task_of(card.task).graph(load_network(model_file), card)
    pixels = np.random.default_rng(0).integers(0, 256, (8, 14, 14, 3), dtype=np.uint8)
    full = TorchEngine(graph, torch.device("cpu")).run(pixels)["probabilities"]
    half = TorchEngine(graph, torch.device("cpu"), torch.bfloat16).run(pixels)["probabilities"]
    assert not np.array_equal(full, half)
    np.testing.assert_allclose(full, half, atol=0.03)
