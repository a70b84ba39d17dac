"""What cannot be read is refused: the file and the layer are named, and nothing in a file is run."""

import json
import pickle
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convsight.errors import UserError
from convsight.nets.keras import archive
from convsight.nets.keras.convert import LAYERS, convert
from convsight.nets.keras.entry import keras_entry, keras_text, load_keras
from convsight.nets.keras.model import KerasLayer, read_model
from convsight.nets.text.parse import parse
from convsight.nets.text.unparse import unparse

FIXTURES = Path(__file__).with_name("fixtures")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("functional.json", "holds a Functional network; only Sequential ones can be read"),
        ("lambda.json", "layer 'twice' (Lambda): a Lambda layer is code, and code of a file is not run"),
        ("lstm.json", "layer 'memory' (LSTM): a layer that is not known here; known are Activation, "),
    ],
)
def test_networks_of_other_kinds(name: str, message: str) -> None:
    with pytest.raises(UserError) as found:
        keras_entry(FIXTURES / name)
    assert str(FIXTURES / name) in str(found.value)
    assert message in str(found.value)


def _layer(kind: str, **config: Any) -> dict[str, Any]:
    return {"class_name": kind, "config": {"name": "own", **config}}


def _conv(**changes: Any) -> dict[str, Any]:
    default = {"filters": 4, "kernel_size": [3, 3], "strides": [1, 1], "padding": "valid", "dilation_rate": [1, 1]}
    return _layer("Conv2D", **{**default, **changes})


def _text(folder: Path, *layers: dict[str, Any], shape: Any = (None, 8, 8, 2)) -> str:
    """The text of a network of these layers."""
    first = {"class_name": "InputLayer", "config": {"batch_shape": shape}}
    path = folder / "net.json"
    path.write_text(json.dumps({"class_name": "Sequential", "config": {"layers": [first, *layers]}}))
    return keras_text(path)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (_conv(activation="relux"), "unknown activation 'relux'; did you mean relu"),
        (_conv(activation={"class_name": "function", "config": "mine"}), "its activation is a function of its own"),
        (_conv(activation={"class_name": [], "config": {}}), "its activation is a function of its own"),
        (_conv(activation=3), "its activation is a function of its own"),
        (_conv(data_format="channels_first"), "channels first are not known here"),
        (_conv(padding="full"), "padding 'full' is not known here, only valid and same"),
        (_conv(padding="causal"), "padding 'causal' is not known here"),
        (_conv(padding=3), "padding must be a text, not 3"),
        (_conv(filters="many"), "filters must be a whole number from 1 to 1,000,000, not 'many'"),
        (_conv(filters=True), "filters must be a whole number"),
        (_conv(filters=None), "filters must be a whole number"),
        (_conv(filters=0), "filters must be a whole number"),
        (_conv(filters=10**9), "filters must be a whole number"),
        (_conv(strides=[1, 0]), "strides must be whole numbers from 1 to 1,000,000, not [1, 0]"),
        (_conv(kernel_size=[]), "kernel_size must be whole numbers"),
        (_conv(kernel_size=[3, 3, 3]), "kernel for 3 axes, but the volume 8x8x2 has 2"),
        (_conv(kernel_size=[9, 3]), "9x3 kernel over a 8x8 volume"),
        (_conv(groups=3), "groups 3 does not divide the number of channels that come in, 2"),
        (_conv(use_bias="yes"), "use_bias must be true or false, not 'yes'"),
        (_layer("BatchNormalization", axis=1), "axis 1 is not known here, only the last one"),
        (_layer("LayerNormalization", axis=[1, 2, 3]), "axis [1, 2, 3] is not known here"),
        (_layer("Softmax", axis=2), "axis 2 is not known here"),
        (_layer("BatchNormalization", renorm=True), "batch renormalisation is not known here"),
        (_layer("BatchNormalization", epsilon=-1), "eps of batchnorm must be a number above 0, not '-1.0'"),
        (_layer("BatchNormalization", momentum=1.5), "momentum of batchnorm must be a number from 0 to 1, not '-0.5'"),
        (_layer("LayerNormalization", rms_scaling=True), "rms_scaling is not known here"),
        (_layer("GroupNormalization", groups=0), "groups must be a whole number from 1"),
        (_layer("GroupNormalization", groups=3), "3 groups do not divide the number of channels that come in, 2"),
        (_layer("ReLU", max_value=5.0), "a ReLU up to 5.0 is not known here"),
        (_layer("ReLU", max_value=6.0, negative_slope=0.1), "a ReLU up to 6.0 is not known here"),
        (_layer("ReLU", threshold=1.0), "a ReLU with a threshold is not known here"),
        (_layer("ELU", alpha=2.0), "an ELU with an alpha other than 1 is not known here"),
        (_layer("Dropout", rate=1.0), "rate of dropout must be a number from 0 up to, not including, 1, not '1.0'"),
        (_layer("Dropout", rate=0.5, noise_shape=[1]), "a noise_shape is not known here"),
        (_layer("Rescaling", scale=[1, 2]), "scale must be a number, not [1, 2]"),
        (_layer("Rescaling", scale=float("inf")), "scale must be a number, not inf"),
        (_layer("Rescaling", scale=10**400), "scale must be a number, not 1000"),
        (_layer("Rescaling", scale=float("nan")), "scale must be a number, not nan"),
        (_layer("ZeroPadding2D", padding=[[0, -1], [0, 0]]), "padding must be whole numbers before and behind"),
        (_layer("ZeroPadding2D", padding=[[0, 1, 2]]), "padding must be whole numbers before and behind"),
        (_layer("ZeroPadding2D", padding="2"), "padding must be whole numbers before and behind"),
        (_layer("GlobalMaxPooling2D", keepdims=1), "keepdims must be true or false, not 1"),
        (_layer("Sequential"), "a layer that is not known here"),
        (
            _layer(
                "Conv2DTranspose",
                filters=2,
                kernel_size=[3, 3],
                strides=[2, 2],
                padding="valid",
                output_padding=[1, 1],
                dilation_rate=[1, 1, 1],
            ),
            "dilation_rate must be one number or 2, one an axis, not [1, 1, 1]",
        ),
    ],
)
def test_layers_that_are_not_known(tmp_path: Path, layer: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError) as found:
        _text(tmp_path, layer)
    assert str(found.value).startswith(f"{tmp_path / 'net.json'}: layer 'own' ({layer['class_name']}): {message}")


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (_conv(activation={"class_name": "LeakyReLU", "config": {"negative_slope": 0.1}}), "conv 4 3x3 leakyrelu 0.1"),
        (_conv(activation=None), "conv 4 3x3"),
        (_conv(kernel_size=3, strides=2), "conv 4 3 stride 2"),
        (_conv(kernel_initializer={"class_name": "Orthogonal", "config": {}}), "conv 4 3x3"),
        (_conv(kernel_initializer={"class_name": "RandomNormal", "config": {}}), "conv 4 3x3 init random"),
        (_layer("ReLU", negative_slope=0.25), "leakyrelu 0.25"),
        (_layer("ReLU"), "relu"),
        (_layer("BatchNormalization", axis=3), "batchnorm eps 0.001 momentum 0.01"),
        (_layer("GroupNormalization", groups=-1, epsilon=1e-5), "instancenorm"),
        (_layer("ZeroPadding2D", padding=2), "zeropad 2"),
        (_layer("Flatten"), "flatten channelslast"),
    ],
)
def test_layers_that_are(tmp_path: Path, layer: dict[str, Any], text: str) -> None:
    assert _text(tmp_path, layer) == f"input 8x8x2 | {text}"


