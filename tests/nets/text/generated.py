"""Networks for tests, generated: any layers with any fields, and layers that fit where they stand."""

from typing import Any

from hypothesis import strategies as st

from convsight.nets.text.layer_errors import LayerError
from convsight.nets.text.layers.convolutions import Conv, Depthwise, Separable, Transposed
from convsight.nets.text.layers.dense import Dense
from convsight.nets.text.layers.elementwise import Activation, Dropout, Rescale
from convsight.nets.text.layers.layer import Layer
from convsight.nets.text.layers.norms import BatchNorm, GroupNorm, InstanceNorm, LayerNorm
from convsight.nets.text.layers.pools import Flatten, GlobalPool, Pool, ZeroPad
from convsight.nets.text.layers.residual import Residual
from convsight.nets.text.net import Net
from convsight.nets.text.steps import with_outputs
from convsight.nets.text.vocabulary import ACTIVATIONS
from convsight.nets.text.volume import InputShape, Volume

OUTPUTS = 5  # for the word `classes`

_FEW = st.integers(1, 4)
_FLAG = st.booleans()
_SMALL = st.floats(1e-6, 1e-2, allow_nan=False)


def _each(minimum: int, most: int, axes: int | None) -> st.SearchStrategy[tuple[int, ...]]:
    """A number for all axes, or one for each of `axes`; without `axes` any number of them."""
    number = st.integers(minimum, most)
    alone = st.tuples(number)
    several = [st.tuples(*[number] * n) for n in ([axes] if axes else [1, 2, 3])]
    return st.one_of(alone, *several)


def _pads(axes: int | None, most: int) -> st.SearchStrategy[Any]:
    pair = st.tuples(st.integers(0, most), st.integers(0, most))
    several = [st.tuples(*[pair] * n) for n in ([axes] if axes else [1, 2, 3])]
    return st.one_of(*several)


def _padding(axes: int | None, most: int = 2) -> st.SearchStrategy[Any]:
    return st.one_of(st.sampled_from(["valid", "same"]), _pads(axes, most))


def layers(axes: int | None, depth: int = 1) -> st.SearchStrategy[Layer]:
    """Any layer; fields for `axes` axes, or with None for any."""
    init = st.sampled_from([None, "random", "glorot", "he"])
    width = st.one_of(st.sampled_from([2, 4, 6]), st.just("outputs"))
    window = {"kernel": _each(1, 4, axes), "padding": _padding(axes)}
    moved = {**window, "stride": _each(1, 3, axes), "dilation": _each(1, 2, axes), "bias": _FLAG, "init": init}
    affine = {"eps": _SMALL, "scale": _FLAG, "bias": _FLAG}
    kinds: list[st.SearchStrategy[Layer]] = [
        st.builds(Conv, filters=width, groups=st.sampled_from([1, 1, 2]), **moved),
        st.builds(Depthwise, multiplier=_FEW, **moved),
        st.builds(Separable, filters=width, multiplier=_FEW, **moved),
        st.builds(
            Transposed, filters=width, groups=st.sampled_from([1, 1, 2]), output_padding=_each(0, 1, axes), **moved
        ),
        st.builds(
            Pool,
            kind=st.sampled_from(["maxpool", "avgpool", "sumpool"]),
            stride=st.one_of(st.none(), _each(1, 3, axes)),
            **window,
        ),
        st.builds(ZeroPad, cells=_pads(axes, 2)),
        st.builds(BatchNorm, momentum=st.floats(0, 1, allow_nan=False), **affine),
        st.builds(LayerNorm, channels=_FLAG, **affine),
        st.builds(InstanceNorm, **affine),
        st.builds(GroupNorm, groups=st.sampled_from([1, 2]), **affine),
        st.builds(Activation, kind=st.sampled_from([kind for kind in ACTIVATIONS if kind != "leakyrelu"])),
        st.builds(Activation, kind=st.just("leakyrelu"), slope=st.floats(0, 3)),
        st.builds(Dropout, rate=st.floats(0, 0.99)),
        st.builds(Rescale, scale=st.floats(-1e6, 1e6), offset=st.floats(-1e6, 1e6)),
    ]
    if depth:
        inner = st.lists(layers(axes, depth - 1), min_size=1, max_size=3)
        kinds.append(st.builds(Residual, layers=inner.map(tuple)))
    return st.one_of(kinds)


def endings() -> st.SearchStrategy[Layer]:
    """Layers that make a vector of a volume."""
    pools = st.builds(GlobalPool, kind=st.sampled_from(["globalmax", "globalavg", "globalsum"]), keep=_FLAG)
    return st.one_of(pools, st.builds(Flatten, channels_last=_FLAG))


_DENSE = st.builds(Dense, units=st.sampled_from([1, 3, "outputs"]), bias=_FLAG, init=st.sampled_from([None, "he"]))


@st.composite
def any_nets(draw: st.DrawFn) -> Net:
    """Networks that can be written, whether they work or not."""
    volume = st.one_of(st.none(), st.integers(1, 64))
    inputs = st.builds(InputShape, st.lists(volume, max_size=3).map(tuple), volume)
    chosen = draw(st.lists(st.one_of(layers(None), endings(), _DENSE), min_size=1, max_size=6))
    return Net(tuple(chosen), draw(st.one_of(st.none(), inputs)), draw(st.sampled_from([None, "he", "random"])))


@st.composite
def working_nets(draw: st.DrawFn) -> tuple[Net, Volume]:
    """Networks that work, and the volume they work for: what does not fit where it stands is left out."""
    axes = draw(st.integers(1, 3))
    first = Volume(draw(st.sampled_from([1, 2, 4])), tuple(draw(st.integers(1, 9)) for _ in range(axes)))
    volume, kept = first, []
    several = draw(st.lists(layers(axes), max_size=5))
    ending = draw(st.lists(st.one_of(endings(), _DENSE), max_size=3))
    for layer in (*several, *ending, Activation(kind="relu")):
        try:
            after = _with_numbers(layer).after(volume)
        except LayerError:
            continue
        if after.numbers > 20_000:
            continue
        kept.append(layer)
        volume = after
    return Net(tuple(kept)), first


def _with_numbers(layer: Layer) -> Layer:
    if isinstance(layer, Residual):
        return Residual(layers=tuple(_with_numbers(inner) for inner in layer.layers))
    return with_outputs(layer, OUTPUTS)
