"""Pictures as points of a plane: by what the last layer of a network is given of each, near what is alike to it."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from convsight.inside.open_network import OpenNetwork
from convsight.tasks import task_of
from convsight.tasks.capabilities import with_vector

_SEED = 0
_KEPT = 50  # numbers of each picture that t-SNE looks at, as its authors advise
_PERPLEXITY = 30.0  # neighbours that count
_LEAST = 8  # pictures; of fewer, t-SNE has no neighbours to keep together


def check_vectors(network: OpenNetwork) -> None:
    """Raise `UserError` where `network` makes no one vector of a picture."""
    arrays = np.zeros((1, *network.card.input.array_shape), network.card.input.dtype)
    vectors_of(network, arrays)


def vectors_of(network: OpenNetwork, arrays: NDArray[Any]) -> NDArray[np.float32]:
    """What the last layer of `network` is given of loaded pictures (batch, height, width, channels), a row of each."""
    card = network.card
    with torch.no_grad():
        found = with_vector(task_of(card.task), card.task).vectors(network.model, network.planes(arrays))
    rows: NDArray[np.float32] = found.numpy()
    return rows


def projected(vectors: NDArray[np.float32]) -> tuple[NDArray[np.float64], str]:
    """Places (pictures, 2) in 0..1 of the rows of `vectors`, and how they were found, in words.

    Of the same vectors the same places. Near ones are alike; distances between groups and their sizes mean little.
    """
    if not np.ptp(vectors, axis=0).any():
        return np.full((len(vectors), 2), 0.5), "nothing, since all are the same"
    kept = min(_KEPT, *vectors.shape)
    shares = PCA(kept, random_state=_SEED, svd_solver="full").fit_transform(vectors.astype(np.float64))
    if len(vectors) < _LEAST:
        return _within(_two(shares)), "their first two principal components"
    perplexity = min(_PERPLEXITY, (len(vectors) - 1) / 3)
    places = TSNE(2, perplexity=perplexity, init=_small(_two(shares)), random_state=_SEED).fit_transform(shares)
    words = f"{kept} principal components, then t-SNE (perplexity {perplexity:.3g}, seed {_SEED})"
    return _within(places.astype(np.float64)), words


def _two(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.pad(shares, ((0, 0), (0, max(0, 2 - shares.shape[1]))))[:, :2]


def _small(places: NDArray[np.float64]) -> NDArray[np.float32]:
    """As t-SNE begins best: with a deviation of 1e-4 along the first axis."""
    small: NDArray[np.float32] = (1e-4 * places / places[:, 0].std()).astype(np.float32)
    return small


def _within(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same, moved and scaled alike in both directions, so that all lie in the square 0..1."""
    low, span = places.min(axis=0), float(np.ptp(places, axis=0).max())
    middle = (1 - np.ptp(places, axis=0) / span) / 2
    within: NDArray[np.float64] = (places - low) / span + middle
    return within
