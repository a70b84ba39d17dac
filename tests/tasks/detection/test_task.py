from typing import Any

import numpy as np
import pytest
import torch
from tests.contracts.tasks import TaskContract

from convsight.card import Card
from convsight.datasets import Dataset, Split
from convsight.errors import UserError
from convsight.images import ResizeMode
from convsight.inputs import ImageInput, as_image
from convsight.metrics import Measured
from convsight.results import Boxes, BoxLists
from convsight.settings import TrainSettings
from convsight.targets import Classes
from convsight.tasks import task_of
from convsight.tasks.capabilities import augmentation_of, baselines_of, options_of
from convsight.tasks.choices import own_names, train_settings
from convsight.tasks.detection.augmentation import BoxAugmentation, choose_augmentation
from convsight.tasks.detection.light.metrics import BoxMetrics
from convsight.tasks.detection.networks import DETECTORS

CLASSES = ("circle", "square")
SETTINGS = TrainSettings.of(data="x")


def card(fit: ResizeMode = "squash") -> Card:
    sides = ImageInput(height=64, width=96, fit=fit, mean=(0.5,) * 3, std=(0.25,) * 3)
    options = options_of(task_of("detection"), SETTINGS)
    return Card(task="detection", net="yolo-n", target=Classes(names=CLASSES), input=sides, options=options)


def lists(count: int) -> BoxLists:
    random = np.random.default_rng(1)
    found = []
    for number in range(count):
        corners = random.uniform(0, 30, (number % 3, 2))
        boxes = np.concatenate([corners, corners + random.uniform(8, 30, (number % 3, 2))], axis=1)
        found.append(Boxes.of(CLASSES, (96, 64), boxes, random.integers(0, 2, number % 3)))
    return BoxLists(found, CLASSES)


def of_boxes(split: Split) -> Dataset:
    return Dataset("x", "x", "detection", Classes(names=CLASSES), {"train": split})


class TestDetection(TaskContract):
    def card(self) -> Card:
        return card()

    def targets(self, count: int) -> BoxLists:
        return lists(count)


class TestPaddedDetection(TestDetection):
    def card(self) -> Card:
        return card("pad")


def test_targets_are_fractions_and_crowds_teach_nothing() -> None:
    boxes = Boxes.of(CLASSES, (96, 64), [(0, 0, 48, 32), (48, 32, 96, 64)], [1, 0], crowd=[False, True])
    contract = TestDetection()
    contract.targets = lambda count: BoxLists([boxes] * count, CLASSES)  # type: ignore[method-assign]
    targets = task_of("detection").targets(contract.examples(2)).take(np.arange(2))
    assert targets["boxes"][1, 0].tolist() == [0, 0, 0.5, 0.5]
    assert targets["labels"].tolist() == [[1, -1], [1, -1]]


def test_the_frame_keeps_the_default_proportions() -> None:
    split = Split("train", np.zeros((2, 480, 640, 3), np.uint8), lists(2), ["a", "b"])
    task, dataset = task_of("detection"), of_boxes(split)
    assert as_image(task.input("yolo-n", dataset, SETTINGS)[0], "it").input_size[:3] == (240, 320, "squash")
    padded = task.input("yolo-n", dataset, TrainSettings.of(data="x", size=640, fit="pad"))[0]
    assert as_image(padded, "it").input_size[:3] == (480, 640, "pad")


def test_boxes_too_small_to_be_learnt_are_told() -> None:
    targets = BoxLists([Boxes.of(CLASSES, (640, 480), [(0, 0, 3.9, 40), (0, 0, 4.1, 40)], [0, 1])], CLASSES)
    split = Split("train", np.zeros((1, 480, 640, 3), np.uint8), targets, ["a"])
    dataset = of_boxes(split)
    words = task_of("detection").input("yolo-n", dataset, SETTINGS)[1]
    assert words.endswith("; little or nothing is learnt from 1 box under 2 px wide or high there: try a larger --size")
    whole = task_of("detection").input("yolo-n", dataset, TrainSettings.of(data="x", size=640))[1]
    assert "learnt" not in whole


@pytest.mark.parametrize(
    ("net", "choice"),
    [
        ("locate+lenet5", {"multi_scale": True}),
        ("locate+lenet5", {"overlap": 0.5}),
        ("yolo-n", {"label_smoothing": 0.1}),
        ("faster-rcnn", {"box_loss": "giou"}),
        ("ssdlite", {"class_loss": "focal"}),
        ("sliding-window+lenet5", {"box_loss": "iou"}),
    ],
)
def test_a_setting_that_does_nothing_for_a_network_is_refused(net: str, choice: dict[str, Any]) -> None:
    task, settings = task_of("detection"), train_settings(data="x", **choice)
    assert task.net("sliding-window" if net == "yolo-n" else "yolo-n", settings)
    assert task.net(net, SETTINGS) == net
    with pytest.raises(UserError, match=f"--{'-'.join(choice).replace('_', '-')} cannot be used with "):
        task.net(net, settings)


