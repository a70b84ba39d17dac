"""The loss of classification."""

from torch import Tensor
from torch.nn import functional as F


def cross_entropy(logits: Tensor, classes: Tensor, smoothing: float) -> Tensor:
    """Mean cross-entropy, a scalar, of `logits` (batch, classes) against class indices (batch,).

    `smoothing` spreads that much probability evenly over all classes (Szegedy et al., "Rethinking the
    Inception Architecture", 2016, section 7). Computed in float32 whatever the network runs in.
    """
    return F.cross_entropy(logits.float(), classes, label_smoothing=smoothing)
