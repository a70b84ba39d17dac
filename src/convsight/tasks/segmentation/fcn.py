"""FCN: a classifier whose dense layers are convolutions, enlarged to the image, with finer maps added on the way.

Long, Shelhamer and Darrell, "Fully Convolutional Networks for Semantic Segmentation", 2015. After VGG it is that of the
paper: the maps are those behind its poolings, and its two dense layers become convolutions of 7x7 and 1x1. After any
other network of the catalogue the coarsest map is scored as it is. The borders are padded by what each kernel needs,
where the paper pads the image by 100 px.
"""

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from convsight.nets.encoder import Encoder, Map, build_encoder, encoder_with
from convsight.nets.entry import NetShape
from convsight.nets.segmenter import Segmenter, enlarged

DENSE = 4096  # neurons of VGG's two dense layers
# Its poolings of strides 8, 16 and 32. The last maps of these strides, which other networks give, lie before them.
_POOLINGS = {
    "vgg16": {8: "features_16", 16: "features_23", 32: "features_30"},
    "vgg16_bn": {8: "features_23", 16: "features_33", 32: "features_43"},
}
_WIDTHS = {8: 256, 16: 512, 32: 512}


@final
class Fcn(Segmenter):
    """FCN-32s, 16s or 8s: `stride` is that of the finest map that is scored."""

    def __init__(self, stride: int, name: str, shape: NetShape) -> None:
        super().__init__()
        wanted = [one for one in (8, 16, 32) if one >= stride]
        self.encoder = _encoder(name, shape, wanted)
        *finer, coarsest = self.encoder.channels
        self.dense = Dense(coarsest) if name in _POOLINGS else nn.Identity()
        self.score = _score(DENSE if name in _POOLINGS else coarsest, shape.outputs)
        self.finer_scores = nn.ModuleList(_score(width, shape.outputs) for width in reversed(finer))
        self.enlarge = nn.ModuleList(Doubled(shape.outputs) for _ in finer)

    def forward(self, images: Tensor) -> Tensor:
        *finer, coarsest = self.encoder(images)
        scores: Tensor = self.score(self.dense(coarsest))
        for level, score, double in zip(reversed(finer), self.finer_scores, self.enlarge, strict=True):
            scores = enlarged(double(scores), level.shape[2:]) + score(level)
        return enlarged(scores, images.shape[2:])

    def borrowed(self) -> Mapping[str, Tensor]:
        tensors = self.encoder.net.state_dict()
        return tensors | self.dense.borrowed() if isinstance(self.dense, Dense) else tensors

    @property
    def backbone(self) -> tuple[str, ...]:
        return ("encoder.net", "dense") if isinstance(self.dense, Dense) else ("encoder.net",)


@final
class Dense(nn.Sequential):
    """VGG's two dense layers as convolutions: maps (batch, channels, height, width) to (batch, 4096, height, width)."""

    def __init__(self, channels: int) -> None:
        super().__init__(
            nn.Conv2d(channels, DENSE, 7, padding=3),
            nn.ReLU(inplace=True),
            nn.Dropout(),
            nn.Conv2d(DENSE, DENSE, 1),
            nn.ReLU(inplace=True),
            nn.Dropout(),
        )

    def borrowed(self) -> dict[str, Tensor]:
        """The weights as those of dense layers, under VGG's names: views, which change with them."""
        weights = {f"classifier.{name}": value for name, value in self.state_dict().items()}
        return {name: value.flatten(1) if value.ndim == 4 else value for name, value in weights.items()}


@final
class Doubled(nn.Module):
    """Scores (batch, classes, height, width) of twice the sides, each class by weights of its own.

    They begin as those of bilinear interpolation, and learn.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(bilinear_kernel(2).expand(classes, 1, 4, 4).clone())

    def forward(self, scores: Tensor) -> Tensor:
        return F.conv_transpose2d(scores, self.weight, stride=2, padding=1, groups=len(self.weight))


def bilinear_kernel(factor: int) -> Tensor:
    """The kernel (2 factor, 2 factor) with which a transposed convolution of this stride interpolates.

    >>> bilinear_kernel(2)[0]
    tensor([0.0625, 0.1875, 0.1875, 0.0625])
    """
    places = torch.arange(2 * factor) + 0.5
    tent = 1 - (places - factor).abs() / factor
    return tent[:, None] * tent


def _score(channels: int, classes: int) -> nn.Conv2d:
    """A convolution of 1x1 that begins by telling nothing, as in the paper."""
    layer = nn.Conv2d(channels, classes, 1)
    nn.init.zeros_(layer.weight)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return layer


def _encoder(name: str, shape: NetShape, strides: list[int]) -> Encoder:
    if name in _POOLINGS:
        maps = {stride: Map(_POOLINGS[name][stride], _WIDTHS[stride], last=False) for stride in strides}
        return encoder_with(maps, name, shape)
    return build_encoder(name, shape, strides)