@pytest.mark.parametrize("net", ["yolo-n", "faster-rcnn"])
def test_soft_suppression_takes_no_overlap(net: str) -> None:
    task = task_of("detection")
    for choices in ({"suppression": "soft"}, {"suppression": "plain", "overlap": 0.5}, {"overlap": 0.5}):
        assert task.net(net, train_settings(data="x", **choices)) == net
    with pytest.raises(UserError, match="--overlap cannot be used with --suppression soft"):
        task.net(net, train_settings(data="x", suppression="soft", overlap=0.5))


def test_the_baseline_is_judged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    judged, compute = [], BoxMetrics.compute

    def counted(self: BoxMetrics, intervals: bool = True) -> dict[str, Measured]:
        judged.append(intervals)
        return compute(self, intervals=intervals)

    monkeypatch.setattr(BoxMetrics, "compute", counted)
    contract = TestDetection()
    found = baselines_of(contract.task(), contract.examples(5), contract.examples(4))
    assert {method: set(metrics) for method, metrics in found.items()} == {"copied": {"AP", "AP50"}}
    assert judged == [False]


@pytest.mark.parametrize(
    ("size", "asked", "input_size"),
    [
        ((20, 20), None, (32, 32)),
        ((640, 480), None, (240, 320)),
        ((1000, 40), None, (32, 320)),
        ((40, 1000), 640, (640, 32)),
        ((640, 480), 16, (16, 16)),  # is refused, or taken by networks that can
    ],
)
def test_images_are_not_made_too_small(size: tuple[int, int], asked: int | None, input_size: tuple[int, int]) -> None:
    split = Split("train", np.zeros((2, size[1], size[0], 3), np.uint8), lists(2), ["a", "b"])
    found, _ = task_of("detection").input("yolo-n", of_boxes(split), TrainSettings.of(data="x", size=asked))
    assert found.planes_shape == (3, *input_size)


@pytest.mark.parametrize(
    ("choices", "horizontal", "vertical"),
    [
        ({}, True, False),
        ({"augment": "none"}, False, False),
        ({"augment": "none", "flip": "horizontal"}, True, False),
        ({"flip": "both"}, True, True),
        ({"flip": "none"}, False, False),
    ],
)
def test_flips_are_as_asked(choices: dict[str, str], horizontal: bool, vertical: bool) -> None:
    split = Split("train", np.zeros((2, 9, 9, 3), np.uint8), lists(2), ["a", "b"])
    dataset = of_boxes(split)
    found = choose_augmentation(dataset, train_settings(data="x", **choices), 16, 10).variation
    assert (found.flip_horizontal, found.flip_vertical) == (horizontal, vertical)


@pytest.mark.parametrize(
    ("passes", "choices", "mosaic"),
    [
        (20, {}, 0),
        (50, {}, 0.5),
        (20, {"augment": "strong"}, 0.5),
        (50, {"augment": "light"}, 0),
        (50, {"augment": "none"}, 0),
        (20, {"mosaic": 0.25}, 0.25),
    ],
)
def test_images_seen_seldom_vary_lightly(passes: float, choices: dict[str, Any], mosaic: float) -> None:
    split = Split("train", np.zeros((2, 64, 96, 3), np.uint8), lists(2), ["a", "b"])
    dataset = of_boxes(split)
    settings = train_settings(data="x", **choices)
    found = augmentation_of(task_of("detection"), dataset, card().input, settings, passes)
    assert isinstance(found, BoxAugmentation)
    assert found.variation.mosaic == mosaic


def test_an_unknown_network_is_named_with_the_nearest() -> None:
    with pytest.raises(UserError, match="yolo-n"):
        task_of("detection").net("yolo-x", SETTINGS)


@pytest.mark.parametrize("suppression", ["class", "plain", "soft"])
def test_the_graph_suppresses_as_its_card_says(suppression: str) -> None:
    torch.manual_seed(0)
    task = task_of("detection")
    chosen = card().model_copy(update={"options": {"suppression": suppression, "overlap": 0.4}})
    graph = task.graph(task.build(chosen), chosen).eval()
    arrays = graph(torch.randint(0, 256, (1, 64, 96, 3), dtype=torch.uint8))
    boxes, scores, labels = arrays["boxes"][0], arrays["scores"][0], arrays["labels"][0]
    assert (scores.diff() <= 0).all()
    kept = scores > 0
    overlaps = _overlaps(boxes[kept]).fill_diagonal_(0)
    same = labels[kept][:, None] == labels[kept][None]
    assert 1 < kept.sum() < 100
    if suppression == "soft":  # boxes that overlap stay, with lower scores
        assert overlaps[same].max() > 0.4
    else:
        assert overlaps[same if suppression == "class" else same | ~same].max() <= 0.4


def _overlaps(boxes: torch.Tensor) -> torch.Tensor:
    from torchvision.ops import box_iou

    return torch.as_tensor(box_iou(boxes, boxes))


def test_settings_that_are_refused_exist() -> None:
    refused = set().union(*(entry.deaf for entry in DETECTORS.values()))
    assert refused <= TrainSettings.model_fields.keys() | own_names().keys()
