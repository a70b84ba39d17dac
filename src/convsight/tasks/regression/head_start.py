"""The last layer of a pretrained network, fitted to numbers on features that are computed once.

Why: see `tasks.classification.head_start`, which does the same for classes.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import RidgeCV
from torch import nn

from convsight.datasets import ImageStore
from convsight.nets.input_layers import InputLayer
from convsight.progress import Listener
from convsight.tasks.head_features import MOST_IMAGES, Standardised, features_of_head
from convsight.tasks.regression.distributions import Answer

_PENALTIES = np.logspace(0, 5, 11)  # of which the best by leaving one image out after the other is taken
_FEWEST = 3  # images


def start_head(
    network: nn.Module,
    inputs: InputLayer,
    train: ImageStore,
    wanted: NDArray[np.float64],
    answer: Answer,
    seconds: float | None,
    listener: Listener,
) -> float | None:
    """Fit the last layer of `network` to the standardised numbers `wanted` (images, numbers); returns its loss.

    None where that layer is not dense. Up to 5,000 images are looked at, or as many as `seconds` allow.
    """
    order = np.random.default_rng(0).permutation(len(wanted))[:MOST_IMAGES]
    found = features_of_head(network, wanted.shape[1] * answer.per_number, inputs, train, order, seconds, listener)
    if found is None or len(found.positions) < _FEWEST:
        return None
    listener.say(f"the last layer begins as a ridge regression on features of {len(found.positions):,} training images")
    return fit_head(found.head, found.values, wanted[found.positions], answer)


def fit_head(head: nn.Linear, features: NDArray[np.float32], wanted: NDArray[np.float64], answer: Answer) -> float:
    """Give `head` the weights of a ridge regression on standardised features; returns the loss of `answer` then.

    Shapes: `features` (images, features), `wanted` (images, numbers), standardised. Distributions are as wide as the
    error of images that were left out.
    """
    given = Standardised.of(features)
    model = RidgeCV(_PENALTIES, alpha_per_target=True).fit(given.values, wanted)
    rows, biases = np.atleast_2d(model.coef_), np.atleast_1d(model.intercept_)
    deviations = np.sqrt(np.maximum(0.0, -np.atleast_1d(model.best_score_)))
    begun = [answer.begun(*one) for one in zip(rows, biases, deviations, strict=True)]
    given.put_in(head, np.concatenate([row for row, _ in begun]), np.concatenate([bias for _, bias in begun]))
    with torch.no_grad():
        outputs = head(torch.from_numpy(features).to(head.weight.device)).float().cpu()
        of_numbers = torch.unflatten(outputs, 1, (wanted.shape[1], answer.per_number))
        return float(answer.loss(of_numbers, torch.from_numpy(wanted).float()))
