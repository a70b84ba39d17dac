"""Which method explains where the user names none: the one that the network's own ranking trusts most."""

from typing import NamedTuple

import numpy as np

from convsight.errors import UserError
from convsight.explain.evidence.ranking import Ranking
from convsight.explain.evidence.verdict import Verdict
from convsight.explain.explain import ExplainedModel
from convsight.results import Boxes
from convsight.training_half import training_half

_OF_BOXES, _BY_GRADIENTS, _WITHOUT = "hirescam", "gradcam", "occlusion"
_WHY_OF_BOXES = "gradcam takes the mean of gradients over the whole map, which says little of one box"


class Choice(NamedTuple):
    """A method, and in words why it was chosen."""

    method: str
    words: str


def by_ranking(ranking: Ranking) -> Choice:
    """The method that `ranking` trusts most, and what it said of it."""
    name, judgement = next(iter(ranking.judgements.items()))
    said = f"{name}: {judgement.verdict} on {judgement.pictures} pictures of {ranking.of.data} ({judgement.why})"
    if judgement.verdict is Verdict.FAITHFUL:
        return Choice(name, f"{said}, which this network's ranking trusts most")
    return Choice(name, f"{said}; this network's ranking calls no method faithful, and trusts this one most")


def without_ranking(network: ExplainedModel) -> Choice:
    """HiResCAM for boxes, else Grad-CAM, where this network has gradients and maps; else occlusion. And why.

    Of a detector of blood cells HiResCAM was found faithful and Grad-CAM was not: see docs/explain.md.
    """
    of_boxes = issubclass(network.model.reader.result, Boxes)
    by_maps = _OF_BOXES if of_boxes else _BY_GRADIENTS
    make = "no ranking of methods is stored with this network: --rank DATA makes one"
    try:
        has_maps = _has_maps(network)
    except UserError:  # an exported file, no PyTorch
        has_maps = False
    if not has_maps:
        return Choice(_WITHOUT, f"{_WITHOUT}, since {by_maps} does not apply here; {make}")
    return Choice(by_maps, f"{by_maps}, since {_WHY_OF_BOXES}; {make}" if of_boxes else f"{by_maps}; {make}")


def _has_maps(network: ExplainedModel) -> bool:
    """Whether any layer gives maps; raises `UserError` where nothing can be seen of layers."""
    layers = training_half("convsight.inside.layers")
    planes = network.opened.planes(np.zeros((1, *network.spec.array_shape), network.spec.dtype))
    with layers.seeing_maps(network.opened, planes) as seen:
        network.opened.model(planes)
    return bool(seen)
