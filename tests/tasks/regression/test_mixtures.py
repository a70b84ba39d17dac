"""Numbers of several networks and of several images: mixtures of distributions, means of targets."""

import numpy as np
import torch

from convsight.augmentation import Batch
from convsight.augmentation.mixing import Mixing
from convsight.results.mixture import Mixture
from convsight.rng import RngKeys
from convsight.tasks.regression.augmentation import SignedNumbers
from convsight.tasks.regression.task import Regression


def test_the_average_of_networks_is_the_mixture_of_their_distributions() -> None:
    random = np.random.default_rng(0)
    answers = []
    for count in (1, 3):
        weights = torch.softmax(torch.from_numpy(random.normal(size=(2, 4, count))), dim=2)
        means, deviations = (torch.from_numpy(random.uniform(1, 5, (2, 4, count))) for _ in range(2))
        numbers = (weights * means).sum(dim=2)
        answers.append({"numbers": numbers, "weights": weights, "means": means, "deviations": deviations})
    found = Regression().averaged(answers)
    assert torch.allclose(found["weights"].sum(dim=2), torch.ones(2, 4, dtype=torch.float64))
    assert torch.allclose(found["numbers"], (found["weights"] * found["means"]).sum(dim=2))
    both = Mixture(*(found[name][0].numpy() for name in ("weights", "means", "deviations")))
    each = [Mixture(*(one[name][0].numpy() for name in ("weights", "means", "deviations"))) for one in answers]
    # The law of total variance.
    variance = [(m.weights * (m.deviations**2 + m.means**2)).sum(1) - m.mean**2 for m in (both, *each)]
    between = np.var([m.mean for m in each], axis=0)
    assert np.allclose(variance[0], (variance[1] + variance[2]) / 2 + between)


def test_mixed_images_have_the_mean_of_their_numbers() -> None:
    images = torch.arange(4.0).reshape(4, 1, 1, 1).expand(4, 1, 6, 6)
    targets = torch.tensor([[0.0], [1.0], [2.0], [3.0]])
    keys = RngKeys(0, 0, np.arange(4))
    mixed = Mixing(0.4, 0.0)(
        Batch({"image": images}, {"numbers": targets}), keys, ("image",), {"numbers": SignedNumbers((0,))}
    )
    assert torch.allclose(mixed.targets["numbers"][:, 0], mixed.image[:, 0, 0, 0])
    assert not torch.allclose(mixed.targets["numbers"], targets)
