"""A file of Keras as an entry of the catalogue: the lecture's counts, and what the file fixes."""

from pathlib import Path

import pytest
import torch

from convsight.errors import UserError
from convsight.nets.entry import NetShape
from convsight.nets.keras.archive import is_keras_file
from convsight.nets.keras.entry import keras_entry, keras_text, load_keras
from convsight.nets.text.entry import text_entry

FIXTURES = Path(__file__).with_name("fixtures")


@pytest.mark.parametrize(
    ("name", "channels", "parameters"),
    [("lecture1.json", 3, 52_010), ("lecture2.json", 3, 52_010), ("lecture3.json", 1, 50_890)],
)
def test_parameters_of_the_lectures_nets(name: str, channels: int, parameters: int) -> None:
    entry = keras_entry(FIXTURES / name)
    assert (entry.side, entry.smallest, entry.channels, entry.outputs) == (28, 28, channels, 10)
    net = entry.build(NetShape(10, channels, 28, 28))
    assert sum(parameter.numel() for parameter in net.parameters()) == parameters
    assert net(torch.zeros(2, channels, 28, 28)).shape == (2, 10)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        (NetShape(7, 1, 28, 28), "the network ends with 10 numbers, but the data needs 7: write"),
        (NetShape(10, 3, 28, 28), "the network's input is 28x28x1, not 28x28x3: use --colour grey"),
        (NetShape(10, 1, 32, 32), "the network's input is 28x28x1, not 32x32x1: use --size 28"),
    ],
)
def test_what_the_file_fixes(shape: NetShape, message: str) -> None:
    with pytest.raises(UserError, match=f"^{message}"):
        keras_entry(FIXTURES / "lecture3.json").build(shape)


@pytest.mark.parametrize("side", [1, 5, 30])
def test_a_size_left_open_may_be_any(side: int) -> None:
    net = keras_entry(FIXTURES / "any_size.keras").build(NetShape(3, 3, side, side))
    assert net(torch.zeros(2, 3, side, side)).shape == (2, 3)


def test_networks_of_other_dimensions_take_no_images() -> None:
    with pytest.raises(UserError, match="the network's input is 22x3, not 22x22x3"):
        keras_entry(FIXTURES / "one_axis.keras").build(NetShape(2, 3, 22, 22))


def test_weights_are_fresh_and_the_softmax_left_out() -> None:
    path = FIXTURES / "legacy.keras"
    entry = keras_entry(path)
    assert entry.source == str(path)
    net = entry.build(NetShape(5, 2, 11, 12))
    loaded = load_keras(path)
    assert [name for name, _ in loaded.named_children()][-1] == "softmax1"
    assert [name for name, _ in net.named_children()][-1] == "dense1"
    weights = net.state_dict()
    assert {key: t.shape for key, t in weights.items()} == {key: t.shape for key, t in loaded.state_dict().items()}
    assert not torch.equal(weights["conv1.weight"], loaded.state_dict()["conv1.weight"])
    net.load_state_dict(loaded.state_dict())
    images = torch.randn(2, 2, 11, 12)
    torch.testing.assert_close(net.eval()(images).softmax(1), loaded(images))


# Images in, a vector out.
@pytest.mark.parametrize("name", ["lecture", "convolutions", "strides", "pools", "norms", "dense"])
def test_the_text_alone_rebuilds_the_network(name: str) -> None:
    path = FIXTURES / f"{name}.keras"
    text = keras_text(path)
    height, width, channels = map(int, text.removeprefix("input ").split(" ")[0].split("x"))
    shape = NetShape(keras_entry(path).outputs, channels, height, width)
    states = []
    for entry in (keras_entry(path), text_entry(text)):
        torch.manual_seed(0)
        states.append(entry.build(shape).state_dict())
    assert list(states[0]) == list(states[1])
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])


def test_which_names_are_files_of_keras() -> None:
    assert is_keras_file("folder/Net.KERAS")
    assert is_keras_file("net.json")
    assert not is_keras_file("net.h5")
    assert not is_keras_file("keras")
