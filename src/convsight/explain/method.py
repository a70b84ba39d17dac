"""`Method`: one way to say how much an answer depends on each place of a picture; `METHODS`, all of them."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from importlib import import_module
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convsight.errors import UserError, unknown_name
from convsight.explain.subject import Subject
from convsight.training_half import training_half
from convsight.words import quoted

# What a map's numbers are. score: by how much the answered number falls where a place is hidden, so that they can be
# compared with what hiding does; logit: the same of the number before it is squashed to 0..1, which gradients are of
# (`Differentiable`); relative: more is more important, and that is all.
Scale = Literal["score", "logit", "relative"]

SEEDS = 2**32  # as many as NumPy's RandomState, which the package lime draws from, takes
_LEAST = {"window": 1, "stride": 1, "samples": 1, "regions": 2, "cells": 2, "steps": 1, "noise": 0, "seed": 0}
_MOST = {"cells": 256, "noise": 100, "seed": SEEDS - 1}  # more cells or noise tell nothing, and leave float32


@dataclass(frozen=True)
class MethodOptions:
    """What a user may choose of a method; None is the method's own rule. A method `takes` some of them.

    `layer` is the name of a module (see `convsight describe`), `window` and `stride` are pixels of what the network
    sees, `fill` is what stands in for a hidden part (see `stand_in`). At most `samples` varied pictures are answered,
    and no more once the rank correlation of two halves of them is `agreement`. LIME makes about so many `regions`, RISE
    hides `cells` a side. `steps` are those on the way of integrated gradients, `noise` is the deviation that SmoothGrad
    adds as a share of the picture's range. Raises `UserError` for a number that is too small or too large.
    """

    layer: str | None = None
    window: int | None = None
    stride: int | None = None
    samples: int | None = None
    seed: int = 0
    fill: str | None = None
    agreement: float | None = None
    regions: int | None = None
    cells: int | None = None
    steps: int | None = None
    noise: float | None = None

    def __post_init__(self) -> None:
        for name, value in _LEAST.items():
            if (given := getattr(self, name)) is not None and not given >= value:
                raise UserError(f"--{name} {given}: give at least {value}")
        for name, value in _MOST.items():
            if (given := getattr(self, name)) is not None and given > value:
                raise UserError(f"--{name} {quoted(given)}: give at most {value}")
        if self.agreement is not None and not 0 < self.agreement <= 1:
            raise UserError(f"--agreement {self.agreement}: a rank correlation above 0, at most 1")

    def given(self) -> set[str]:
        """The names of those that were chosen."""
        return {each.name for each in fields(self) if getattr(self, each.name) != each.default}


class Method(ABC):
    """Makes maps; the same options, picture and network give the same map."""

    scale: ClassVar[Scale]
    # Whether a number below 0 speaks against the answer; else there are none.
    signed: ClassVar[bool]
    # The fields of `MethodOptions` that it listens to.
    takes: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, options: MethodOptions) -> None:
        self.options = options

    @abstractmethod
    def importance(self, subject: Subject) -> NDArray[np.float64]:
        """Importance (rows, columns) of cells that divide what the network sees evenly, its pixels at the finest."""

    def settings(self) -> dict[str, Any]:
        """What its last map was made with, its own choices included: a layer, a number of samples."""
        return {}


class MethodEntry(NamedTuple):
    """Where a method is, as `module:name`, in one line what it does, and whether it works without PyTorch.

    `needs` is what a network must have, in words, where it is not for any.
    """

    place: str
    summary: str
    light: bool = True
    needs: str = ""


METHODS = {
    "occlusion": MethodEntry("convsight.explain.occlusion:Occlusion", "what is lost where a grey window hides a part"),
    "lime": MethodEntry("convsight.explain.lime:Lime", "what showing each region adds, by a linear model of samples"),
    "lime-classic": MethodEntry("convsight.explain.lime_classic:LimeClassic", "the same as the package lime has it"),
    "rise": MethodEntry("convsight.explain.rise:Rise", "the mean answer under random masks that show a place"),
    "saliency": MethodEntry("convsight.inside.saliency:Saliency", "the gradient by each pixel", light=False),
    "gradient-x-input": MethodEntry(
        "convsight.inside.gradient_x_input:GradientXInput", "the gradient times the picture", light=False
    ),
    "smoothgrad": MethodEntry(
        "convsight.inside.smooth_grad:SmoothGrad", "the mean gradient of noisy pictures", light=False
    ),
    "integrated-gradients": MethodEntry(
        "convsight.inside.integrated_gradients:IntegratedGradients",
        "gradients along the way from a baseline, which sum up to the change of the answer",
        light=False,
    ),
    "guided-backprop": MethodEntry(
        "convsight.inside.guided_backprop:GuidedBackprop",
        "positive gradients alone; known to depend little on the network, here to be judged",
        light=False,
        needs="ReLU",
    ),
    "cam": MethodEntry(
        "convsight.inside.cam:Cam",
        "the last maps, weighed by the dense layer that answers",
        light=False,
        needs="one dense layer behind a global mean",
    ),
    "gradcam": MethodEntry(
        "convsight.inside.grad_cam:GradCam",
        "a layer's maps, weighed by their mean gradients",
        light=False,
        needs="maps or tokens of a grid",
    ),
    "gradcampp": MethodEntry(
        "convsight.inside.grad_cam_plus:GradCamPlus",
        "Grad-CAM++: as gradcam, gradients weighed place by place",
        light=False,
        needs="maps or tokens of a grid",
    ),
    "hirescam": MethodEntry(
        "convsight.inside.hires_cam:HiresCam",
        "a layer's maps, each place weighed by its own gradient; of boxes better than gradcam",
        light=False,
        needs="maps or tokens of a grid",
    ),
    "attention-rollout": MethodEntry(
        "convsight.inside.attention_rollout:AttentionRollout",
        "what patches of a transformer attend to, through all blocks",
        light=False,
        needs="patches that all attend to one another",
    ),
}


def for_any_network() -> list[str]:
    """The names of the methods that need nothing special of a network."""
    return [name for name, entry in METHODS.items() if not entry.needs]


def make_method(name: str, options: MethodOptions) -> Method:
    """The method called `name`; raises `UserError` for an unknown one, and where it needs PyTorch and there is none."""
    if name not in METHODS:
        raise unknown_name("method", name, METHODS)
    entry = METHODS[name]
    module, kind = entry.place.split(":")
    found: type[Method] = getattr(import_module(module) if entry.light else training_half(module), kind)
    return found(options)


def check_options(methods: list[Method], options: MethodOptions) -> None:
    """Raise `UserError` for an option that none of `methods` listens to."""
    taken = frozenset[str]().union(*(method.takes for method in methods))
    for name in sorted(options.given() - taken):
        raise UserError(f"--{name} does nothing for {', '.join(_name(method) for method in methods)}: leave it out")


def _name(method: Method) -> str:
    kind = f"{type(method).__module__}:{type(method).__name__}"
    return next(name for name, entry in METHODS.items() if entry.place == kind)
