"""CAM by hand, and where it is Grad-CAM."""

import numpy as np
import pytest
import torch
from tests.inside.subjects import CLASSES, logit, map_by, random_subject, subject_of
from torch import Tensor, nn
from torch.nn import functional as F

from convsight.errors import UserError

TEXT = "conv 6 3x3 relu | conv 6 3x3 relu | globalavg | dense classes"


@pytest.mark.parametrize("net", ["small", "resnet18", TEXT])
def test_its_mean_and_the_bias_are_the_logit_and_its_positive_part_is_grad_cam(net: str) -> None:
    subject = random_subject(net, 64 if net == "resnet18" else 16, width=80 if net == "resnet18" else None)
    network = subject.open_network()
    found = map_by("cam", subject)
    dense = [module for module in network.model.modules() if isinstance(module, nn.Linear)][-1]
    answer = float(logit(subject)(network.planes(subject.array[None])).detach())
    assert found.mean() + float(dense.bias[2]) == pytest.approx(answer, abs=1e-5)
    np.testing.assert_allclose(map_by("gradcam", subject) * found.size, np.maximum(found, 0), rtol=1e-4, atol=1e-6)


class _Functions(nn.Module):
    """As DenseNet does it: the last ReLU is a function that changes the maps in place."""

    def __init__(self, before: nn.Module | None = None, behind: nn.Module | None = None) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.before, self.behind = before or nn.Identity(), behind or nn.Identity()
        self.features = nn.Conv2d(3, 4, 3)
        self.classifier = nn.Linear(4, len(CLASSES))

    def forward(self, images: Tensor) -> Tensor:
        maps = F.relu(self.features(images), inplace=True)
        means = torch.flatten(F.adaptive_avg_pool2d(maps, (1, 1)), 1)
        found: Tensor = self.behind(self.classifier(self.before(means)))
        return found


def test_maps_are_those_that_are_averaged_whatever_made_them() -> None:
    model = _Functions()
    subject = subject_of(model, TEXT, 10, 10, 3)
    maps = model.features(subject.open_network().planes(subject.array[None])).relu()[0]
    by_hand = np.einsum("c,crs->rs", model.classifier.weight[2].numpy(), maps.detach().numpy())
    np.testing.assert_allclose(map_by("cam", subject), by_hand, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("net", "methods"),
    [
        ("mlp", "occlusion"),  # which has no maps
        ("lecture3", "gradcam, gradcampp, occlusion"),
        ("squeezenet1_0", "gradcam, gradcampp, occlusion"),
        ("mobilenet_v3_small", "gradcam, gradcampp, occlusion"),
    ],
)
def test_other_networks_are_told_which_methods_apply(net: str, methods: str) -> None:
    with pytest.raises(UserError, match=f"behind a global mean; use {methods}"):
        map_by("cam", random_subject(net, 32))


@pytest.mark.parametrize("inner", [{"before": nn.LayerNorm(4)}, {"behind": nn.Softplus()}])
def test_nothing_may_stand_between_the_mean_and_the_answer_but_the_dense_layer(inner: dict[str, nn.Module]) -> None:
    with pytest.raises(UserError, match="behind a global mean"):
        map_by("cam", subject_of(_Functions(**inner), TEXT, 10, 10, 3))
