"""Whether maps equal those of captum and pytorch-grad-cam at equal settings; a part of `explain.py`."""

import argparse
import copy
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from captum.attr import GuidedBackprop, InputXGradient, IntegratedGradients, LayerGradCam, Saliency
from measuring import peer_packages, print_table
from numpy.typing import NDArray
from random_networks import enliven, planes
from torch import Tensor, nn

from convsight.card import Card
from convsight.explain.explain import load_explained
from convsight.explain.fill import stand_in
from convsight.explain.method import MethodOptions, make_method
from convsight.explain.subject import Subject
from convsight.export.torch_engine import save_network
from convsight.inputs import ImageInput
from convsight.inside.grad_cam_plus import grad_cam_plus
from convsight.inside.map_gradients import maps_and_gradients
from convsight.nets.catalogue import build_net, canonical_name
from convsight.nets.entry import NetShape
from convsight.runtime.find_network import NetworkName
from convsight.targets import Classes

CLASSES = tuple(f"class{number}" for number in range(10))
STEPS = 20
DAMPING = 1e-6  # what pytorch-grad-cam adds to Grad-CAM++'s denominator

# Networks, the layer whose maps are weighed, and whether every rectifier is a module nn.ReLU: captum guides no others.
# Nothing is changed in place behind these layers, which pytorch-grad-cam would see changed.
NETS = {
    "small": ("stages", False),
    "squeezenet1_0": ("features.12", True),
    "resnet18": ("layer4", True),
    "mobilenet_v2": ("features", False),
    "efficientnet_lite0": ("bn2", False),
    "vgg11": ("features.15", True),
    "densenet121": ("features.denseblock4", False),
    "timm/vit_tiny_patch16_224": ("blocks.11.norm1", False),
}


class Asked(NamedTuple):
    """A subject with its planes, its network on its own, and the number of the class that is asked about."""

    subject: Subject
    planes: Tensor
    model: nn.Module
    label: int


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this part."""
    parser.add_argument(
        "photos", type=Path, help="a folder of photos: statistics come from them; the first is explained"
    )
    parser.add_argument("--side", type=int, default=96, help="px that the networks see")
    parser.add_argument("--nets", nargs="+", default=list(NETS), choices=NETS)


def run(arguments: argparse.Namespace) -> None:
    """Print the largest differences, each as a share of the map's largest number."""
    sys.path.append(str(peer_packages("explain")))
    files = sorted(file for file in arguments.photos.iterdir() if file.suffix != ".txt")
    rows = []
    for net in arguments.nets:
        with tempfile.TemporaryDirectory() as folder:
            asked = random_network(net, files, arguments.side, Path(folder))
            rows.append([net, *compared(asked, *NETS[net])])
    columns = ["saliency", "gradient x input", "integrated gradients", "guided backprop", "Grad-CAM"]
    theirs = ["Grad-CAM", "Grad-CAM++, damped", "Grad-CAM++ undamped, beside theirs"]
    names = [*(f"{each} (captum)" for each in columns), *(f"{each} (pytorch-grad-cam)" for each in theirs)]
    print_table(f"Largest difference as a share of the largest number, {arguments.side} px", ["net", *names], rows)


