"""A text as an entry of the catalogue."""

from pathlib import Path

import pytest
import torch

from convsight.errors import UserError
from convsight.nets.dry_run.build import build_without_memory
from convsight.nets.entry import NetShape
from convsight.nets.image_sizes import fits, smallest_square
from convsight.nets.text.entry import text_entry
from convsight.nets.text.source import canonical

_LECTURE = "conv 16 3x3 relu | conv 32 5x5 stride 2 relu | flatten | dense classes"


def test_what_an_entry_says() -> None:
    entry = text_entry(_LECTURE)
    assert entry.about == _LECTURE
    assert entry.licence == "yours"
    assert (entry.side, entry.smallest, entry.channels, entry.outputs) == (64, 7, 3, 10)


@pytest.mark.parametrize(
    ("text", "side", "smallest", "channels", "outputs"),
    [
        ("input 28x28x1 | flatten | dense 7", 28, 28, 1, 7),
        ("input ?x?x1 | conv 8 3 | globalavg | dense 7", 64, 3, 1, 7),
        ("conv 8 3 | maxpool 40 | globalavg", 64, 42, 3, 8),
        ("maxpool 40 | conv 8 3 | globalavg", 120, 120, 3, 8),
        # Refused when it is built, with the reason.
        ("dense 7", 64, 1, 3, 10),
        ("globalavg keep | conv 8 3", 64, 1, 3, 10),
    ],
)
def test_sides_and_numbers(text: str, side: int, smallest: int, channels: int, outputs: int) -> None:
    entry = text_entry(text)
    assert (entry.side, entry.smallest, entry.channels, entry.outputs) == (side, smallest, channels, outputs)


@pytest.mark.parametrize("text", [_LECTURE, "conv 8 3 stride 2 same | residual(conv 8 3 same) | globalavg | dense 4"])
def test_the_smallest_side_is_what_running_it_finds(text: str) -> None:
    entry = text_entry(text)
    smallest = smallest_square(entry, channels=3, outputs=4)
    shape = NetShape(4, 3, smallest, smallest)
    assert fits(entry, shape)
    with torch.no_grad():
        assert entry.build(shape).eval()(torch.zeros(1, 3, smallest, smallest)).shape == (1, 4)
    if smallest > 1:
        with pytest.raises(UserError, match=f"at least {smallest}x{smallest}"):
            entry.build(NetShape(4, 3, smallest - 1, smallest - 1))


def test_it_is_built_without_memory() -> None:
    net = build_without_memory(text_entry("flatten | dense 1000000 | dense 10"), NetShape(10, 3, 1000, 1000))
    assert {parameter.device.type for parameter in net.parameters()} == {"meta"}


def test_a_seed_makes_the_weights() -> None:
    shape = NetShape(10, 1, 28, 28)

    def seeded(seed: int) -> torch.Tensor:
        torch.manual_seed(seed)
        return text_entry(_LECTURE).build(shape).get_parameter("conv1.weight")

    assert torch.equal(seeded(1), seeded(1))
    assert not torch.equal(seeded(1), seeded(2))


def test_a_file_and_its_canonical_text_are_the_same_network(tmp_path: Path) -> None:
    path = tmp_path / "mynet.toml"
    path.write_text('name = "mine"\ninit = "he"\nlayers = ["2 * (conv 8 3 same relu)", "globalavg", "dense classes"]')
    shape = NetShape(3, 1, 12, 12)
    states = []
    for name in (str(path), canonical(str(path))):
        torch.manual_seed(0)
        states.append(text_entry(name).build(shape).state_dict())
    assert text_entry(str(path)).about == "mine"
    assert list(states[0]) == list(states[1])
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])


def test_a_text_that_does_not_parse_is_refused_at_once() -> None:
    with pytest.raises(UserError, match="unknown layer 'con'"):
        text_entry("con 8 3 | flatten")


def test_wrong_outputs_are_refused_when_it_is_built() -> None:
    with pytest.raises(UserError, match="ends with 10 numbers, but the data needs 3: write `dense classes`"):
        text_entry("flatten | dense 10").build(NetShape(3, 1, 8, 8))
