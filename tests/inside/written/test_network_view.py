"""What a page is told of a network: layers, maps and cells."""

from base64 import b64decode
from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.inside.networks import opened

from convsight.errors import UserError
from convsight.inside.written.network_view import NetworkView

PICTURE: NDArray[np.uint8] = np.random.default_rng(0).integers(0, 256, (28, 28, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def view() -> NetworkView:
    return NetworkView(opened("lenet5", side=28))


def test_layers_have_their_volumes(view: NetworkView) -> None:
    assert [(each["name"], each["volume"]) for each in view.to_json()] == [
        ("features.0", [28, 28, 6]),
        ("features.2", [14, 14, 6]),
        ("features.3", [10, 10, 16]),
        ("features.5", [5, 5, 16]),
        ("classifier.1", [120]),
        ("classifier.3", [84]),
        ("classifier.5", [2]),
    ]


def test_the_strongest_maps_are_drawn_as_they_are(view: NetworkView) -> None:
    layer = view.open(PICTURE, "features.3")
    result = layer.calls[-1].result[0].numpy()
    order = np.argsort(-np.abs(result).mean(axis=(1, 2)), kind="stable")
    maps = layer.maps()
    assert [each["channel"] for each in maps["shown"]] == order[:12].tolist()
    with Image.open(BytesIO(b64decode(maps["sprite"]))) as picture:
        levels = np.asarray(picture).reshape(12, 10, 10) / 255
    for shown, drawn in zip(maps["shown"], levels, strict=True):
        low, high = shown["low"], shown["high"]
        assert (low, high) == (result[shown["channel"]].min(), result[shown["channel"]].max())
        if high > low:
            drawn_values = low + drawn * (high - low)
            np.testing.assert_allclose(drawn_values, result[shown["channel"]], atol=(high - low) / 255 + 1e-6)
    assert layer.maps(int(order[-1]))["shown"][-1]["channel"] == order[-1]


def test_of_a_vector_the_strongest_values(view: NetworkView) -> None:
    layer = view.open(PICTURE, "classifier.3")
    result = layer.calls[-1].result[0].numpy()
    weakest = int(np.abs(result).argmin())
    shown = layer.maps(weakest)["shown"]
    assert len(shown) == 24
    assert {each["channel"]: each["value"] for each in shown} == {
        each["channel"]: float(result[each["channel"]]) for each in shown
    }
    assert weakest in [each["channel"] for each in shown]


def test_what_is_not_there_is_told(view: NetworkView) -> None:
    layer = view.open(PICTURE, "features.3")
    assert layer.cell(3, 9, 0)["value"] == float(layer.calls[-1].result[0, 3, 9, 0])
    for wrong in ((16, 0, 0), (0, 10, 0), (0, 0, 10)):
        with pytest.raises(UserError, match="counted from 0 there are 1"):
            layer.cell(*wrong)
    with pytest.raises(UserError, match="counted from 0 there are 16"):
        layer.maps(16)
    with pytest.raises(UserError, match=r"unknown layer 'features\.33'; did you mean"):
        view.open(PICTURE, "features.33")