def test_flatten_of_a_vector_is_nothing(tmp_path: Path) -> None:
    layers = [_layer("Flatten"), _layer("Dense", units=3)]
    assert _text(tmp_path, *layers, shape=[None, 9]) == "input 9 | dense 3"


@pytest.mark.parametrize(
    "shape", [3, [None], [None, 2, 2, 2, 2, 2], [None, 8, 0, 1], [None, 8, 8, None], [None, "8", 1]]
)
def test_inputs_that_cannot_be(tmp_path: Path, shape: Any) -> None:
    with pytest.raises(UserError, match="sides and channels are needed"):
        _text(tmp_path, _layer("ReLU"), shape=shape)


@pytest.mark.parametrize(
    ("description", "message"),
    [
        ([], "describes no network of Keras"),
        ({}, "holds a None network"),
        ({"class_name": "Sequential"}, "has no list of 2 to 2,000 layers"),
        ({"class_name": "Sequential", "config": {"layers": 3}}, "has no list of 2 to 2,000 layers"),
        ({"class_name": "Sequential", "config": {"layers": [_layer("ReLU")]}}, "has no list of 2 to 2,000 layers"),
        ({"class_name": "Sequential", "config": {"layers": [_layer("ReLU")] * 2001}}, "has no list of 2 to 2,000"),
        ({"class_name": "Sequential", "config": [_layer("ReLU"), 3]}, "its layer 2 has no class and settings"),
        ({"class_name": "Sequential", "config": [{"class_name": 1, "config": {}}] * 2}, "its layer 1 has no class"),
        ({"class_name": "Sequential", "config": [_layer("ReLU")] * 2}, "does not say its input's shape"),
    ],
)
def test_descriptions_of_nothing(tmp_path: Path, description: Any, message: str) -> None:
    path = tmp_path / "net.json"
    path.write_text(json.dumps(description))
    with pytest.raises(UserError) as found:
        keras_text(path)
    assert str(found.value).startswith(str(path))
    assert message in str(found.value)


