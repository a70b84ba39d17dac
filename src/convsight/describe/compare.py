"""Networks side by side: published accuracy against operations and parameters, and speed on this machine."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from convsight.describe.description import Description, describe_module
from convsight.describe.resolve import entry_of, resolve_net
from convsight.describe.speed import Speed, measure
from convsight.errors import UserError
from convsight.progress import Listener


@dataclass(frozen=True)
class Compared:
    """One network of a comparison. `accuracy` is the published share of ImageNet's validation images, 0..1."""

    described: Description
    accuracy: float | None
    source: str  # of the accuracy
    speed: Speed | None = None

    def to_json(self) -> dict[str, Any]:
        """One row of the comparison."""
        described = self.described
        row: dict[str, Any] = {
            "net": described.name,
            "input": described.input,
            "parameters": described.parameters,
            "multiply_adds": described.multiply_adds,
            "flops": described.flops,
            "accuracy": self.accuracy,
            "accuracy_source": self.source,
        }
        if self.speed:
            row |= {"images_per_s": self.speed.images_per_s, "peak_bytes": self.speed.peak_bytes}
        return row


def compare(
    names: Sequence[str],
    volume: tuple[int, ...] | None,
    outputs: int | None,
    measured: bool,
    listener: Listener,
) -> list[Compared]:
    """Each network of the catalogue in `names`, on its own input unless `volume` (height, width, channels) is given.

    Raises `UserError` for an unknown name, and for a comparison of fewer than two.
    """
    if len(names) < 2:
        raise UserError("--compare needs two networks or more: convsight describe --compare alexnet vgg16 resnet50")
    rows = []
    with listener.counting("comparing", len(names)) as advance:
        for name in names:
            net = resolve_net(name, volume, outputs)
            described = describe_module(net.model, net.shape, net.name)
            entry = entry_of(net.name)
            speed = measure(net) if measured else None
            rows.append(Compared(described, entry.accuracy, entry.accuracy_source, speed))
            advance(1)
    return rows
