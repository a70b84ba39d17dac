"""SegNet: VGG's convolutions, and the same ones backwards, which put each value where pooling found its largest.

Badrinarayanan, Kendall and Cipolla, "SegNet: A Deep Convolutional Encoder-Decoder Architecture for Image Segmentation",
2017.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from convsight.nets.blocks import conv
from convsight.nets.catalogue import build_net
from convsight.nets.entry import NetShape
from convsight.nets.segmenter import Segmenter

ENCODERS = ("vgg11_bn", "vgg13_bn", "vgg16_bn", "vgg19_bn")


@final
class SegNet(Segmenter):
    """The convolutions of the VGG called `name`, one of `ENCODERS`, and a decoder that is their mirror image."""

    def __init__(self, name: str, shape: NetShape) -> None:
        super().__init__()
        features = build_net(name, shape).get_submodule("features")
        assert isinstance(features, nn.Sequential)  # of every VGG
        self.features = features
        stages = _stages(self.features)
        self.decoder = nn.ModuleList(
            nn.Sequential(*(conv(wide, narrow) for wide, narrow in pairwise([*widths[::-1], before])))
            for before, widths in zip([widths[-1] for widths in stages], stages[1:], strict=False)
        )[::-1]
        self.decoder.append(nn.Sequential(*(conv(wide, narrow) for wide, narrow in pairwise(stages[0][::-1]))))
        self.score = nn.Conv2d(stages[0][0], shape.outputs, 3, padding=1)

    def forward(self, images: Tensor) -> Tensor:
        maps, pooled = images, []
        for layer in self.features:
            if isinstance(layer, nn.MaxPool2d):
                places = Places(maps)
                pooled.append(places)
                maps = places.largest
            else:
                maps = layer(maps)
        for stage, places in zip(self.decoder, reversed(pooled), strict=True):
            maps = stage(places.put(maps))
        scores: Tensor = self.score(maps)
        return scores

    def borrowed(self) -> Mapping[str, Tensor]:
        return {f"features.{name}": value for name, value in self.features.state_dict().items()}

    @property
    def backbone(self) -> tuple[str, ...]:
        return ("features",)


@final
class Places:
    """Pooling of a map (batch, channels, height, width) by 2 x 2: `largest` values, and where they were.

    In a graph that is exported places are told by comparisons, since ONNX's `MaxUnpool` is known to few engines; both
    ways take the first of equal values, row by row.
    """

    def __init__(self, maps: Tensor) -> None:
        self._maps = maps
        self._indices = None
        if torch.compiler.is_exporting():
            self.largest = F.max_pool2d(maps, 2)
        else:
            self.largest, self._indices = F.max_pool2d(maps, 2, return_indices=True)

    def put(self, values: Tensor) -> Tensor:
        """A map of the sides before pooling: `values`, as many as `largest`, at its places, 0 elsewhere."""
        if self._indices is None:
            return placed(values, self._maps, self.largest)
        return F.max_unpool2d(values, self._indices, [2, 2], output_size=self._maps.shape[2:])


def placed(values: Tensor, maps: Tensor, largest: Tensor) -> Tensor:
    """`values` where `maps` are the first that are as large as `largest`, their pooling by 2 x 2; 0 elsewhere.

    >>> maps = torch.tensor([[[[1.0, 3.0, 0.0, 0.0], [2.0, 3.0, 0.0, 0.0]]]])
    >>> placed(torch.tensor([[[[5.0, 6.0]]]]), maps, torch.tensor([[[[3.0, 0.0]]]]))
    tensor([[[[0., 5., 6., 0.],
              [0., 0., 0., 0.]]]])
    """
    height, width = (2 * side for side in largest.shape[2:])
    rows = []
    there = torch.zeros_like(largest, dtype=torch.bool)
    for row in (0, 1):
        columns = []
        for column in (0, 1):
            is_here = (maps[:, :, row:height:2, column:width:2] == largest) & ~there
            there = there | is_here
            columns.append(torch.where(is_here, values, 0.0))
        rows.append(torch.stack(columns, dim=-1).flatten(-2))
    whole = torch.stack(rows, dim=-2).flatten(-3, -2)
    return F.pad(whole, [0, maps.shape[3] - width, 0, maps.shape[2] - height])


def _stages(features: nn.Sequential) -> list[list[int]]:
    """The channels of the convolutions before each pooling."""
    stages: list[list[int]] = [[]]
    for layer in features:
        if isinstance(layer, nn.Conv2d):
            stages[-1].append(layer.out_channels)
        elif isinstance(layer, nn.MaxPool2d):
            stages.append([])
    return stages[:-1]
