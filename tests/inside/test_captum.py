"""Equality with captum at equal settings, before anything is normalised, on networks of the whole catalogue."""

import copy
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
import torch
from captum.attr import GuidedBackprop, InputXGradient, IntegratedGradients, LayerGradCam, Saliency
from numpy.typing import NDArray
from tests.inside.subjects import logit, map_by, random_subject
from torch import Tensor, fx, nn
from torch.nn import functional as F

from convsight.explain.fill import stand_in
from convsight.explain.subject import Subject
from convsight.inside.open_network import OpenNetwork

# Networks, a side in px, and a layer with maps; those of vgg11 and densenet121 are changed in place behind it.
NETS = {
    "small": (28, "stages"),
    "lecture3": (28, "maxpool1"),
    "squeezenet1_0": (64, "features.12"),
    "resnet18": (64, "layer4"),
    "mobilenet_v2": (64, "features"),
    "efficientnet_lite0": (64, "bn2"),
    "vgg11": (32, "features.8"),
    "densenet121": (64, "features"),
    "timm/vit_tiny_patch16_224": (48, None),
}

# What captum says about its own hooks.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Setting backward hooks", "ignore:Input Tensor", "ignore:Setting forward"
)


class Case(NamedTuple):
    """A subject, its planes, and the network with the class's logit alone, as captum wants it."""

    subject: Subject
    planes: Tensor
    forward: Callable[[Tensor], Tensor]
    layer: str | None

    @property
    def network(self) -> OpenNetwork:
        found: OpenNetwork = self.subject.open_network()
        return found


@pytest.fixture(scope="module", params=NETS)
def case(request: pytest.FixtureRequest) -> Case:
    side, layer = NETS[request.param]
    subject = random_subject(request.param, side)
    network: OpenNetwork = subject.open_network()
    return Case(subject, network.planes(subject.array[None]), logit(subject), layer)


def difference(ours: NDArray[np.float64], theirs: Tensor) -> float:
    """The largest difference as a share of the largest number."""
    other = theirs.detach().double().numpy()
    assert ours.shape == other.shape
    return float(np.abs(ours - other).max() / np.abs(other).max())


def test_saliency(case: Case) -> None:
    theirs = Saliency(case.forward).attribute(case.planes, abs=True)
    assert difference(map_by("saliency", case.subject), theirs[0].amax(dim=0)) < 1e-4


def test_gradient_x_input(case: Case) -> None:
    theirs = InputXGradient(case.forward).attribute(case.planes)
    assert difference(map_by("gradient-x-input", case.subject), theirs[0].sum(dim=0)) < 1e-4


def test_integrated_gradients(case: Case) -> None:
    baseline = case.network.planes(stand_in(case.subject.array)[None]).detach()
    theirs = IntegratedGradients(case.forward).attribute(case.planes, baseline, n_steps=4, method="gausslegendre")
    assert difference(map_by("integrated-gradients", case.subject, steps=4), theirs[0].sum(dim=0)) < 1e-4


def test_grad_cam(case: Case) -> None:
    if case.layer is None:
        pytest.skip("captum takes tokens for channels")
    theirs = LayerGradCam(case.forward, case.network.layer(case.layer)).attribute(case.planes, relu_attributions=True)
    assert difference(map_by("gradcam", case.subject, layer=case.layer), theirs[0, 0]) < 1e-4


def test_guided_backprop(case: Case) -> None:
    modules = with_relu_modules(case.network.model)
    if modules is None:
        pytest.skip("no ReLU")
    theirs = GuidedBackprop(modules).attribute(case.planes, target=2)
    assert difference(map_by("guided-backprop", case.subject), theirs[0].abs().amax(dim=0)) < 1e-4


class _Relu(nn.ReLU):
    """Any function of that kind as a module that captum takes for a ReLU: it knows neither functions nor ReLU6."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002
        return self.function(input)


class _Tracer(fx.Tracer):
    def is_leaf_module(self, module: nn.Module, name: str) -> bool:
        known = type(module).__module__.startswith(("torch.nn", "timm.layers"))
        return isinstance(module, _Relu) or (known and not isinstance(module, nn.Sequential))


def with_relu_modules(model: nn.Module) -> nn.Module | None:
    """A copy of `model` with such modules in place of ReLU, ReLU6 and functions; None where it has none."""
    copied = copy.deepcopy(model)
    for name, module in list(copied.named_modules()):
        if isinstance(module, nn.ReLU | nn.ReLU6):
            copied.set_submodule(name, _Relu(F.relu6 if isinstance(module, nn.ReLU6) else F.relu))
    traced = fx.GraphModule(copied, _Tracer().trace(copied))
    for number, node in enumerate(list(traced.graph.nodes)):
        if node.target is F.relu:
            traced.add_module(f"relu_number_{number}", _Relu(F.relu))
            with traced.graph.inserting_after(node):
                node.replace_all_uses_with(traced.graph.call_module(f"relu_number_{number}", (node.args[0],)))
            traced.graph.erase_node(node)
    traced.recompile()
    return traced if any(isinstance(module, _Relu) for module in traced.modules()) else None


def test_smooth_grad_is_the_mean_gradient_over_its_own_noise() -> None:
    subject = random_subject("lecture3", 28)
    network: OpenNetwork = subject.open_network()
    planes = network.planes(subject.array[None]).detach()
    deviation = 0.3 * float(planes.max() - planes.min())
    drawn = [np.random.default_rng((7, sample)).standard_normal(planes.shape[1:], np.float32) for sample in range(5)]
    noise = deviation * torch.from_numpy(np.stack(drawn))
    theirs = Saliency(logit(subject)).attribute(planes + noise, abs=False)
    found = map_by("smoothgrad", subject, samples=5, noise=0.3, seed=7)
    assert difference(found, theirs.mean(dim=0).abs().amax(dim=0)) < 1e-4
