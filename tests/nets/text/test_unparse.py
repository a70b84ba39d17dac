"""A network and its canonical text are one and the same."""

import pytest
from hypothesis import given, settings
from tests.nets.text.generated import any_nets

from convsight.nets.text.net import Net
from convsight.nets.text.parse import parse
from convsight.nets.text.unparse import unparse

UNHURRIED = settings(deadline=None)  # on a busy machine an example may take any time


@UNHURRIED
@given(any_nets())
def test_what_is_written_reads_back_the_same(net: Net) -> None:
    text = unparse(net)
    assert "\n" not in text
    assert parse(text) == net
    assert unparse(parse(text)) == text


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("conv 8 3x3", "conv 8 3x3"),
        ("  conv\t8\n3x3   stride 1 dilation 1 groups 1 valid", "conv 8 3x3"),
        ("conv 8 3 padding same nobias init he", "conv 8 3 same nobias init he"),
        ("conv 8 3 padding 1:1x2:0", "conv 8 3 padding 1x2:0"),
        ("conv 8 3|relu|sigmoid", "conv 8 3 relu sigmoid"),
        ("relu|conv 8 3", "relu | conv 8 3"),
        ("leakyrelu", "leakyrelu"),
        ("leakyrelu 0.01", "leakyrelu"),
        ("leakyrelu .2 | relu", "leakyrelu 0.2 relu"),
        ("2 * (conv 8 3 | 2 * (relu))", "conv 8 3 relu relu | conv 8 3 relu relu"),
        ("residual ( conv 8 3 same|relu )relu", "residual(conv 8 3 same relu) relu"),
        ("input 28x?x1|init he|dense 3", "input 28x?x1 | init he | dense 3"),
        ("batchnorm momentum 0.1 eps 1e-5", "batchnorm"),
        ("maxpool 2 stride 2", "maxpool 2 stride 2"),
    ],
)
def test_canonical_texts(text: str, canonical: str) -> None:
    assert unparse(parse(text)) == canonical
