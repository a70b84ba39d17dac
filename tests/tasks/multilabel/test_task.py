from pathlib import Path

import numpy as np
import pytest
import torch
from tests.contracts.tasks import TaskContract
from torch import nn
from torch.nn import functional as F
from torchvision.ops import sigmoid_focal_loss

from convsight.augmentation import Batch
from convsight.card import Card
from convsight.inputs import ImageInput
from convsight.results import LabelSets
from convsight.targets import SeveralLabels
from convsight.tasks import reader_of, task_of
from convsight.tasks.choices import train_settings
from convsight.tasks.multilabel.baselines import frequency_baseline, linear_baseline
from convsight.tasks.multilabel.losses import label_loss

LABELS = ("cat", "dog", "sky")


def card() -> Card:
    grey = ImageInput(height=20, width=20, channels=1, mean=(0.5,), std=(0.25,))
    return Card(task="multilabel", net="lecture3", target=SeveralLabels(names=LABELS), input=grey)


def sets(count: int) -> LabelSets:
    return LabelSets((np.arange(count)[:, None] >> np.arange(3)) % 2 == 1, LABELS)


class TestMultilabel(TaskContract):
    def card(self) -> Card:
        return card()

    def targets(self, count: int) -> LabelSets:
        return sets(count)


def test_the_loss_is_binary_cross_entropy() -> None:
    logits = torch.randn(6, 3, generator=torch.Generator().manual_seed(0))
    present = torch.from_numpy(sets(6).present).float()
    batch = Batch({"image": logits}, {"labels": present})
    losses = task_of("multilabel").learner(nn.Identity(), card(), train_settings(data="x")).step(batch, lambda *_: None)
    torch.testing.assert_close(losses["total"], F.binary_cross_entropy(logits.sigmoid(), present))


def test_the_focal_loss_is_that_of_torchvision() -> None:
    logits = 4 * torch.randn(8, 3, generator=torch.Generator().manual_seed(0))
    present = torch.from_numpy(sets(8).present).float()
    expected = sigmoid_focal_loss(logits, present, alpha=-1, gamma=2, reduction="mean")
    torch.testing.assert_close(label_loss(logits, present, gamma=2), expected)


def test_labels_of_few_images_count_more_where_that_is_asked_for() -> None:
    data = {"pictures": {"train": 100}, "train_counts": {"cat": 50, "dog": 20, "sky": 1}}
    described = card().model_copy(update={"data": data})
    logits = torch.zeros(1, 3)
    batch = Batch({"image": logits}, {"labels": torch.ones(1, 3)})
    settings = train_settings(data="x", task="multilabel", positive_weight="balanced")
    found = task_of("multilabel").learner(nn.Identity(), described, settings).step(batch, lambda *_: None)["total"]
    assert float(found) == pytest.approx(np.log(2) * (1 + 4 + 20) / 3, rel=1e-6)


def test_the_graph_normalises_and_ends_in_a_sigmoid() -> None:
    described, task = card(), task_of("multilabel")
    model = task.build(described).eval()
    pixels = torch.randint(0, 256, (2, 20, 20, 1), dtype=torch.uint8).expand(2, 20, 20, 3)
    by_hand = model((pixels[..., 0][:, None].float() / 255 - 0.5) / 0.25).sigmoid()
    torch.testing.assert_close(task.graph(model, described)(pixels)["probabilities"], by_hand)
    mirrored = task.graph(model, described.model_copy(update={"mirror": True}))
    torch.testing.assert_close(mirrored(pixels), mirrored(pixels.flip(2)))


def test_thresholds_of_the_card_decide(capsys: pytest.CaptureFixture[str]) -> None:
    arrays = {"probabilities": np.array([0.3, 0.6, 0.7])}
    described = card().model_copy(update={"calibration": {"threshold/cat": 0.25, "threshold/sky": 0.8}})
    assert reader_of(card()).read(arrays, (9, 9)).summary() == "sky 70.0%, dog 60.0%"
    reader = reader_of(described)
    assert reader.read(arrays, (9, 9)).summary() == "dog 60.0%, cat 30.0%"
    exec(reader.plain_python, {"arrays": {"probabilities": arrays["probabilities"][None]}, "classes": LABELS})
    assert capsys.readouterr().out.split() == ["cat", "0.3", "dog", "0.6"]


def test_a_linear_model_tells_what_pixels_alone_tell() -> None:
    random = np.random.default_rng(0)
    present = random.random((300, 3)) < 0.4
    images = random.integers(90, 120, (300, 12, 12, 3), np.uint8)
    for label in range(2):  # the third cannot be seen
        images[present[:, label], 4 * label : 4 * label + 4] += 60
    labels = LabelSets(present, LABELS)
    seen, unseen = np.arange(200), np.arange(200, 300)
    linear = linear_baseline(images[seen], labels.select(seen), images[unseen], labels.select(unseen))
    plain = frequency_baseline(labels.select(seen), labels.select(unseen))
    assert linear["mAP"].value > 0.75
    assert plain["mAP"].value == pytest.approx(present[unseen].mean(), abs=1e-9)


def test_the_task_is_decided_by_the_data_and_by_the_user(tmp_path: Path) -> None:
    from convsight.datasets.read import read_dataset
    from convsight.tasks.adoption import data_for

    shapes = data_for("shapes", "multilabel")
    assert (shapes.task, shapes.target.names) == ("multilabel", ("circle", "square", "star", "triangle"))
    boxes = read_dataset("shapes").split("val").targets
    for row in range(20):
        names = {each.name for each in boxes[row].each()}  # type: ignore[attr-defined]
        assert set(shapes.split("val").targets[row].names) == names  # type: ignore[attr-defined]
    digits = data_for("digits", "multilabel")
    assert digits.split("all").targets[3].names == ("3",)  # type: ignore[attr-defined]
    assert data_for("digits", None).task == "classification"
    assert data_for("digits", "detection").task == "classification"
