"""Trainings of networks that users wrote themselves, as a text, a TOML file or in Keras."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import convsight
from convsight.errors import UserError
from convsight.nets.catalogue import NetShape, canonical_name, net_entry
from convsight.nets.weights import adapt_weights, read_weights
from convsight.progress import Silent
from convsight.runtime.evaluate import evaluate

FAST: dict[str, Any] = {"size": 14, "epochs": 1, "quiet": True, "export": False}
TEXT = (
    "conv 8 3x3 relu | maxpool 2 | residual(conv 8 3x3 padding 1 | batchnorm relu | conv 8 3x3 padding 1) | globalavg "
    "| dense classes"
)
KERAS = Path(__file__).parents[1] / "nets" / "keras" / "fixtures"


def test_a_text_is_trained_and_its_model_file_needs_nothing_else(photos: Path, tmp_path: Path) -> None:
    run = convsight.train(photos, net=TEXT, run=f"{tmp_path}/a", **FAST)
    assert run.card.net.startswith("conv 8 3x3 relu | maxpool 2 | residual(")
    assert set(evaluate(run.path, photos, Silent()).metrics) >= {"test/accuracy"}


def test_a_toml_file_is_trained_and_may_go_away(photos: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('layers = ["conv 8 3x3 relu", "globalavg", "dense classes"]\n')
    run = convsight.train(photos, net=str(file), run=f"{tmp_path}/a", **FAST)
    file.unlink()
    assert run.card.net == "conv 8 3x3 relu | globalavg | dense classes"
    prediction = convsight.load(run.path).predict(np.zeros((20, 20, 3), np.uint8)).to_json()
    assert {label["name"] for label in prediction["labels"]} == {"dark", "bright"}


@pytest.mark.parametrize(
    ("net", "options", "message"),
    [
        ("conv 8 3x3 | maxpol 2 | dense classes", {}, "unknown layer 'maxpol'; did you mean maxpool"),
        ("conv 8 5x5 | maxpool 4 | conv 8 5x5 | flatten | dense classes", {"size": 14}, "conv2: 5x5 kernel over a 2x2"),
        ("alexnet", {"size": 32}, "features.12: 3x3 pooling over a 1x1 volume"),
        ("resnet81", {}, "unknown net 'resnet81'"),
        ("flatten | conv 3 3x3 | dense classes", {}, "conv1"),
    ],
)
def test_a_wrong_network_is_found_before_any_data_is_read(
    tmp_path: Path, net: str, options: dict[str, Any], message: str
) -> None:
    # The data are not there, which would be the first complaint otherwise.
    with pytest.raises(UserError) as found:
        convsight.train(tmp_path / "nowhere", net=net, run=f"{tmp_path}/a", epochs=1, quiet=True, **options)
    assert message in str(found.value)
    assert list(tmp_path.iterdir()) == []


def test_other_classes_than_the_data_have(photos: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="the data needs 2"):
        convsight.train(photos, net="conv 8 3x3 relu | globalavg | dense 10", run=f"{tmp_path}/a", **FAST)


def test_the_weights_of_a_keras_file() -> None:
    file = str(KERAS / "lecture.keras")
    net = canonical_name(file)
    fresh = net_entry(net).build(NetShape(outputs=10, channels=1, height=11, width=12))
    notes = adapt_weights(fresh, net, read_weights(net, file), channels=1)
    assert notes[0].startswith("weights: lecture.keras (SHA-256 ")
    with np.load(KERAS / "lecture.npz") as stored:
        images, predictions = (stored[name] for name in ("x", "y"))
    with torch.no_grad():
        found = fresh.eval()(torch.from_numpy(np.moveaxis(images, -1, 1).copy()))
    np.testing.assert_allclose(found.numpy(), predictions, atol=1e-5)
