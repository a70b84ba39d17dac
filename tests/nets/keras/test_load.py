"""Networks that Keras saved answer as they did there. The fixtures are Keras's own, see `make_fixtures`."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from convsight.nets.keras.entry import keras_text, load_keras

FIXTURES = Path(__file__).with_name("fixtures")
SAVED = [path.name for path in sorted(FIXTURES.glob("*.keras"))]


def _prediction(path: Path, x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Channels last in and out, as Keras has them."""
    with torch.no_grad():
        y: torch.Tensor = load_keras(path)(torch.from_numpy(x).movedim(-1, 1))
    return y.movedim(1, -1).numpy()


@pytest.mark.parametrize("name", [*SAVED, "beside.json"])
def test_predictions_are_keras(name: str) -> None:
    with np.load((FIXTURES / name).with_suffix(".npz"), allow_pickle=False) as stored:
        found = _prediction(FIXTURES / name, stored["x"])
        assert found.shape == stored["y"].shape
        np.testing.assert_allclose(found, stored["y"], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", SAVED)
def test_parameters_are_counted_as_keras_counts_them(name: str) -> None:
    net = load_keras(FIXTURES / name)
    statistics = [b for key, b in net.named_buffers() if not key.endswith("num_batches_tracked")]
    with np.load((FIXTURES / name).with_suffix(".npz"), allow_pickle=False) as stored:
        assert sum(t.numel() for t in [*net.parameters(), *statistics]) == stored["parameters"]


def test_there_are_fixtures_of_both_generations() -> None:
    assert len(SAVED) == 11
    assert {"legacy.keras", "convolutions.keras"} <= set(SAVED)
    assert sum(path.stat().st_size for path in FIXTURES.iterdir()) < 400_000


def test_a_size_left_open_may_be_any() -> None:
    net = load_keras(FIXTURES / "any_size.keras")
    assert net(torch.zeros(1, 3, 8, 31)).shape == (1, 3)


def test_a_loaded_network_is_ready_to_answer() -> None:
    assert not load_keras(FIXTURES / "norms.keras").training


def test_names() -> None:
    net = load_keras(FIXTURES / "lecture.keras")
    names = ["conv1", "relu1", "maxpool1", "conv2", "relu2", "maxpool2", "flatten1", "dense1"]
    assert [name for name, _ in net.named_children()] == names


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "lecture1.json",
            "input 28x28x3 | conv 16 3x3 relu | conv 32 5x5 stride 2 relu | flatten channelslast | dense 10",
        ),
        (
            "lecture2.json",
            "input 28x28x3 | conv 16 3x3 relu | maxpool 2x2 same stride 1 | conv 32 5x5 stride 2 relu | "
            "maxpool 2x2 same stride 1 | flatten channelslast | dense 10",
        ),
        (
            "lecture3.json",
            "input 28x28x1 | conv 16 3x3 relu | maxpool 2x2 same stride 1 | conv 32 3x3 stride 2 relu | "
            "maxpool 2x2 same stride 1 | flatten channelslast | dense 10",
        ),
        (
            "norms.keras",
            "input 9x8x3 | rescale 0.00784313725490196 offset -1.0 | conv 8 3x3 | "
            "batchnorm eps 0.001 momentum 0.01 relu6 | batchnorm noscale eps 0.01 leakyrelu 0.2 | "
            "batchnorm nobias eps 0.001 momentum 0.01 | groupnorm 4 eps 0.001 | dropout 0.3 | "
            "layernorm channels silu | groupnorm 8 noscale eps 0.001 | layernorm channels nobias eps 0.001 softmax | "
            "globalavg | dense 3 leakyrelu 0.2",
        ),
        ("any_size.keras", "input ?x?x3 | conv 4 3x3 same stride 2 init he relu | globalmax | dense 3"),
    ],
)
def test_the_text_of_a_file(name: str, text: str) -> None:
    assert keras_text(FIXTURES / name) == text
