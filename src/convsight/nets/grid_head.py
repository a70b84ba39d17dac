"""A last layer that is told where in the image features are: their means in the cells of a grid, not over all of it.

Networks that average over all positions forget where a feature was, which hardly matters to what a photo shows, and
much to a hand sign. Source: Lazebnik, Schmid and Ponce, "Beyond Bags of Features: Spatial Pyramid Matching", 2006.
"""

from dataclasses import dataclass
from typing import Any, Final, final

import torch
from torch import Tensor, nn

from convsight.errors import UserError
from convsight.nets.dry_run.run import SHAPE_ERRORS
from convsight.nets.entry import NetShape

HEAD_POOL: Final = "head_pool"  # as an option on cards, and as a setting: cells a side


@final
class GridMeans(nn.Module):
    """Maps (batch, channels, height, width) to what `cells` x `cells` cells add to their means over all positions.

    That is the mean in each cell divided by the number of cells, so that a layer with the same weights for each answers
    as it does to the whole mean, and steps of the same size change its answers as much. Gives (batch, channels *
    cells * cells), or with `keep` two more sides of 1. Cells are those of PyTorch's adaptive pooling, here as two
    matrix products: exported, those are two operations, where pooling becomes up to forty.

    >>> GridMeans(2)(torch.arange(9.0).reshape(1, 1, 3, 3)).tolist()
    [[0.5, 0.75, 1.25, 1.5]]
    """

    def __init__(self, cells: int, keep: bool = False) -> None:
        super().__init__()
        self.cells, self.keep = cells, keep

    def forward(self, maps: Tensor) -> Tensor:
        rows, columns = (_shares(side, self.cells).to(maps) for side in maps.shape[2:])
        means = torch.matmul(torch.matmul(rows, maps), columns.T).flatten(1)
        return means[:, :, None, None] if self.keep else means

    def extra_repr(self) -> str:
        return f"{self.cells} x {self.cells}, keep={self.keep}"


def with_grid_head(network: nn.Module, net: str, shape: NetShape, cells: int) -> nn.Module:
    """`network`, called `net` and built for `shape`, with a fresh last layer on the means in `cells` x `cells` cells.

    Tensors keep their names. Raises `UserError` where it does not end in a mean over all positions and one layer.
    """
    ending = _ending(network, shape)
    if ending is not None and cells > min(ending.sides):
        raise UserError(
            f"--head-pool {cells}: the last maps of {net} are {ending.sides[0]} x {ending.sides[1]}: give at most "
            f"{min(ending.sides)}, or larger images (--size)"
        )
    if ending is not None and ending.replace(network, shape.outputs, cells):
        outputs = _seen(network, shape, {})
        if isinstance(outputs, Tensor) and outputs.shape == (1, shape.outputs):
            return network
    raise UserError(
        f"--head-pool {cells}: {net} does not end in a mean over all positions and one dense layer on it: leave it "
        "out, or take another net, such as efficientnet_lite0, resnet18 or squeezenet1_0"
    )


def _shares(side: int, cells: int) -> Tensor:
    """What each position of a side counts in each cell, (cells, side); all of it sums to 1."""
    edges = [(cell * side // cells, -(-(cell + 1) * side // cells)) for cell in range(cells)]
    shares = [[float(start <= place < end) / (end - start) / cells for place in range(side)] for start, end in edges]
    return torch.tensor(shares, device="cpu")


@dataclass(frozen=True)
class _Ending:
    """Names of the `mean` over all positions, which gets `channels` maps of these `sides`, and of the last layer."""

    mean: str
    last: str
    channels: int
    sides: tuple[int, int]
    keeps: bool  # whether it gives sides of 1

    def replace(self, network: nn.Module, outputs: int, cells: int) -> bool:
        """Put a grid and a fresh layer in their place; whether that could be done."""
        last = network.get_submodule(self.last)
        dense = nn.Linear(self.channels * cells * cells, outputs)
        if isinstance(last, nn.Linear):
            network.set_submodule(self.mean, GridMeans(cells, self.keeps))
            network.set_submodule(self.last, dense)
            return True
        return self._replace_convolution(network, dense, cells)

    def _replace_convolution(self, network: nn.Module, dense: nn.Module, cells: int) -> bool:
        """The same where a convolution answers at every position and the mean comes after it, as in SqueezeNet.

        What follows the layer is left out, a ReLU among it: it kept answers above 0, which are means now.
        """
        parent, _, place = self.last.rpartition(".")
        within = network.get_submodule(parent)
        if not isinstance(within, nn.Sequential) or not place.isdecimal() or int(place) == 0:
            return False
        before, after = int(place) - 1, range(int(place) + 1, len(within))
        if any(True for each in after for _ in within[each].parameters()):
            return False
        within[before] = nn.Sequential(GridMeans(cells), within[before])
        within[int(place)] = dense
        for each in after:
            within[each] = nn.Identity()
        return True


def _ending(network: nn.Module, shape: NetShape) -> _Ending | None:
    """How `network` ends, as far as that can be told."""
    calls: dict[str, tuple[Any, Any]] = {}
    _seen(network, shape, calls)
    weighty = [name for name in calls if any(True for _ in network.get_submodule(name).parameters(recurse=False))]
    last = weighty[-1] if weighty else ""
    layer = network.get_submodule(last)
    means = [name for name, (given, _) in calls.items() if _is_mean(network.get_submodule(name), given)]
    outermost = [name for name in means if not any(name.startswith(f"{other}.") for other in means)]
    if not outermost or not isinstance(layer, nn.Linear | nn.Conv2d):
        return None
    mean, order = outermost[-1], list(calls)
    maps, found = calls[mean]
    channels, *sides = maps.shape[1:]
    if isinstance(layer, nn.Linear) != (order.index(mean) < order.index(last)):
        return None
    if isinstance(layer, nn.Conv2d):
        channels, fits = layer.in_channels, layer.kernel_size == (1, 1)
    else:
        fits = layer.in_features == channels
    return _Ending(mean, last, channels, (sides[0], sides[1]), found.dim() == 4) if fits else None


def _is_mean(module: nn.Module, given: Any) -> bool:
    """Whether it has no weights and makes of maps like `given` their means over all positions."""
    if not isinstance(given, Tensor) or given.dim() != 4 or any(True for _ in module.parameters()):
        return False
    sides = (4, 5) if given.shape[2:].numel() == 1 else given.shape[2:]  # of one position anything is the mean
    maps = torch.arange(1.0, 1.0 + 2 * sides[0] * sides[1], device="cpu").reshape(1, 2, *sides).sqrt()
    try:
        found = module(maps)
    except (*SHAPE_ERRORS, TypeError):
        return False
    return (
        isinstance(found, Tensor) and found.numel() == 2 and torch.allclose(found.flatten(), maps.mean(dim=(2, 3))[0])
    )


@torch.no_grad()
def _seen(network: nn.Module, shape: NetShape, calls: dict[str, tuple[Any, Any]]) -> Any:
    """What it makes of an image of that `shape`; what its modules were given and gave goes into `calls`, in order.

    None where it cannot.
    """
    training, device = network.training, next(network.parameters()).device

    def note(name: str) -> Any:
        return lambda _, given, gave: calls.update({name: (given[0] if given else None, gave)})

    handles = [module.register_forward_hook(note(name)) for name, module in network.named_modules() if name]
    try:
        return network.eval()(torch.zeros(1, shape.channels, shape.height, shape.width, device=device))
    except (*SHAPE_ERRORS, TypeError, AttributeError):
        return None
    finally:
        network.train(training)
        for handle in handles:
            handle.remove()
