"""The shape arithmetic of texts against PyTorch: what comes out is what was said, and what cannot work does not."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.nets.text.generated import OUTPUTS, working_nets
from torch import Tensor, nn

from convsight.nets.text.build import build
from convsight.nets.text.layer_errors import TooSmallError
from convsight.nets.text.layers.convolutions import Conv, Transposed
from convsight.nets.text.net import Net
from convsight.nets.text.parse import parse
from convsight.nets.text.steps import Step, walk
from convsight.nets.text.volume import Volume

UNHURRIED = settings(deadline=None)  # on a busy machine an example may take any time


@UNHURRIED
@given(working_nets())
def test_what_comes_out_of_every_layer_is_what_was_said(made: tuple[Net, Volume]) -> None:
    net, volume = made
    steps = walk(net.layers, volume, OUTPUTS)
    assert _shapes(build(steps), volume) == {step.name: step.after for step in _all(steps)}


_numbers = st.tuples(*[st.integers(1, 5)] * 2, *[st.integers(1, 2)] * 2, *[st.integers(0, 2)] * 2)


@UNHURRIED
@given(_numbers, st.integers(1, 9), st.sampled_from([Conv, Transposed]))
def test_a_layer_is_refused_where_it_would_not_run(
    numbers: tuple[int, ...], side: int, kind: type[Conv] | type[Transposed]
) -> None:
    kernel, stride, dilation, many, before, behind = numbers
    layer = kind(filters=many, kernel=(kernel,), stride=(stride,), dilation=(dilation,), padding=((before, behind),))
    # Built where there is room, then run where there may be none.
    net = build(walk([layer], Volume(1, (side + 20,))))
    try:
        found = net(torch.zeros(1, 1, side)).shape[2]
    except RuntimeError:
        found = 0
    if found > 0:
        assert layer.after(Volume(1, (side,))) == Volume(many, (found,))
    else:
        with pytest.raises(TooSmallError):
            layer.after(Volume(1, (side,)))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("conv 2 3 relu | conv 2 3 relu", ["conv1", "relu1", "conv2", "relu2"]),
        ("2 * (conv 2 3 | maxpool 2)", ["conv1", "maxpool1", "conv2", "maxpool2"]),
        (
            "conv 2 3 | residual(conv 2 3 same relu | conv 2 3 same) relu | 2 * (residual(relu))",
            [
                *("conv1", "block1", "block1.conv1", "block1.relu1", "block1.conv2", "relu1"),
                *("block2", "block2.relu1", "block3", "block3.relu1"),
            ],
        ),
        ("residual(residual(relu))", ["block1", "block1.block1", "block1.block1.relu1"]),
    ],
)
def test_names(text: str, names: list[str]) -> None:
    steps = walk(parse(text).layers, Volume(1, (28, 28)))
    assert [step.name for step in _all(steps)] == names


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # The lecture's formula: floor((n + 2p - f) / s) + 1.
        ("conv 8 5 stride 2", "126x126x8"),
        ("conv 8 7 stride 2 padding 3", "128x128x8"),
        ("conv 8 3x5", "254x252x8"),
        ("conv 8 3 dilation 2", "252x252x8"),
        ("conv 8 3 stride 3 same", "86x86x8"),
        ("conv 8 3 padding 0:1x2:0 stride 2", "128x128x8"),
        ("maxpool 2", "128x128x3"),
        ("maxpool 3 stride 2", "127x127x3"),
        ("maxpool 2 stride 1 same", "256x256x3"),
        ("transposed 8 3 stride 2", "513x513x8"),
        ("transposed 8 3 stride 2 same", "512x512x8"),
        ("transposed 8 2 stride 3", "768x768x8"),
        ("transposed 8 3 stride 2 padding 1", "511x511x8"),
        ("transposed 8 3 stride 2 padding 1 outputpadding 1", "512x512x8"),
        ("depthwise 3 multiplier 2", "254x254x6"),
        ("separable 9 3 same", "256x256x9"),
        ("zeropad 1x0:2", "258x258x3"),
        ("globalavg", "3"),
        ("globalsum keep", "1x1x3"),
        ("flatten", "196608"),
        ("residual(conv 8 3 stride 2 same | conv 6 3 padding 1)", "128x128x6"),
    ],
)
def test_worked_shapes(text: str, expected: str) -> None:
    assert str(walk(parse(text).layers, Volume(3, (256, 256)))[-1].after) == expected


@pytest.mark.parametrize(
    ("text", "stride"),
    [
        ("residual(conv 3 3 same)", None),
        ("residual(conv 4 3 same)", (1, 1)),
        ("residual(conv 3 3 same stride 2 | maxpool 2x1 same)", (4, 2)),
        ("residual(maxpool 2 same | transposed 3 2 stride 2)", None),
        ("residual(residual(conv 4 3 same stride 2))", (2, 2)),
    ],
)
def test_the_shortcut_changes_what_the_layers_inside_change(text: str, stride: tuple[int, ...] | None) -> None:
    step = walk(parse(text).layers, Volume(3, (16, 16)))[0]
    assert step.shortcut == stride


def test_a_residual_block_as_a_layer_gives_what_its_steps_give() -> None:
    block = parse("residual(conv 8 3 same stride 2 | conv 6 3 same)").layers[0]
    assert block.after(Volume(3, (9, 8))) == Volume(6, (5, 4))


def _all(steps: tuple[Step, ...]) -> list[Step]:
    return [one for step in steps for one in (step, *_all(step.inner))]


def _shapes(net: nn.Module, volume: Volume) -> dict[str, Volume]:
    """What comes out of every layer when it runs; padding before a layer and cropping behind belong to it."""
    found: dict[str, Volume] = {}

    def watch(name: str, module: nn.Module) -> None:
        def after(_: nn.Module, __: object, output: Tensor) -> None:
            found[name] = Volume(output.shape[1], tuple(output.shape[2:]))

        module.register_forward_hook(after)

    for name, module in net.named_modules():
        last = name.rpartition(".")[2]
        if name and last not in ("shortcut", "depthwise", "pointwise") and not last.endswith("_pad"):
            watch(name.removesuffix("_crop"), module)
    with torch.no_grad():
        net.eval()(torch.zeros(2, volume.channels, *volume.sides))
    return found
