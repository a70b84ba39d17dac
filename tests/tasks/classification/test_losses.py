"""Losses of classes, held against PyTorch, torchvision and scikit-learn."""

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision import ops

from convsight.augmentation import Batch
from convsight.card import Card
from convsight.errors import UserError
from convsight.inputs import ImageInput
from convsight.targets import Classes
from convsight.tasks import task_of
from convsight.tasks.choices import train_settings
from convsight.tasks.classification.losses import focal_loss, one_against_rest
from convsight.tasks.learner import OneNetwork

NAMES = ("a", "b", "c", "d")
COUNTS = {"a": 40, "b": 10, "c": 25, "d": 25}
LOGITS = 3 * torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
WANTED = torch.tensor([0, 1, 2, 3, 0, 1])
WEIGHTS = torch.tensor([0.5, 2.0, 1.0, 3.0])


def learner(**choices: Any) -> OneNetwork:
    spec = ImageInput(height=8, width=8, channels=1, mean=(0.5,), std=(0.25,))
    card = Card(
        task="classification", net="small", target=Classes(names=NAMES), input=spec, data={"train_counts": COUNTS}
    )
    found = task_of("classification").learner(nn.Identity(), card, train_settings(data="x", **choices))
    assert isinstance(found, OneNetwork)
    return found


def loss(wanted: Tensor = WANTED, **choices: Any) -> Tensor:
    return learner(**choices).loss(nn.Identity(), Batch({"image": LOGITS}, {"class": wanted}))["total"]


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_focal_with_gamma_0_is_pytorchs_cross_entropy(weights: Tensor | None, smoothing: float) -> None:
    soft = torch.rand(6, 4, generator=torch.Generator().manual_seed(1)).softmax(dim=1)
    for wanted in (WANTED, soft):
        expected = F.cross_entropy(LOGITS, wanted, weights, label_smoothing=smoothing)
        torch.testing.assert_close(focal_loss(LOGITS, wanted, 0.0, weights, smoothing), expected)


@pytest.mark.parametrize("gamma", [0.5, 2.0, 3.0])
def test_focal_of_two_classes_is_torchvisions(gamma: float) -> None:
    logit = 4 * torch.randn(50, generator=torch.Generator().manual_seed(2))
    wanted = torch.arange(50) % 2
    pairs = torch.stack([torch.zeros(50), logit], dim=1)
    expected = ops.sigmoid_focal_loss(logit, wanted.float(), alpha=-1, gamma=gamma, reduction="mean")
    torch.testing.assert_close(focal_loss(pairs, wanted, gamma), expected)


def test_focal_has_gradients_where_all_is_certain() -> None:
    logits = torch.tensor([[200.0, 0.0], [0.0, 200.0]], requires_grad=True)
    focal_loss(logits, torch.tensor([0, 0]), 0.5).backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    assert bool(logits.grad.isfinite().all())


def test_one_against_rest_is_pytorchs() -> None:
    goals = F.one_hot(WANTED, 4).float()
    expected = nn.BCEWithLogitsLoss(pos_weight=WEIGHTS, reduction="sum")(LOGITS, goals) / 6
    torch.testing.assert_close(one_against_rest(LOGITS, WANTED, WEIGHTS), expected)
    smoothed = nn.BCEWithLogitsLoss(reduction="sum")(LOGITS, 0.9 * goals + 0.1 / 4) / 6
    torch.testing.assert_close(one_against_rest(LOGITS, WANTED, smoothing=0.1), smoothed)


def test_the_learner_takes_the_loss_that_was_asked_for() -> None:
    balanced = compute_class_weight("balanced", classes=np.arange(4), y=np.repeat(np.arange(4), list(COUNTS.values())))
    weights = torch.tensor(balanced, dtype=torch.float32)
    plain: dict[str, Any] = {"label_smoothing": 0.0}
    torch.testing.assert_close(loss(class_weights="balanced", **plain), F.cross_entropy(LOGITS, WANTED, weights))
    given = torch.tensor([1.0, 4.0, 1.0, 0.5])
    for text in ("1,4,1,.5", "d=0.5, b=4"):
        torch.testing.assert_close(loss(class_weights=text, **plain), F.cross_entropy(LOGITS, WANTED, given))
    torch.testing.assert_close(loss(loss="focal", **plain), focal_loss(LOGITS, WANTED, 2.0))
    torch.testing.assert_close(
        loss(loss="focal", focal_gamma=1.0, class_weights="balanced"), focal_loss(LOGITS, WANTED, 1.0, weights, 0.05)
    )
    torch.testing.assert_close(loss(loss="bce"), one_against_rest(LOGITS, WANTED, smoothing=0.05))


def test_what_was_chosen_is_told() -> None:
    assert learner().reasons == ()
    assert learner(loss="focal", class_weights="b=2").reasons == (
        "loss: focal, gamma 2",
        "class weights: a 1, b 2, c 1, d 1",
    )
    assert learner(loss="bce").reasons == ("loss: binary cross-entropy, each class against the rest",)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"class_weights": "1,2"}, "there are 4 classes, and 2 weights; give balanced"),
        ({"class_weights": "1,2,x,4"}, "'x' is no weight"),
        ({"class_weights": "1,2,-1,4"}, "'-1' is no weight"),
        ({"class_weights": "a=inf"}, "'inf' is no weight"),
        ({"class_weights": "e=2"}, "unknown class 'e'"),
        ({"class_weights": "a=2,a=3"}, "the class 'a' two weights"),
        ({"focal_gamma": 1}, "--focal-gamma goes with --loss focal, not with cross-entropy: leave it out"),
        ({"loss": "mse"}, "loss='mse'"),
    ],
)
def test_nonsense_is_refused(choices: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        learner(**choices, task="classification")
