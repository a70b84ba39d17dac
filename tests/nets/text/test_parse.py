"""Texts to layers: what each word means."""

import pytest

from convsight.nets.text.layers.convolutions import Conv, Depthwise, Separable, Transposed
from convsight.nets.text.layers.dense import Dense
from convsight.nets.text.layers.elementwise import Activation, Dropout, Rescale
from convsight.nets.text.layers.layer import Layer
from convsight.nets.text.layers.norms import BatchNorm, GroupNorm, InstanceNorm, LayerNorm
from convsight.nets.text.layers.pools import Flatten, GlobalPool, Pool, ZeroPad
from convsight.nets.text.layers.residual import Residual
from convsight.nets.text.parse import parse
from convsight.nets.text.volume import InputShape

_RELU = Activation(kind="relu")


@pytest.mark.parametrize(
    ("text", "layer"),
    [
        ("conv 16 3x3", Conv(filters=16, kernel=(3, 3))),
        (
            "conv classes 3 stride 2x1 dilation 2 groups 4 same nobias init he",
            Conv(
                filters="outputs",
                kernel=(3,),
                stride=(2, 1),
                dilation=(2,),
                groups=4,
                padding="same",
                bias=False,
                init="he",
            ),
        ),
        ("conv 8 3x3x3 padding 1x0:2x3", Conv(filters=8, kernel=(3, 3, 3), padding=((1, 1), (0, 2), (3, 3)))),
        ("conv 8 3 valid", Conv(filters=8, kernel=(3,))),
        ("depthwise 3 multiplier 2", Depthwise(kernel=(3,), multiplier=2)),
        ("separable 8 3 padding same", Separable(filters=8, kernel=(3,), padding="same")),
        (
            "transposed 8 3 stride 2 padding 1 outputpadding 1",
            Transposed(filters=8, kernel=(3,), stride=(2,), padding=((1, 1),), output_padding=(1,)),
        ),
        ("maxpool 2", Pool(kind="maxpool", kernel=(2,))),
        ("avgpool 2x3 stride 1 same", Pool(kind="avgpool", kernel=(2, 3), stride=(1,), padding="same")),
        ("sumpool 2", Pool(kind="sumpool", kernel=(2,))),
        ("globalmax", GlobalPool(kind="globalmax")),
        ("globalavg keep", GlobalPool(kind="globalavg", keep=True)),
        ("globalsum", GlobalPool(kind="globalsum")),
        ("zeropad 1x0:2", ZeroPad(cells=((1, 1), (0, 2)))),
        ("batchnorm eps 0.001 momentum 0.01", BatchNorm(eps=0.001, momentum=0.01)),
        ("layernorm channels noscale nobias", LayerNorm(channels=True, scale=False, bias=False)),
        ("instancenorm", InstanceNorm()),
        ("groupnorm 4", GroupNorm(groups=4)),
        ("dropout 0.5", Dropout(rate=0.5)),
        ("rescale 2 offset -1", Rescale(scale=2, offset=-1)),
        ("flatten", Flatten()),
        ("flatten channelslast", Flatten(channels_last=True)),
        ("dense classes init random nobias", Dense(units="outputs", init="random", bias=False)),
        ("leakyrelu 0.2", Activation(kind="leakyrelu", slope=0.2)),
        *[(kind, Activation(kind=kind)) for kind in ("relu", "relu6", "leakyrelu", "elu", "gelu", "silu")],
        *[(kind, Activation(kind=kind)) for kind in ("sigmoid", "tanh", "softmax")],
        ("residual(relu | residual(relu))", Residual(layers=(_RELU, Residual(layers=(_RELU,))))),
    ],
)
def test_each_word(text: str, layer: Layer) -> None:
    assert parse(text).layers == (layer,)


def test_an_activation_may_stand_behind_any_layer() -> None:
    conv = Conv(filters=8, kernel=(3,))
    expected = (conv, Activation(kind="leakyrelu", slope=0.3), Activation(kind="tanh"), _RELU)
    assert parse("conv 8 3 leakyrelu 0.3 tanh | relu").layers == expected
    assert parse("residual(relu) relu").layers == (Residual(layers=(_RELU,)), _RELU)


def test_headers() -> None:
    net = parse("input 28x?x3 | init he | relu")
    assert net.input == InputShape((28, None), 3)
    assert net.init == "he"
    assert parse("relu").input is None
    assert parse("relu").init is None


def test_repetition_is_the_layers_again() -> None:
    assert parse("2 * (conv 8 3 relu) | flatten") == parse("conv 8 3 relu | conv 8 3 relu | flatten")
    assert parse("1*(relu)") == parse("relu")
    assert parse("residual(3*(relu))") == parse("residual(relu relu relu)")


def test_outputs_is_another_word_for_classes() -> None:
    assert parse("globalavg | dense outputs") == parse("globalavg | dense classes")
