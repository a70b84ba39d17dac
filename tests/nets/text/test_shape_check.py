"""Sizes that a text takes, found without PyTorch."""

import subprocess
import sys
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from tests.nets.text.generated import OUTPUTS, working_nets

from convsight.errors import UserError
from convsight.nets.text.layer_errors import LayerError, TooSmallError
from convsight.nets.text.net import Net
from convsight.nets.text.parse import parse
from convsight.nets.text.shape_check import check_sides, check_text, check_volume, logit_steps, smallest_sides
from convsight.nets.text.steps import walk
from convsight.nets.text.volume import InputShape, Volume

UNHURRIED = settings(deadline=None)  # on a busy machine an example may take any time


@dataclass(frozen=True)
class Shape:
    outputs: int = 10
    channels: int = 3
    height: int = 28
    width: int = 28


@UNHURRIED
@given(working_nets())
def test_smallest_sides_work_and_one_less_does_not(made: tuple[Net, Volume]) -> None:
    net, volume = made
    smallest = smallest_sides(net.layers, volume)
    assert smallest is not None
    assert all(minimum <= side for minimum, side in zip(smallest, volume.sides, strict=True))
    assert not _too_small(net, Volume(volume.channels, smallest))
    for axis, minimum in enumerate(smallest):
        if minimum > 1:
            less = (*smallest[:axis], minimum - 1, *smallest[axis + 1 :])
            # The mean of one number may be found before the kernel that has no room.
            with pytest.raises(LayerError):
                walk(net.layers, Volume(volume.channels, less), OUTPUTS)


def _too_small(net: Net, volume: Volume) -> bool:
    try:
        walk(net.layers, volume, OUTPUTS)
    except TooSmallError:
        return True
    except LayerError:
        return False
    return False


@pytest.mark.parametrize(
    ("text", "sides"),
    [
        ("conv 16 3x3 relu | conv 32 5x5 stride 2 relu", (7, 7)),
        ("conv 16 3x3 | maxpool 2 stride 1 same | conv 32 3x3 stride 2", (5, 5)),
        # LeNet-5: twice a 5 px convolution and pooling by 2.
        ("2 * (conv 6 5 | maxpool 2)", (16, 16)),
        ("conv 8 3 same stride 2 | globalavg", (1, 1)),
        ("globalavg keep | conv 8 2", None),
    ],
)
def test_worked_smallest_sides(text: str, sides: tuple[int, ...] | None) -> None:
    assert smallest_sides(parse(text).layers, Volume(1, (28, 28))) == sides


@pytest.mark.parametrize("text", ["conv 8 9 padding 4 | flatten | dense 10", "input 28x28x3 | flatten | dense classes"])
def test_what_works_is_walked(text: str) -> None:
    assert check_text(text, Shape())[-1].after == Volume(10)


def test_sides_alone() -> None:
    with pytest.raises(UserError, match="use --colour grey"):
        check_text("input 28x28x1 | flatten | dense 10", Shape())
    assert check_sides("input 28x28x1 | flatten | dense 10", Shape())[0].before == Volume(1, (28, 28))
    assert check_sides("input 28x28x? | flatten | dense 10", Shape())[0].before == Volume(3, (28, 28))
    with pytest.raises(UserError, match="use --size 32, or leave"):
        check_sides("input 32x32x1 | flatten | dense 10", Shape())


def test_the_fix_of_the_message_works() -> None:
    with pytest.raises(UserError, match="at least 56x56, or padding 2"):
        check_text("maxpool 8 | conv 8 7 | flatten | dense 10", Shape(height=24, width=24))
    check_text("maxpool 8 | conv 8 7 padding 2 | flatten | dense 10", Shape(height=24, width=24))
    check_text("maxpool 8 | conv 8 7 | flatten | dense 10", Shape(height=56, width=56))


@pytest.mark.parametrize(
    ("word", "volume", "admitted"),
    [
        ("28x28x1", Volume(1, (28, 28)), True),
        ("28x28x1", Volume(3, (28, 28)), False),
        ("28x28x1", Volume(1, (28, 27)), False),
        ("?x28x?", Volume(7, (5, 28)), True),
        ("?x28x?", Volume(7, (28, 5)), False),
        ("?x?x3", Volume(3, (5,)), False),
        ("784", Volume(784), True),
    ],
)
def test_inputs(word: str, volume: Volume, admitted: bool) -> None:
    shape = InputShape.parse(word)
    assert shape.admits(volume) == admitted
    assert str(shape) == word
    net = parse(f"input {word} | relu")
    if admitted:
        assert check_volume(net, volume)[0].after == volume
    else:
        with pytest.raises(UserError, match="the network's input is"):
            check_volume(net, volume)


def test_logits_are_before_the_last_softmax() -> None:
    volume = Volume(3)
    assert [step.name for step in logit_steps(walk(parse("dense 2 softmax").layers, volume))] == ["dense1"]
    assert [step.name for step in logit_steps(walk(parse("dense 2 softmax relu").layers, volume))][-1] == "relu1"
    assert [step.name for step in logit_steps(walk(parse("softmax").layers, volume))] == ["softmax1"]


def test_without_pytorch() -> None:
    script = """
import sys
sys.modules["torch"] = None  # an import of it fails
from collections import namedtuple
from convsight.errors import UserError
from convsight.nets.text.shape_check import check_text
from convsight.nets.text.source import canonical, is_net_text
shape = namedtuple("Shape", "outputs channels height width")(10, 1, 28, 28)
print(check_text("conv 8 3 relu | flatten | dense classes", shape)[-1].after, canonical("relu|relu"))
try:
    check_text("conv 8 30 | flatten | dense classes", shape)
except UserError as error:
    print(error)
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("10 relu relu\nconv1: 30x30 kernel over a 28x28 volume")
