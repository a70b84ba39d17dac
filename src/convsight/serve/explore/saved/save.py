"""`convsight explore --save`: a network and some pictures as one page that works without a server."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convsight.errors import UserError
from convsight.explain.explain import ExplainedModel
from convsight.explain.importance_map import png
from convsight.files import write_atomic
from convsight.images import ImageError, InputSize
from convsight.images.resize import resize_image, scaled
from convsight.inputs import ImageInput
from convsight.runtime.original import original_picture
from convsight.serve.explore.explored import Explored
from convsight.serve.explore.samples import Sample
from convsight.serve.explore.saved.page import saved_page
from convsight.serve.explore.saved.stored_maps import stored_maps
from convsight.tasks.reader import share_of_each
from convsight.training_half import training_half

MOST_MB = 20.0  # of the file

# What `program.js` computes, by PyTorch's names.
OPERATIONS = frozenset(
    {"convolution", "addmm", "mm", "mean", "add", "sub", "mul", "div", "cat", "split", "_softmax"}
    | {"max_pool2d_with_indices", "avg_pool2d", "_adaptive_avg_pool2d"}
    | {"native_batch_norm", "native_layer_norm", "native_group_norm"}
    | {"relu", "hardtanh", "leaky_relu", "hardswish", "hardsigmoid", "sigmoid", "silu", "tanh", "gelu", "floor"}
    | {"permute", "transpose", "t", "flip", "expand", "select", "slice", "constant_pad_nd"}
    | {"view", "_unsafe_view", "reshape", "flatten", "clone", "detach", "alias", "contiguous", "squeeze", "unsqueeze"}
    | {"_to_copy"}
)


@dataclass(frozen=True)
class Saved:
    """What was written: the file, its bytes, and how many pictures are in it."""

    file: Path
    size: int
    pictures: int


def save_page(
    network: ExplainedModel, explored: Explored, samples: Sequence[Sample], file: Path, max_megapixels: float
) -> Saved:
    """Write the page of `network` with `samples` to `file`.

    Raises `UserError` where the page could not compute what the network does: of other input than pictures of 8 bits,
    other answers than shares of classes, an operation that it lacks, or too many weights.
    """
    card, spec = network.model.card, _taken_by_a_page(network.spec)
    output = share_of_each(network.model.reader, "--save")
    programs = training_half("convsight.inside.written.saved_network").saved_network(network.opened)
    lacking = sorted(programs.operations - OPERATIONS)
    if lacking:
        raise UserError(
            f"--save: {card.net} needs {', '.join(lacking)}, which a page does not compute yet; look at it with "
            "convsight explore, without --save"
        )
    _check_size(programs.weights.size * 4 / 3, 0)
    pictures = [_stored(sample, spec, max_megapixels) for sample in samples]
    programs.check(np.stack([spec.load(each).array for each in pictures[:1]]) if pictures else _noise(spec))
    maps = stored_maps(network, pictures, max_megapixels)
    facts = explored.facts() | {
        "methods": sorted({name for each in maps for name in each}),
        "deployed": {"engine": "the script of this page", "precision": "float32", "folds": False},
        "no_plane": None,
        "thresholds": False,
        "samples": [{"name": each.name, "truth": each.truth} for each in samples],
    }
    saved = {
        "network": facts,
        "input": spec.model_dump(mode="json", include={"width", "height", "fit", "shorter", "filter"}),
        "output": output,
        **programs.to_json(),
        "pictures": [{"file": b64encode(file).decode(), "maps": own} for file, own in zip(pictures, maps, strict=True)],
    }
    page = saved_page(f"{card.net} at work", saved, b64encode(programs.weights.content()).decode()).encode()
    _check_size(len(page), len(pictures))
    write_atomic(file, page)
    return Saved(file, len(page), len(pictures))


def _taken_by_a_page(spec: ImageInput) -> ImageInput:
    if not spec.is_rgb:
        raise UserError(f"--save: a page reads pictures of 8 bits, and this network takes {spec.summary}")
    return spec


def _stored(sample: Sample, spec: ImageInput, max_megapixels: float) -> bytes:
    """The picture as the network is given it, before its middle is cut out where that is done; as a PNG file."""
    content = sample.file(spec, max_megapixels)
    if not spec.shorter:
        return png(Image.fromarray(spec.load(content, max_megapixels, sample.name).array))
    try:
        image = original_picture(spec, content, max_megapixels)
    except ImageError as error:
        raise ImageError(f"{sample.name}: {error}") from error
    width, height = scaled((0, 0, *image.size), spec.shorter)
    return png(Image.fromarray(resize_image(image, InputSize(height, width, "squash", filter=spec.filter))))


def _noise(spec: ImageInput) -> NDArray[Any]:
    return np.random.default_rng(0).integers(0, 256, (1, *spec.array_shape), np.uint8)


def _check_size(size: float, pictures: int) -> None:
    if size > MOST_MB * 1e6:
        fix = (
            "take fewer with --pictures" if pictures else "take a smaller network, or convsight explore without --save"
        )
        raise UserError(f"--save: the page would have {size / 1e6:.1f} MB, over the limit of {MOST_MB:g} MB; {fix}")
