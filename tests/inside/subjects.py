"""Subjects without a model file: a network of the catalogue with random weights, and a random picture."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn

from convsight.card import Card
from convsight.explain.method import MethodOptions, make_method
from convsight.explain.subject import Subject
from convsight.export.torch_engine import graph_engine
from convsight.inputs import ImageInput
from convsight.inside.open_network import OpenNetwork
from convsight.nets.catalogue import build_net, canonical_name
from convsight.nets.entry import NetShape
from convsight.nets.memory_format import channels_last
from convsight.targets import Classes
from convsight.tasks import task_of
from convsight.tasks.question import OutputQuestion

CLASSES = ("a", "b", "c", "d", "e")


def random_subject(
    net: str, side: int = 64, channels: int = 3, *, width: int | None = None, classes: int = len(CLASSES)
) -> Subject:
    """A random picture and the question why it is `c`, for the network called `net` with random weights."""
    torch.manual_seed(0)
    wide = width or side
    return subject_of(build_net(net, NetShape(classes, channels, side, wide)), net, side, wide, channels, classes)


def subject_of(
    model: nn.Module, net: str, height: int, width: int, channels: int, classes: int = len(CLASSES)
) -> Subject:
    """The same for a network at hand."""
    spec = ImageInput(height=height, width=width, channels=channels, mean=(0.4,) * channels, std=(0.3,) * channels)
    card = Card(task="classification", net=canonical_name(net), target=Classes(names=CLASSES[:classes]), input=spec)
    model = channels_last(model.eval()).requires_grad_(False)
    shown = 3 if channels == 1 else channels
    array = np.random.default_rng(1).integers(0, 256, (height, width, shown), np.uint8)
    return Subject(
        array,
        (width, height),
        spec,
        graph_engine(task_of("classification").graph(model, card), None, net),
        OutputQuestion("c", 2, "probabilities"),
        original=lambda: Image.fromarray(array),
        open_network=lambda: OpenNetwork(model, card),
    )


def map_by(method: str, subject: Subject, **options: Any) -> NDArray[np.float64]:
    """The map of `subject` by the method of that name."""
    return make_method(method, MethodOptions(**options)).importance(subject)


def logit(subject: Subject) -> Callable[[torch.Tensor], torch.Tensor]:
    """The logit that is asked about, of planes."""
    network: OpenNetwork = subject.open_network()
    return lambda planes: network.asked(planes, subject.question)
