"""The nets before convolutions: the perceptron and the multilayer perceptron.

Sources: Rosenblatt, "The Perceptron: A Probabilistic Model for Information Storage and Organization in the Brain",
1958; Rumelhart, Hinton and Williams, "Learning Representations by Back-propagating Errors", 1986.
"""

from collections import OrderedDict

from torch import nn

from convsight.nets.entry import NetShape

_HIDDEN = (256, 128)  # units of the two hidden layers


def perceptron(shape: NetShape) -> nn.Sequential:
    """One dense layer from all pixels to the outputs; 7,850 parameters at 28 px, one channel, 10 classes.

    Rosenblatt's Mark 1 answered with a threshold, which has no gradient. Its weighted sums are the logits here, so
    that it is trained as every other net; the class of the largest sum is the prediction.
    """
    return _dense(shape, ())


def mlp(shape: NetShape) -> nn.Sequential:
    """Two hidden layers of 256 and 128 units; 235,146 parameters at 28 px, one channel, 10 classes.

    The layers of 1986 ended in the sigmoid 1 / (1 + exp(-x)), the threshold made smooth. Its slope is at most 1/4, so
    gradients shrink from layer to layer; these end in ReLU, whose slope is 1 where it answers at all (Glorot, Bordes
    and Bengio, "Deep Sparse Rectifier Neural Networks", 2011). A moved image is a new one to it: no weight is shared
    between places, which is what convolutions mend.
    """
    return _dense(shape, _HIDDEN)


def _dense(shape: NetShape, hidden: tuple[int, ...]) -> nn.Sequential:
    layers: list[tuple[str, nn.Module]] = [("flatten", nn.Flatten())]
    inputs = shape.channels * shape.height * shape.width
    for number, units in enumerate(hidden, start=1):
        layers += [(f"dense{number}", nn.Linear(inputs, units)), (f"relu{number}", nn.ReLU())]
        inputs = units
    layers.append((f"dense{len(hidden) + 1}", nn.Linear(inputs, shape.outputs)))
    return nn.Sequential(OrderedDict(layers))
