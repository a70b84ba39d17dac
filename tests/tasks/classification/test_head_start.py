"""The last layer as a logistic regression, held against scikit-learn's on the same features."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from convsight.datasets import ImageStore, Split
from convsight.inputs import ImageInput
from convsight.nets.catalogue import build_net
from convsight.nets.entry import NetShape
from convsight.nets.input_layers import InputLayer
from convsight.progress import Silent
from convsight.results import Labels
from convsight.tasks.classification.head_start import fit_head, start_head
from convsight.tasks.head_features import dense_head, head_features


@pytest.mark.parametrize("classes", [2, 4])
def test_it_predicts_what_the_regression_predicts(classes: int) -> None:
    rng = np.random.default_rng(classes)
    labels = rng.integers(0, classes, 90)
    features = (rng.normal(size=(90, 7)) * rng.uniform(1, 4, 7) + labels[:, None]).astype(np.float32)
    head = nn.Linear(7, classes)
    loss = fit_head(head, features, labels)
    oracle = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=200)).fit(features, labels)
    with torch.no_grad():
        found = head(torch.from_numpy(features)).softmax(1).numpy()
    np.testing.assert_allclose(found, oracle.predict_proba(features), atol=1e-5)
    assert loss == pytest.approx(log_loss(labels, found), abs=1e-5)


def test_a_class_that_was_not_seen_is_never_predicted() -> None:
    rng = np.random.default_rng(0)
    labels = np.array([0, 2] * 30)
    features = (rng.normal(size=(60, 5)) + labels[:, None]).astype(np.float32)
    head = nn.Linear(5, 4)
    fit_head(head, features, labels)
    with torch.no_grad():
        found = head(torch.from_numpy(features)).argmax(1).numpy()
    assert set(found) == {0, 2}
    assert (found == labels).mean() > 0.8


def test_features_are_what_the_last_layer_is_given_in_the_order_asked_for() -> None:
    images = np.random.default_rng(1).integers(0, 256, (40, 16, 16, 3), np.uint8)
    spec = ImageInput(height=16, width=16, mean=(0.5,) * 3, std=(0.25,) * 3)
    split = Split("train", images, Labels(np.zeros(40, np.int64), ("a", "b")), tuple(map(str, range(40))))
    store, _ = ImageStore.read(split, spec)
    net = build_net("small", NetShape(2, 3, 16, 16))
    head = dense_head(net, 2)
    assert head is not None
    told: list[int] = []
    order = np.array([7, 3, 39, *range(10, 40), 0])
    found = head_features(net, head, InputLayer(spec), store, order, seconds=None, advance=told.append)
    assert found is not None
    assert found.shape == (len(order), head.in_features)
    assert sum(told) == len(order)
    with torch.inference_mode():
        net.eval()
        planes = (torch.from_numpy(images[order]).permute(0, 3, 1, 2) / 255 - 0.5) / 0.25
        torch.testing.assert_close(head(torch.from_numpy(found)), net(planes), atol=1e-4, rtol=1e-4)

    few = head_features(net, head, InputLayer(spec), store, order, seconds=0.0, advance=told.append)
    assert few is not None
    assert len(few) == 32  # the first batch, whatever it takes
    np.testing.assert_allclose(few, found[:32], atol=1e-5)


@pytest.mark.parametrize(("net", "dense"), [("resnet18", True), ("squeezenet1_0", False), ("vgg11", True)])
def test_last_layers(net: str, dense: bool) -> None:
    with torch.device("meta"):
        built = build_net(net, NetShape(3, 3, 64, 64))
    head = dense_head(built, 3)
    assert (head is not None) == dense
    assert dense_head(built, 5) is None


class _Tokens(nn.Module):
    """A dense layer on each of 256 positions, and their mean."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(3, 2)

    def forward(self, planes: torch.Tensor) -> torch.Tensor:
        mean: torch.Tensor = self.head(planes.flatten(2).transpose(1, 2)).mean(dim=1)
        return mean


@pytest.mark.parametrize(
    "network",
    [
        nn.Sequential(nn.Flatten(), nn.Linear(768, 2), nn.Softmax(dim=1)),
        _Tokens(),
        nn.ModuleDict({"used": nn.Flatten(), "unused": nn.Linear(768, 2)}),
    ],
)
def test_a_dense_layer_that_is_not_the_last_step_is_left_alone(network: nn.Module) -> None:
    if isinstance(network, nn.ModuleDict):
        network.forward = network["used"].forward
    images = np.zeros((4, 16, 16, 3), np.uint8)
    spec = ImageInput(height=16, width=16, mean=(0.5,) * 3, std=(0.25,) * 3)
    labels = Labels(np.array([0, 1, 0, 1]), ("a", "b"))
    store, _ = ImageStore.read(Split("train", images, labels, tuple("abcd")), spec)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    assert start_head(network, InputLayer(spec), store, labels, None, Silent()) is None
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name])
