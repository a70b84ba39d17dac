"""The three Keras networks of the lecture "CNN overview" (V. Havard, CESI LINEACT), layer by layer.

They start as Keras starts them: Glorot-uniform weights and zero biases (Glorot and Bengio, "Understanding the
difficulty of training deep feedforward neural networks", 2010). The dense layer is as wide as the pictures make it.
"""

from collections import OrderedDict

from torch import nn

from convsight.nets.entry import NetShape
from convsight.nets.padding import MaxPoolSame, valid_size


def lecture1(shape: NetShape) -> nn.Sequential:
    """Two convolutions and a dense layer; 52,010 parameters at 28 x 28 x 3 and 10 classes."""
    layers = [
        *_convolution(1, shape.channels, 16, kernel=3),
        *_convolution(2, 16, 32, kernel=5, stride=2),
    ]
    return _with_dense(layers, shape, second_kernel=5)


def lecture2(shape: NetShape) -> nn.Sequential:
    """`lecture1` with max pooling after each convolution; 52,010 parameters at 28 x 28 x 3 and 10 classes."""
    layers = [
        *_convolution(1, shape.channels, 16, kernel=3),
        ("pool1", MaxPoolSame(kernel=2, stride=1)),
        *_convolution(2, 16, 32, kernel=5, stride=2),
        ("pool2", MaxPoolSame(kernel=2, stride=1)),
    ]
    return _with_dense(layers, shape, second_kernel=5)


def lecture3(shape: NetShape) -> nn.Sequential:
    """`lecture2` with a 3x3 second convolution; 50,890 parameters at 28 x 28 x 1 and 10 classes."""
    layers = [
        *_convolution(1, shape.channels, 16, kernel=3),
        ("pool1", MaxPoolSame(kernel=2, stride=1)),
        *_convolution(2, 16, 32, kernel=3, stride=2),
        ("pool2", MaxPoolSame(kernel=2, stride=1)),
    ]
    return _with_dense(layers, shape, second_kernel=3)


def _convolution(
    number: int, channels: int, filters: int, *, kernel: int, stride: int = 1
) -> list[tuple[str, nn.Module]]:
    return [
        (f"conv{number}", nn.Conv2d(channels, filters, kernel, stride)),
        (f"relu{number}", nn.ReLU()),
    ]


def _with_dense(layers: list[tuple[str, nn.Module]], shape: NetShape, *, second_kernel: int) -> nn.Sequential:
    # Pooling with stride 1 and same padding keeps the size, so only the convolutions count.
    height, width = (
        valid_size(valid_size(side, kernel=3), second_kernel, stride=2) for side in (shape.height, shape.width)
    )
    dense = nn.Linear(32 * height * width, shape.classes)
    net = nn.Sequential(OrderedDict([*layers, ("flatten", nn.Flatten()), ("dense", dense)]))
    return net.apply(_start_as_keras)


def _start_as_keras(layer: nn.Module) -> None:
    if isinstance(layer, nn.Conv2d | nn.Linear):
        nn.init.xavier_uniform_(layer.weight)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
