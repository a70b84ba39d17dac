"""The layers of a network that give maps, in the order in which they are done, and how their maps lie."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from torch import Tensor, nn

from convsight.inside.open_network import OpenNetwork

_SQUARE = 1.25  # sides of a cell differ by less than this factor; by more where no padding made a small map smaller
_MOST_PREFIXES = 16  # tokens before those of places: of the class, registers


@dataclass(frozen=True)
class Layout:
    """How what a layer gives lies: `maps`, maps whose channels come `last`, or `tokens`, one a cell, behind others."""

    kind: Literal["maps", "last", "tokens"]
    channels: int
    rows: int
    columns: int

    def maps(self, given: Tensor) -> Tensor:
        """What the layer gives, or its gradient, as (batch, channels, rows, columns).

        >>> import torch
        >>> tokens = torch.arange(5.0).view(1, 5, 1)  # one of the class, four of places
        >>> Layout("tokens", 1, 2, 2).maps(tokens).tolist()
        [[[[1.0, 2.0], [3.0, 4.0]]]]
        """
        if self.kind == "maps":
            return given
        if self.kind == "last":
            return given.permute(0, 3, 1, 2)
        cells = given[:, -self.rows * self.columns :].transpose(1, 2)
        return cells.reshape(len(given), self.channels, self.rows, self.columns)


class Seen(NamedTuple):
    """What the layer called `layer` gave in one of its calls."""

    layer: str
    layout: Layout
    output: Tensor


@contextmanager
def seeing_maps(network: OpenNetwork, planes: Tensor) -> Iterator[list[Seen]]:
    """Within, the maps that layers give while the network runs on `planes`, as they are done.

    The network goes on with copies: what changes them in place, as many activations do, changes none that was seen.
    """
    seen: list[Seen] = []

    def note(name: str) -> Any:
        def hook(module: nn.Module, inputs: Any, output: Any) -> Tensor | None:
            layout = _layout(output, planes, seen, within_attention=name in attending)
            if layout is None:
                return None
            seen.append(Seen(name, layout, output))
            return output.clone() if output.requires_grad else None

        return hook

    attending = _within_attention(network.model)
    handles = [module.register_forward_hook(note(name)) for name, module in network.model.named_modules() if name]
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()


def _within_attention(model: nn.Module) -> set[str]:
    """The names of modules inside of an attention: four axes are heads and tokens there, not channels and places."""
    names: set[str] = set()
    for name, module in model.named_modules():
        if "Attention" in type(module).__name__:
            names |= {f"{name}.{inner}" for inner, _ in module.named_modules() if inner}
    return names


def _layout(output: Any, planes: Tensor, before: list[Seen], *, within_attention: bool) -> Layout | None:
    """How maps of the pictures `planes` lie in `output`; None where there are none."""
    if not isinstance(output, Tensor) or not output.is_floating_point() or len(output) != len(planes):
        return None
    shape, sides = output.shape, (planes.shape[2], planes.shape[3])
    if len(shape) == 3:
        return _token_layout(shape[1], shape[2], before)
    if len(shape) != 4 or within_attention:
        return None
    if _is_picture(shape[1], shape[2], sides) and not _is_picture(shape[2], shape[3], sides):
        return Layout("last", shape[3], shape[1], shape[2])
    return Layout("maps", *shape[1:]) if min(shape[2:]) > 1 else None


def _token_layout(tokens: int, channels: int, before: list[Seen]) -> Layout | None:
    """That of tokens which are the cells of the last maps before them, with as many channels, and a few others."""
    maps = next((each.layout for each in reversed(before) if each.layout.kind != "tokens"), None)
    if maps is None or channels != maps.channels or not 0 <= tokens - maps.rows * maps.columns <= _MOST_PREFIXES:
        return None
    return Layout("tokens", channels, maps.rows, maps.columns)


def _is_picture(rows: int, columns: int, sides: tuple[int, int]) -> bool:
    tall, wide = sides[0] / rows, sides[1] / columns
    return min(rows, columns) > 1 and max(tall, wide) / min(tall, wide) < _SQUARE
