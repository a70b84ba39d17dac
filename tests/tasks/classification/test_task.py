import numpy as np
import pytest
import torch
from tests.contracts.tasks import TaskContract
from torch import Tensor, nn
from torch.nn import functional as F

from convsight.augmentation import Batch
from convsight.card import Card
from convsight.errors import UserError
from convsight.inputs import ImageInput
from convsight.results import Labels
from convsight.targets import Classes
from convsight.tasks import task_of
from convsight.tasks.choices import train_settings

CLASSES = ("cat", "dog", "owl")


def card(net: str = "lecture3", side: int = 20) -> Card:
    grey = ImageInput(height=side, width=side, channels=1, mean=(0.5,), std=(0.25,))
    return Card(task="classification", net=net, target=Classes(names=CLASSES), input=grey)


class TestClassification(TaskContract):
    def card(self) -> Card:
        return card()

    def targets(self, count: int) -> Labels:
        return Labels(np.arange(count) % 3, CLASSES)


def test_the_loss_is_smoothed_cross_entropy() -> None:
    logits = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
    classes = torch.tensor([0, 1, 2, 3, 0, 1])
    smooth = torch.full((6, 4), 0.1 / 4)
    smooth[torch.arange(6), classes] += 0.9
    expected = -(smooth * F.log_softmax(logits, dim=1)).sum(dim=1).mean()
    batch = Batch({"image": logits}, {"class": classes})
    learner = task_of("classification").learner(nn.Identity(), card(), train_settings(data="x", label_smoothing=0.1))
    updated: list[Tensor] = []
    losses = learner.step(batch, lambda loss, optimizer="main": updated.append(loss))
    torch.testing.assert_close(losses, {"total": expected})
    assert updated == [losses["total"]]


def test_the_graph_normalises_and_ends_in_probabilities() -> None:
    described = card()
    task = task_of("classification")
    model = task.build(described).eval()
    pixels = torch.randint(0, 256, (2, 20, 20, 1), dtype=torch.uint8).expand(2, 20, 20, 3)
    arrays = task.graph(model, described)(pixels)
    by_hand = model((pixels[..., 0][:, None].float() / 255 - 0.5) / 0.25).softmax(dim=1)
    torch.testing.assert_close(arrays["probabilities"], by_hand)


def test_a_mirror_image_is_answered_alike_where_the_card_says_so() -> None:
    task = task_of("classification")
    plain, mirrored = card(), card().model_copy(update={"mirror": True})
    model = task.build(plain).eval()
    pixels = torch.randint(0, 256, (3, 20, 20, 3), dtype=torch.uint8)
    seen, turned = (task.graph(model, mirrored)(p)["probabilities"] for p in (pixels, pixels.flip(2)))
    torch.testing.assert_close(seen, turned)
    one, other = (task.graph(model, plain)(p)["probabilities"].log() for p in (pixels, pixels.flip(2)))
    torch.testing.assert_close(seen, ((one + other) / 2).softmax(dim=1))


def test_an_image_too_small_is_found_before_any_data_is_read() -> None:
    with pytest.raises(UserError, match="at least"):
        task_of("classification").check(card(side=4))


def test_an_unknown_task_gets_the_nearest_known() -> None:
    with pytest.raises(UserError, match="did you mean classification"):
        task_of("clasification")
