"""Every detector by its contract, and the names."""

import pytest
import torch
from tests.contracts.detectors import DetectorContract, learns_one_image, two_boxes
from torchvision import ops

from convsight.errors import UserError
from convsight.nets.entry import NetShape
from convsight.tasks.boxes.nms import best, nms
from convsight.tasks.detection.networks import DETECTORS, NETWORKS, check_detector

pytestmark = pytest.mark.slow

# The smallest backbones; VGG16 and ResNet-50 take seconds to be made.
_SMALL = {
    "yolo-n": "yolo-n",
    "yolo-s": "yolo-s+squeezenet1_1",
    "yolo-m": "yolo-m+conv 8 3x3 stride 2 relu | conv 8 3x3 stride 2 relu | globalavg | dense classes",
    "faster-rcnn": "faster-rcnn+mobilenet_v3_large",
    "ssd": "ssd",
    "ssdlite": "ssdlite",
    "locate": "locate",
    "sliding-window": "sliding-window+lenet5",
}


def test_every_detector_is_checked() -> None:
    assert _SMALL.keys() == DETECTORS.keys()


@pytest.mark.parametrize("name", [name for detector, name in _SMALL.items() if detector != "ssd"])
class TestDetectors(DetectorContract):
    pass


@pytest.mark.parametrize("name", ["ssd", "faster-rcnn", "yolo-n+timm/resnet10t"])
def test_large_ones_learn_and_answer(name: str) -> None:
    DetectorContract().test_losses_are_finite_and_reach_every_parameter(name)
    DetectorContract().test_candidates_are_sorted_and_lie_in_the_image(name, 20)


@pytest.mark.parametrize(("name", "steps", "lr"), [("yolo-n", 40, 2e-3), ("ssdlite", 40, 3e-3)])
def test_one_image_is_learnt(name: str, steps: int, lr: float) -> None:
    net = learns_one_image(name, steps, lr)
    seen, targets = two_boxes()
    with torch.no_grad():
        found = best(nms(net.train().candidates(seen, 100), "class", 0.5), 2)
    order = found.labels[0].argsort()
    assert found.labels[0][order].tolist() == [0, 1]
    assert float(ops.box_iou(found.boxes[0][order], targets["boxes"][0]).diagonal().min()) > 0.7


def test_the_largest_thing_is_located() -> None:
    net = learns_one_image("locate", 40, 2e-3)
    seen, targets = two_boxes()
    with torch.no_grad():
        found = net.train().candidates(seen, 100)
    assert found.labels[0].tolist() == [1]
    assert float(ops.box_iou(found.boxes[0], targets["boxes"][0, 1:])) > 0.7


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("yolo-n", "yolo-n"),
        ("faster-rcnn+resnet50", "faster-rcnn"),
        ("faster-rcnn+mobilenet_v3_large", "faster-rcnn+mobilenet_v3_large"),
        ("locate+small", "locate"),
        ("yolo-s+timm/resnet10t", "yolo-s+timm/resnet10t"),
        ("yolo-s+conv 8 3x3 relu|globalavg| dense classes", "yolo-s+conv 8 3x3 relu | globalavg | dense classes"),
    ],
)
def test_names_as_cards_store_them(name: str, stored: str) -> None:
    assert NETWORKS.canonical(name) == stored
    assert NETWORKS.canonical(stored) == stored


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("yolo-x", "unknown net 'yolo-x'; did you mean yolo-"),
        ("resnet18", "unknown net 'resnet18'"),
        ("yolo-n+resnet81", "unknown net 'resnet81'; did you mean resnet18"),
        ("ssd+resnet18", "ssd comes after vgg16 alone, not after 'resnet18'"),
        ("faster-rcnn+vgg16", "faster-rcnn comes after resnet50 or mobilenet_v3_large alone"),
        ("yolo-n+", "unknown net ''"),
    ],
)
def test_unknown_names(name: str, message: str) -> None:
    with pytest.raises(UserError) as raised:
        NETWORKS.canonical(name)
    assert str(raised.value).startswith(message)


def test_parts_of_a_name() -> None:
    assert NETWORKS.parts("yolo-n") == ("yolo-n", "")
    assert NETWORKS.parts("sliding-window") == ("sliding-window", "small")
    assert NETWORKS.parts("yolo-n+timm/a+b") == ("yolo-n", "timm/a+b")


def test_a_network_without_maps_is_named_before_training() -> None:
    with pytest.raises(UserError, match=r"^vit_b_16 has no maps of features .* such as resnet18"):
        check_detector("yolo-n+vit_b_16", NetShape(2, 3, 64, 64))
    with pytest.raises(UserError, match=r"^vit_b_16 needs square images"):
        check_detector("locate+vit_b_16", NetShape(2, 3, 64, 96))


def test_no_true_box_is_the_background_of_a_window() -> None:
    from convsight.tasks.detection.sliding_window import WINDOW, training_crops

    seen, targets = two_boxes()
    torch.manual_seed(0)
    crops, labels = training_crops(seen, targets["boxes"], targets["labels"])
    assert crops.shape[1:] == (3, WINDOW, WINDOW)
    assert len(crops) == len(labels)
    red, blue = crops[:, 0, 12:36, 12:36].mean(dim=(1, 2)), crops[:, 2, 12:36, 12:36].mean(dim=(1, 2))
    assert bool((red[labels == 0] > 1.5).all())
    assert bool((blue[labels == 1] > 1.5).all())
    assert (labels == 0).sum() == (labels == 1).sum() == 2


def test_a_window_on_a_thing_is_never_background() -> None:
    from convsight.tasks.detection.sliding_window import training_crops

    framed = torch.ones(1, 3, 64, 64)
    framed[:, :, 8:56, 8:56] = 0
    whole = torch.tensor([[[0.0, 0, 1, 1]]])
    for seed in range(20):
        torch.manual_seed(seed)
        crops, labels = training_crops(framed, whole, torch.tensor([[0]]))
        shown = crops[labels == -1][:, 0]
        edges = torch.stack([shown[:, 0], shown[:, -1], shown[:, :, 0], shown[:, :, -1]], dim=1)
        assert float(edges.mean(dim=2).amin(dim=1).max()) < 0.9


def test_windows_are_where_their_boxes_say() -> None:
    from convsight.tasks.detection.sliding_window import _SHARES, window_boxes, windows

    row, column = torch.meshgrid(torch.arange(96.0), torch.arange(128.0), indexing="ij")
    image = torch.stack([column / 128, row / 96])[None]
    boxes = window_boxes(image)[0]
    seen = torch.cat([windows(image, share) for share in _SHARES], dim=1)[0]
    assert len(seen) == len(boxes)
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    torch.testing.assert_close(seen.mean(dim=(2, 3)), middle, rtol=0, atol=0.01)


def test_the_first_detector_of_the_lectures_answers_once() -> None:
    assert not NETWORKS.build("locate+lenet5", NetShape(2, 1, 32, 32)).needs_nms
