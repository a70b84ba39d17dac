"""A network with tied weights is written and read like any other."""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

from convsight.card import Card
from convsight.export.torch_engine import load_tensors, save_network
from convsight.inputs import ImageInput
from convsight.targets import Classes


def test_tied_weights_are_in_the_model_file_by_each_name(tmp_path: Path) -> None:
    layer = nn.Linear(3, 3)
    spec = ImageInput(height=8, width=8, mean=(0, 0, 0), std=(1, 1, 1))
    card = Card(task="classification", net="small", target=Classes(names=("a", "b")), input=spec)
    save_network(tmp_path / "model.safetensors", nn.Sequential(layer, layer), card)
    other = nn.Linear(3, 3)
    tied = nn.Sequential(other, other)
    load_tensors(tied, load_file(tmp_path / "model.safetensors"))
    assert torch.equal(other.weight, layer.weight)
