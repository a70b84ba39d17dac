"""Every mistake in a text is pointed at, with what was expected."""

import re
from contextlib import suppress
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.nets.text.generated import any_nets

from convsight.errors import UserError
from convsight.nets.text.net import Net
from convsight.nets.text.parse import MAX_LAYERS, parse
from convsight.nets.text.shape_check import check_text, check_volume
from convsight.nets.text.unparse import unparse
from convsight.nets.text.vocabulary import LAYERS
from convsight.nets.text.volume import Volume


@dataclass(frozen=True)
class Shape:
    outputs: int = 10
    channels: int = 3
    height: int = 28
    width: int = 28


# A text, carets under the word in question, and the message.
_PARSED = [
    ("conv 16 3x3 | maxpol 2",
     "              ^^^^^^",
     "unknown layer 'maxpol'; did you mean maxpool, sumpool, avgpool?"),
    ("conv 16 3x3 strid 2",
     "            ^^^^^",
     "unknown option of conv 'strid'; did you mean stride, sigmoid?"),
    ("dense 10 stride 2",
     "         ^^^^^^",
     "unknown option of dense 'stride'; known: "),
    ("residual(relu) stride",
     "               ^^^^^^",
     "unknown option of residual 'stride'; known: "),
    ("conv 16 3x3 maxpool 2",
     "            ^^^^^^^",
     "expected `|` before 'maxpool'"),
    ("conv",
     "^^^^",
     "filters of conv is missing after 'conv': a whole number of at least 1, or `classes`"),
    ("conv 16 | relu",
     "     ^^",
     "kernel of conv is missing after '16': a whole number of at least 1, or one for each axis such as 3x3"),
    ("conv 16 3 stride",
     "          ^^^^^^",
     "stride of conv is missing after 'stride'"),
    ("conv 16 3 stride 0",
     "                 ^",
     "stride of conv must be a whole number of at least 1, or one for each axis such as 2x1, not '0'"),
    ("conv 16 3 stride -2 | relu",
     "                 ^^",
     "stride of conv must be a whole number of at least 1, or one for each axis such as 2x1, not '-2'"),
    ("conv 16 3x3x3x3",
     "        ^^^^^^^",
     "kernel of conv must be a whole number of at least 1, or one for each axis such as 3x3, not '3x3x3x3'"),
    ("conv 16.5 3",
     "     ^^^^",
     "filters of conv must be a whole number of at least 1, or `classes`, not '16.5'"),
    ("conv ٣ 3",
     "     ^",
     "filters of conv must be"),
    ("dense 1000001",
     "      ^^^^^^^",
     "units of dense must be"),
    ("conv 16 3 stride 2 stride 3",
     "                   ^^^^^^",
     "stride of conv is given twice"),
    ("conv 16 3 same padding 1",
     "               ^^^^^^^",
     "padding of conv is given twice"),
    ("conv 16 3 padding -1",
     "                  ^^",
     "padding of conv must be valid, same, or cells such as 1, 1x2 or (before:behind) 0:1x0:1, not '-1'"),
    ("zeropad same",
     "        ^^^^",
     "cells of zeropad must be cells such as 1, 1x2 or (before:behind) 0:1x0:1, not 'same'"),
    ("dropout 1",
     "        ^",
     "rate of dropout must be a number from 0 up to, not including, 1, not '1'"),
    ("dropout nan",
     "        ^^^",
     "rate of dropout must be"),
    ("leakyrelu -1",
     "          ^^",
     "slope of leakyrelu must be a number of at least 0, not '-1'"),
    ("batchnorm eps 0",
     "              ^",
     "eps of batchnorm must be a number above 0, not '0'"),
    ("batchnorm momentum 2",
     "                   ^",
     "momentum of batchnorm must be a number from 0 to 1, not '2'"),
    ("rescale inf",
     "        ^^^",
     "scale of rescale must be a number, not 'inf'"),
    ("conv 8 3 init hee",
     "              ^^^",
     "init of conv must be one of random, glorot, he, not 'hee'"),
    ("init he",
     "       ^",
     "expected `|` after `init`"),
    ("init hee | relu",
     "     ^^^",
     "init must be one of random, glorot, he, not 'hee'"),
    ("input 28x28x0 | relu",
     "      ^^^^^^^",
     "input must be sides and channels such as 28x28x1, ? for any number, not '28x28x0'"),
    ("input 1x2x3x4x5 | relu",
     "      ^^^^^^^^^",
     "input must be sides and channels"),
    ("init he | input 28x28x1 | relu",
     "          ^^^^^",
     "`input` comes before all layers, `input` before `init`"),
    ("",
     "^",
     "expected a layer, such as `conv 16 3x3`"),
    ("relu |",
     "      ^",
     "expected a layer, such as `conv 16 3x3`"),
    ("relu || relu",
     "      ^",
     "expected a layer before '|', such as `conv 16 3x3`"),
    ("residual relu",
     "         ^^^^",
     "expected `(` after `residual`"),
    ("relu | residual(relu | relu",
     "               ^",
     "this bracket is never closed"),
    ("residual()",
     "         ^",
     "expected a layer before ')'"),
    ("relu) | relu",
     "    ^",
     "')' closes nothing"),
    ("3 * relu",
     "    ^^^^",
     "expected `(` after `3 *`"),
    ("0 * (relu)",
     "^",
     "the number before `*` must be a whole number of at least 1, not '0'"),
    ("relu (relu)",
     "     ^",
     "'(' cannot follow 'relu'"),
    ("2000 * (relu relu)",
     "^^^^",
     "2000 times 2 layers are more than 2,000"),
    ("40 * (40 * (residual(relu)))",
     "^^",
     "40 times 80 layers are more than 2,000"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "carets", "message"), _PARSED)
