"""Temperature scaling: one number that makes probabilities as sure as they are right.

Guo et al., On Calibration of Modern Neural Networks, 2017, section 4.2: logits are divided by a temperature that
minimises the log loss on images the network was not trained on. The order of the classes stays as it is.

Where every one of them is predicted right, that log loss is least for a network that is certain of everything. So
each of `n` targets counts as (n + 1)/(n + 2) of itself and 1/(n + 2) of its strongest rival, as in Platt, Probabilistic
Outputs for Support Vector Machines, 1999, section 2.2: 20 right predictions of 20 make it 95 % sure, not 100.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

TEMPERATURE = "temperature"  # its name in `Card.calibration`

_MIN, _MAX = 0.05, 20.0  # beyond these a network is either certain or does not know at all
_SMALLEST = 1e-38  # a probability that underflowed to 0 still has a logarithm
_STEPS = 60  # halvings of an interval of 6 in the logarithm of the temperature: far below float32


def tempered(probabilities: Floats, temperature: float) -> Floats:
    """`probabilities` (images, classes) as they are where the logits are divided by `temperature`.

    >>> tempered(np.array([[0.9, 0.1]]), 2.0).round(2).tolist()
    [[0.75, 0.25]]
    """
    logits = np.log(np.maximum(probabilities.astype(np.float64), _SMALLEST)) / temperature
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    found: Floats = raised / raised.sum(axis=1, keepdims=True)
    return found


def fit_temperature(targets: NDArray[np.integer[Any]], probabilities: Floats) -> float:
    """The temperature in 0.05..20 with the least log loss for the classes `targets` (images,), none of them certain.

    >>> sure = np.array([[0.99, 0.01]] * 4)
    >>> round(fit_temperature(np.array([0, 0, 0, 1]), sure), 2)  # so sure, and right three times of four
    6.63
    >>> surer = tempered(sure, fit_temperature(np.array([0, 0, 0, 0]), sure))
    >>> surer[0].round(3).tolist()  # right four times of four: so five of six
    [0.833, 0.167]
    """
    logits = np.log(np.maximum(probabilities.astype(np.float64), _SMALLEST))
    rows = np.arange(len(targets))
    rivals = logits.copy()
    rivals[rows, targets] = -np.inf
    doubt = 1 / (len(targets) + 2)
    expected = (1 - doubt) * logits[rows, targets] + doubt * logits[rows, rivals.argmax(axis=1)]

    def slope(beta: float) -> float:
        """Derivative of the log loss by beta = 1 / temperature, in which it is convex."""
        raised = np.exp(beta * (logits - logits.max(axis=1, keepdims=True)))
        mean = (raised * logits).sum(axis=1) / raised.sum(axis=1)
        return float((mean - expected).mean())

    low, high = np.log(1 / _MAX), np.log(1 / _MIN)
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if slope(np.exp(middle)) > 0 else (middle, high)
    return float(1 / np.exp((low + high) / 2))
