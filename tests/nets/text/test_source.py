"""What is taken for a text, and what is not."""

import pytest

from convsight.nets.catalogue import NETS
from convsight.nets.text.source import canonical, is_net_text, net_of


@pytest.mark.parametrize("name", ["relu|relu", "conv 8 3", "relu\nrelu", "mynet.toml", "folder/MyNet.TOML"])
def test_texts(name: str) -> None:
    assert is_net_text(name)


@pytest.mark.parametrize("name", [*NETS, "resnet18", "vit_b_16", "squeezenet1_1"])
def test_names_of_the_catalogue(name: str) -> None:
    assert not is_net_text(name)


def test_the_canonical_text_is_its_own() -> None:
    text = "input 28x28x1 | init he | 2 * (conv 8 3 padding 1 | relu) | flatten | dense 10"
    assert canonical(canonical(text)) == canonical(text)
    assert net_of(canonical(text)) == net_of(text)


def test_outputs_are_written_as_the_classes_that_cards_have() -> None:
    assert canonical("conv outputs 3 | globalavg | dense outputs") == "conv classes 3 | globalavg | dense classes"