def test_a_text_that_does_not_parse(text: str, carets: str, message: str) -> None:
    with pytest.raises(UserError) as found:
        parse(text)
    _shows(found.value, message, text, carets)


_SHAPED = [
    ("maxpool 8 | conv 32 5x5 | flatten | dense 10",
     "                    ^^^",
     "conv1: 5x5 kernel over a 3x3 volume; the input must be at least 40x40, or padding 1"),
    ("conv 8 3 | maxpool 6 | conv 16 7x3 | flatten | dense 10",
     "                               ^^^",
     "conv2: 7x3 kernel over a 4x4 volume; the input must be at least 44x20, or padding 2x0"),
    ("maxpool 7 | conv 32 5 dilation 2 | flatten | dense 10",
     "                    ^",
     "conv1: 5x5 kernel, dilated to 9x9, over a 4x4 volume; the input must be at least 63x63, or padding 3"),
    ("maxpool 28 | maxpool 2 | flatten | dense 10",
     "                     ^",
     "maxpool2: 2x2 kernel over a 1x1 volume; the input must be at least 56x56, or padding 1"),
    ("globalavg keep | conv 8 3 | flatten | dense 10",
     "                        ^",
     "conv1: 3x3 kernel over a 1x1 volume; no input is large enough; it takes padding 1"),
    ("maxpool 28 | transposed 8 2 padding 1 | flatten | dense 10",
     "                                    ^",
     "transposed1: padding leaves nothing of what a 1x1 volume becomes; the input must be at least 56x56, or less"),
    ("residual(conv 8 3 same | maxpool 20 | maxpool 20 same | conv 3 9)",
     "                                                               ^",
     "block1.conv2: 9x9 kernel over a 1x1 volume; the input must be at least 3220x3220, or padding 4"),
    ("conv 8 3x3x3",
     "       ^^^^^",
     "conv1: kernel for 3 axes, but the volume 28x28x3 has 2"),
    ("conv 8 3 stride 1x2x3",
     "                ^^^^^",
     "conv1: stride for 3 axes, but the volume 28x28x3 has 2"),
    ("conv 8 3 groups 2",
     "                ^",
     "conv1: groups 2 does not divide the number of channels that come in, 3"),
    ("conv 8 3 groups 3",
     "                ^",
     "conv1: groups 3 does not divide the number of filters, 8"),
    ("relu | groupnorm 2",
     "                 ^",
     "groupnorm1: 2 groups do not divide the number of channels that come in, 3"),
    ("globalavg keep | instancenorm",
     "                 ^^^^^^^^^^^^",
     "instancenorm1: instancenorm of a 1x1x3 volume takes the mean of one number, which leaves 0"),
    ("maxpool 2 padding 2",
     "                  ^",
     "maxpool1: padding must be smaller than the kernel of 2"),
    ("transposed 8 3 same outputpadding 1",
     "                                  ^",
     "transposed1: outputpadding goes with padding in numbers, not with same"),
    ("transposed 8 3 stride 2 padding 1 outputpadding 2",
     "                                                ^",
     "transposed1: outputpadding 2 must be smaller than the stride or dilation"),
    ("dense 10",
     "^^^^^",
     "dense1: dense needs a vector, not a 28x28x3 volume: put `flatten |` or `globalavg |` before it"),
    ("flatten | conv 8 3",
     "          ^^^^",
     "conv1: conv needs a volume with sides, not a vector of 2352 numbers"),
    ("flatten | globalavg",
     "          ^^^^^^^^^",
     "globalavg1: globalavg needs a volume with sides, not a vector of 2352 numbers"),
    ("relu | residual(conv 8 3 | relu)",
     "       ^^^^^^^^",
     "block1: the layers inside make 28x28x3 to 26x26, the shortcut to 28x28: use `same` inside"),
    ("residual(flatten)",
     "^^^^^^^^",
     "block1: a 28x28x3 volume and the 2352 of the layers inside cannot be added"),
    ("residual(transposed 3 2 stride 2)",
     "^^^^^^^^",
     "block1: the layers inside enlarge 28x28x3 to 56x56x3, which the shortcut cannot"),
    ("input 32x32x1 | flatten | dense 10",
     "^^^^^^^^^^^^^",
     "the network's input is 32x32x1, not 28x28x3: use --size 32 --colour grey, or leave `input` out"),
    ("input 28x28x1 | flatten | dense 10",
     "^^^^^^^^^^^^^",
     "the network's input is 28x28x1, not 28x28x3: use --colour grey, or leave `input` out"),
    ("input 28x20x3 | flatten | dense 10",
     "^^^^^^^^^^^^^",
     "the network's input is 28x20x3, not 28x28x3: leave `input` out"),
    ("input 100x3 | flatten | dense 10",
     "^^^^^^^^^^^",
     "the network's input is 100x3, not 28x28x3"),
    ("flatten | dense 64 relu | dense 7 softmax",
     "                                ^",
     "the network ends with 7 numbers, but the data needs 10: write `dense classes` at its end"),
    ("conv 7 3 | residual(conv 9 1 | relu) | globalavg",
     "                         ^",
     "the network ends with 9 numbers, but the data needs 10: write `dense classes` at its end"),
    ("flatten | dropout 0.5",
     "          ^^^^^^^",
     "the network ends with 2352 numbers, but the data needs 10: write `dense classes` at its end"),
    ("conv classes 3 | relu",
     "                 ^^^^",
     "the network ends with a 26x26x10 volume, not with plain numbers: end with `flatten | dense classes`"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "carets", "message"), _SHAPED)
