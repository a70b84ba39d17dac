"""How weights start: Glorot's, He's, or plainly random; biases always at zero."""

from torch import nn

_RANDOM_STD = 0.05  # as Keras's random_normal
_TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)

WEIGHTED = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, *_TRANSPOSED)
DEFAULT = "glorot"


def initialise(layer: nn.Module, init: str) -> None:
    """Fresh weights for a convolution or dense layer, drawn from PyTorch's global generator.

    `glorot`: uniform (Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks",
    2010), as Keras starts; `he`: normal with variance 2 / fan-in (He et al., "Delving Deep into Rectifiers", 2015);
    `random`: normal with standard deviation 0.05.
    """
    if not isinstance(layer, WEIGHTED):
        raise TypeError(f"{type(layer).__name__} has no weights to start")
    if init == "glorot":
        nn.init.xavier_uniform_(layer.weight)
    elif init == "he":
        # PyTorch counts fans by the first two axes, and those of a transposed convolution are swapped.
        swapped = isinstance(layer, _TRANSPOSED)
        nn.init.kaiming_normal_(layer.weight, mode="fan_out" if swapped else "fan_in", nonlinearity="relu")
    elif init == "random":
        nn.init.normal_(layer.weight, std=_RANDOM_STD)
    else:
        raise ValueError(f"no initialisation {init!r}")
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
