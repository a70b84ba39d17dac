"""The last layer of a pretrained network, fitted for all labels at once on features that are computed once.

Why: see `tasks.classification.head_start`, which does the same for one class an image.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from convsight.datasets import ImageStore
from convsight.nets.input_layers import InputLayer
from convsight.progress import Listener
from convsight.results import LabelSets
from convsight.tasks.head_features import MOST_IMAGES, Standardised, features_of_head

_INVERSE_REGULARISATION = 0.1  # of standardised features, as for one class an image
_STEPS = 100


def start_head(
    network: nn.Module,
    inputs: InputLayer,
    train: ImageStore,
    labels: LabelSets,
    seconds: float | None,
    listener: Listener,
) -> float | None:
    """Fit the last layer of `network`, where it is dense; returns its loss on the images, None where it is not.

    Up to 5,000 of the images are looked at, or as many as `seconds` allow.
    """
    order = np.random.default_rng(0).permutation(len(labels))[:MOST_IMAGES]
    found = features_of_head(network, len(labels.classes), inputs, train, order, seconds, listener)
    if found is None:
        return None
    seen = labels.present[found.positions]
    listener.say(f"the last layer begins as a logistic regression on features of {len(seen):,} training images")
    return fit_head(found.head, found.values, seen)


def fit_head(head: nn.Linear, features: NDArray[np.float32], present: NDArray[np.bool_]) -> float:
    """Give `head` the weights of a logistic regression a label on standardised features; returns its mean loss.

    Shapes: `features` (images, features), `present` (images, labels). Minimised by L-BFGS, all labels at once.
    """
    given = Standardised.of(features)
    inputs = torch.from_numpy(given.values.astype(np.float32))
    wanted = torch.from_numpy(present.astype(np.float32))
    rows = torch.zeros(wanted.shape[1], inputs.shape[1], requires_grad=True)
    # An image more of each kind, so that a label that none or all have keeps a finite bias.
    share = (wanted.sum(dim=0) + 1) / (len(wanted) + 2)
    biases = share.logit().requires_grad_()
    search = torch.optim.LBFGS([rows, biases], max_iter=_STEPS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        found: Tensor = F.binary_cross_entropy_with_logits(inputs @ rows.T + biases, wanted)
        return found

    def closure() -> float:
        search.zero_grad()
        # Of the mean over images and labels, so that each label has the penalty of a regression of its own.
        penalised = loss() + rows.square().sum() / (2 * _INVERSE_REGULARISATION * wanted.numel())
        penalised.backward()  # type: ignore[no-untyped-call]
        return float(penalised.detach())

    search.step(closure)  # type: ignore[no-untyped-call]
    given.put_in(head, rows.detach().double().numpy(), biases.detach().double().numpy())
    return float(loss().detach())