def random_network(net: str, files: list[Path], side: int, folder: Path) -> Asked:
    """The network called `net` with lively random weights, asked about the first photo, through a model file."""
    torch.manual_seed(0)
    spec = ImageInput(height=side, width=side, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
    card = Card(task="classification", net=canonical_name(net), target=Classes(names=CLASSES), input=spec)
    network = build_net(net, NetShape(len(CLASSES), 3, side, side))
    enliven(network, planes(files, spec), len(CLASSES))
    save_network(folder / "model.safetensors", network, card)
    subject = load_explained(NetworkName(folder / "model.safetensors", "torch")).subject(files[0])
    opened = subject.open_network()
    return Asked(subject, opened.planes(subject.array[None]), opened.model, CLASSES.index(subject.question.words))


def compared(asked: Asked, layer: str, only_relus: bool) -> list[str]:
    """The differences of a network, in the order of the table's columns."""
    images = asked.planes
    baseline = asked.subject.open_network().planes(stand_in(asked.subject.array)[None]).detach()
    found = [
        difference(ours(asked, "saliency"), Saliency(asked.model).attribute(images, asked.label)[0].amax(dim=0)),
        difference(
            ours(asked, "gradient-x-input"), InputXGradient(asked.model).attribute(images, asked.label)[0].sum(0)
        ),
        difference(
            ours(asked, "integrated-gradients", steps=STEPS),
            IntegratedGradients(asked.model).attribute(images, baseline, asked.label, n_steps=STEPS)[0].sum(dim=0),
        ),
        guided_difference(asked) if only_relus else "-",
        "-" if "vit" in str(asked.subject.open_network().card.net) else captum_cam_difference(asked, layer),
    ]
    return [*found, *peer_cam_differences(asked, layer)]


def guided_difference(asked: Asked) -> str:
    """Guided backpropagation beside captum's."""
    theirs = GuidedBackprop(copy.deepcopy(asked.model)).attribute(asked.planes, asked.label)
    return difference(ours(asked, "guided-backprop"), theirs[0].abs().amax(dim=0))


def captum_cam_difference(asked: Asked, layer: str) -> str:
    """Grad-CAM beside captum's, which knows no tokens."""
    cam = LayerGradCam(asked.model, asked.model.get_submodule(layer))
    return difference(
        ours(asked, "gradcam", layer=layer), cam.attribute(asked.planes, asked.label, relu_attributions=True)[0, 0]
    )


def peer_cam_differences(asked: Asked, layer: str) -> list[str]:
    """Grad-CAM and Grad-CAM++ beside pytorch-grad-cam's: the latter with its damping and as the paper has it."""
    from pytorch_grad_cam import GradCAM, GradCAMPlusPlus

    network = asked.subject.open_network()
    seen = maps_and_gradients(network, asked.planes, asked.subject.question, layer)
    cam, plus = (peer_cam(asked, layer, kind) for kind in (GradCAM, GradCAMPlusPlus))
    return [
        difference(ours(asked, "gradcam", layer=layer), cam),
        difference(grad_cam_plus(seen, DAMPING), plus),
        difference(ours(asked, "gradcampp", layer=layer), plus),
    ]


def peer_cam(asked: Asked, layer: str, kind: Callable[..., Any]) -> Tensor:
    """The map (rows, columns) that pytorch-grad-cam makes before it is scaled to 0..1."""
    model = copy.deepcopy(asked.model)

    def cells(tokens: Tensor) -> Tensor:
        side = int((tokens.shape[1] - 1) ** 0.5)
        return tokens[:, 1:].transpose(1, 2).reshape(len(tokens), -1, side, side)

    vit = "vit" in str(asked.subject.open_network().card.net)
    target = model.get_submodule(layer)
    cam = kind(model, [target], reshape_transform=cells if vit else None)
    images = asked.planes.detach().clone().requires_grad_()
    cam.activations_and_grads(images)[0, asked.label].backward()
    maps, gradients = (
        seen[0].numpy() for seen in (cam.activations_and_grads.activations, cam.activations_and_grads.gradients)
    )
    return torch.from_numpy(np.maximum(cam.get_cam_image(images, target, None, maps, gradients)[0], 0))


def ours(asked: Asked, method: str, **options: Any) -> NDArray[np.float64]:
    """Our map over what the network sees."""
    return make_method(method, MethodOptions(**options)).importance(asked.subject)


def difference(our: NDArray[np.float64], their: Tensor) -> str:
    """The largest difference as a share of the largest number."""
    other = their.detach().double().numpy()
    if our.shape != other.shape:
        return f"shapes {our.shape} and {other.shape}"
    if not our.any() and not other.any():
        return "both are 0"
    return f"{np.abs(our - other).max() / np.abs(other).max():.1e}"