def test_a_text_that_does_not_work(text: str, carets: str, message: str) -> None:
    with pytest.raises(UserError) as found:
        check_text(text, Shape())
    _shows(found.value, message, text, carets)


def test_classes_without_data() -> None:
    with pytest.raises(UserError, match="there are no data here"):
        check_volume(parse("dense classes"), Volume(3))


def test_of_a_long_text_the_part_around_the_word_is_shown() -> None:
    text = "relu | " * 30 + "maxpol 2" + " | relu" * 30
    with pytest.raises(UserError) as found:
        parse(text)
    _, shown, carets = str(found.value).split("\n")
    assert len(shown) == 2 + 3 + 96 + 3
    assert shown.startswith("  ...")
    assert shown.endswith("...")
    assert _underlined(shown, carets) == "maxpol"


def test_at_the_end_of_a_long_text() -> None:
    with pytest.raises(UserError) as found:
        parse("relu | " * 30 + "conv")
    _, shown, carets = str(found.value).split("\n")
    assert not shown.endswith("...")
    assert _underlined(shown, carets) == "conv"


def test_a_word_longer_than_the_line() -> None:
    with pytest.raises(UserError) as found:
        parse("c" * 300)
    assert all(len(line) < 110 for line in str(found.value).split("\n")[1:])


def test_a_text_of_several_lines_is_shown_as_one() -> None:
    with pytest.raises(UserError) as found:
        parse("conv 8 3\n| maxpol 2")
    assert str(found.value).endswith("\n  conv 8 3 | maxpol 2\n             ^^^^^^")


def test_limits() -> None:
    with pytest.raises(UserError, match="at most 100,000 characters"):
        parse("relu | " * 20_000)
    with pytest.raises(UserError, match="more than 2,000 layers"):
        parse(" | ".join(["relu"] * (MAX_LAYERS + 1)))
    with pytest.raises(UserError, match="more than 8 brackets"):
        parse("residual(" * 5_000)
    assert len(parse(" | ".join(["relu"] * MAX_LAYERS)).layers) == MAX_LAYERS


_WORDS = [*LAYERS, "residual", "input", "init", "he", "same", "stride", "padding", "groups", "classes", "eps", "offset"]
_SIGNS = ["|", "|", "|", "(", ")", "*", "1", "2", "3x3", "0", "-1", "0.5", "1:0", "?x?x3", "x", "nan", "\x00", "é"]


@settings(deadline=None)
@given(any_nets(), st.integers(0), st.lists(st.sampled_from([*_WORDS, *_SIGNS]), max_size=3))
def test_any_words_are_a_network_or_an_error_of_the_user(net: Net, place: int, words: list[str]) -> None:
    there = re.findall(r"[|()]|[^\s|()]+", unparse(net))
    there[place % len(there) : place % len(there) + 1] = words
    with suppress(UserError):
        check_text(" ".join(there), Shape())


def _shows(error: UserError, message: str, text: str, carets: str) -> None:
    said, shown, under = str(error).split("\n")
    assert said.startswith(message)
    assert shown == f"  {text}"
    assert under == f"  {carets}"


def _underlined(shown: str, carets: str) -> str:
    return "".join(letter for letter, under in zip(shown, carets, strict=False) if under == "^")
