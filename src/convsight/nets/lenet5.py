"""LeNet-5 as it is usually built today: all maps connected, ReLU and max pooling.

Source: LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to Document Recognition", 1998. The
original has a partial connection table, tanh, trained average pooling and a radial-basis output.
"""

from typing import final

from torch import Tensor, nn

from convsight.arithmetic.shapes import Window, window_side
from convsight.nets.entry import NetShape


@final
class LeNet5(nn.Module):
    """Two 5x5 convolutions and three dense layers; 61,706 parameters at 28 or 32 px, one channel, 10 classes.

    Sides under 32 px are padded by 2 in the first convolution, so that 28 px behave as the paper's 32 px.
    """

    def __init__(self, shape: NetShape) -> None:
        super().__init__()
        padding = (_first_padding(shape.height), _first_padding(shape.width))
        height = _map_side(shape.height + 2 * padding[0])
        width = _map_side(shape.width + 2 * padding[1])
        self.features = nn.Sequential(
            nn.Conv2d(shape.channels, 6, 5, padding=padding),  # 6 x 28 x 28
            nn.ReLU(),
            nn.MaxPool2d(2),  # 6 x 14 x 14
            nn.Conv2d(6, 16, 5),  # 16 x 10 x 10
            nn.ReLU(),
            nn.MaxPool2d(2),  # 16 x 5 x 5
        )
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Linear(16 * height * width, 120),
            nn.ReLU(),
            nn.Linear(120, 84),
            nn.ReLU(),
            nn.Linear(84, shape.outputs),
        )

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.classifier(self.features(images))
        return logits


def _first_padding(side: int) -> int:
    return 2 if side < 32 else 0


def _map_side(side: int) -> int:
    """Side of the last feature maps: twice a 5 px convolution and pooling by 2."""
    for _ in range(2):
        if side < 6:  # a pixel less than pooling leaves something of
            raise ValueError(f"two convolutions of 5 px and pooling by 2 leave nothing of {side} px")
        side = window_side(window_side(side, Window(5)).value, Window(2, stride=2)).value
    return side
