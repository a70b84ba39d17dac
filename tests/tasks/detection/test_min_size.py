"""The sizes of images below which a detector is refused."""

import pytest

from convsight.errors import UserError
from convsight.nets.entry import NetShape
from convsight.tasks.detection.networks import check_detector


def shape(height: int, width: int) -> NetShape:
    return NetShape(outputs=2, channels=3, height=height, width=width)


@pytest.mark.parametrize(
    ("name", "height", "width", "smallest", "size"),
    [
        ("yolo-n", 16, 16, 32, 32),
        ("yolo-n+resnet18", 16, 16, 32, 32),
        ("yolo-n", 16, 160, 32, 320),
        ("yolo-n", 160, 16, 32, 320),
        ("faster-rcnn", 16, 16, 32, 32),
        # torchvision pools with other roundings there: their maps are smaller than a stride of 16 would have them.
        ("yolo-n+squeezenet1_0", 32, 32, 64, 64),
        pytest.param("yolo-n+googlenet", 32, 32, 48, 48, marks=pytest.mark.slow),
        ("ssd", 32, 32, 64, 64),
        ("locate+resnet18", 16, 16, 32, 32),
    ],
)
def test_images_without_room_are_refused_with_a_size_that_has_it(
    name: str, height: int, width: int, smallest: int, size: int
) -> None:
    asked = height if height == width else f"{height} x {width}"
    with pytest.raises(UserError) as raised:
        check_detector(name, shape(height, width))
    assert str(raised.value) == (
        f"{name} needs images of at least {smallest} px; {asked} was asked: use --size {size} or more, or another net"
    )
    check_detector(name, shape(height * size // max(height, width), width * size // max(height, width)))


@pytest.mark.parametrize(
    ("name", "height", "width"),
    [
        ("yolo-n", 32, 320),
        ("yolo-n+resnet18", 32, 32),
        ("ssdlite", 32, 32),  # all its last maps have one cell, and its convolutions are depthwise there
        ("locate", 16, 16),
        ("locate+lenet5", 16, 16),
        ("sliding-window", 16, 16),
    ],
)
def test_images_with_room_are_taken(name: str, height: int, width: int) -> None:
    check_detector(name, shape(height, width))