def test_a_network_of_nothing_but_its_input(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no layer that does anything"):
        _text(tmp_path, _layer("Activation", activation="linear"))


_VALUES: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from([None, True, 0, -1, 3, 1.5, 10**400, "", "same", [], [[]], [None], {}, {"class_name": []}]),
    st.lists(st.integers(-1, 4), max_size=3),
)


@settings(deadline=None)
@given(st.sampled_from(["convolutions", "transposed", "norms", "legacy"]), st.data())
def test_any_value_anywhere_gives_a_network_or_an_error_of_the_user(name: str, data: st.DataObject) -> None:
    with zipfile.ZipFile(FIXTURES / f"{name}.keras") as saved:
        description = json.loads(saved.read("config.json"))
    place: Any = data.draw(st.sampled_from(description["config"]["layers"]))
    if data.draw(st.booleans()):
        place = place["config"]
    place[data.draw(st.sampled_from(sorted(place)))] = data.draw(_VALUES)
    with suppress(UserError):
        text = unparse(convert(read_model(Path("net.json"), description)).net)
        assert unparse(parse(text)) == text


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"{", b"[" * 100_000])
def test_json_that_is_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "net.json"
    path.write_bytes(content)
    with pytest.raises(UserError, match="its description is no JSON"):
        keras_text(path)


@pytest.mark.parametrize("name", ["missing.keras", "missing.json"])
def test_missing_files(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match=rf"^cannot read .*{name}: No such file"):
        load_keras(tmp_path / name)


class _Trap:
    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("a pickle was loaded",))


def test_a_pickle_is_not_loaded(tmp_path: Path) -> None:
    path = tmp_path / "net.keras"
    path.write_bytes(pickle.dumps(_Trap()))
    with pytest.raises(UserError, match="is damaged, or no file that Keras saved"):
        load_keras(path)


def test_an_archive_of_something_else(tmp_path: Path) -> None:
    path = tmp_path / "net.keras"
    with zipfile.ZipFile(path, "w") as written:
        written.writestr("something.txt", "else")
    with pytest.raises(UserError, match=r"holds no config\.json"):
        load_keras(path)


def test_every_cut_of_a_file_is_refused(tmp_path: Path) -> None:
    whole = (FIXTURES / "lecture.keras").read_bytes()
    path = tmp_path / "net.keras"
    for length in range(0, len(whole), len(whole) // 40):
        path.write_bytes(whole[:length])
        with pytest.raises(UserError, match="damaged"):
            load_keras(path)


def test_a_changed_byte_in_the_weights_is_noticed(tmp_path: Path) -> None:
    whole = bytearray((FIXTURES / "lecture.keras").read_bytes())
    whole[len(whole) // 2] ^= 0xFF  # the archive keeps a checksum
    path = tmp_path / "net.keras"
    path.write_bytes(whole)
    with pytest.raises(UserError, match="damaged"):
        load_keras(path)


@pytest.mark.parametrize(
    ("limit", "name"), [("_LARGEST_CONFIG", "config.json"), ("_LARGEST_WEIGHTS", "model.weights.h5")]
)
def test_members_larger_than_a_networks(monkeypatch: pytest.MonkeyPatch, limit: str, name: str) -> None:
    monkeypatch.setattr(archive, limit, 100)
    with pytest.raises(UserError, match=f"{name} unpacks to more than 100 bytes, and is refused"):
        load_keras(FIXTURES / "lecture.keras")


def test_a_member_that_says_it_is_smaller_than_it_is(tmp_path: Path) -> None:
    """Its directory says 10 bytes; what it unpacks to is cut there, and its checksum is not right."""
    path = tmp_path / "net.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as written:
        written.writestr("config.json", "{}" + " " * 5_000_000)
        written.getinfo("config.json").file_size = 10
    with pytest.raises(UserError):
        keras_text(path)


def test_a_json_larger_than_a_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_LARGEST_CONFIG", 100)
    with pytest.raises(UserError, match="has more than 100 bytes, and is refused"):
        keras_text(FIXTURES / "lecture1.json")


def test_the_layers_of_the_package_are_all_read_by_a_fixture_or_share_its_reader() -> None:
    read = set()
    for path in FIXTURES.glob("*.keras"):
        with zipfile.ZipFile(path) as saved:
            read |= {layer["class_name"] for layer in json.loads(saved.read("config.json"))["config"]["layers"]}
    readers = {LAYERS[kind] for kind in read if kind in LAYERS}
    assert {kind for kind, reader in LAYERS.items() if reader not in readers} == set()


def test_a_layer_names_itself() -> None:
    layer = KerasLayer(Path("net.keras"), "Dense", "last", {}, "dense")
    assert str(layer.error("no")) == "net.keras: layer 'last' (Dense): no"
