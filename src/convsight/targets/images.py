"""`ImageTarget`: an image as the prediction."""

from collections.abc import Mapping
from typing import Any, Literal, final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from convsight.errors import UserError
from convsight.results import ImagesOfMany
from convsight.targets.spec import Targets, TargetSpec


@final
class ImageTarget(TargetSpec):
    """An image of `names` channels with values of `low` to `high`."""

    kind: Literal["image"] = "image"
    names: tuple[str, ...] = Field(("red", "green", "blue"), min_length=1)
    low: float = 0.0
    high: float = 255.0

    @property
    def outputs(self) -> int:
        return len(self.names)

    @property
    def scale(self) -> tuple[float, ...]:
        return (self.high - self.low,) * len(self.names)

    @property
    def noun(self) -> str:
        return "channel"

    def fitted(self, train: Targets) -> "ImageTarget":
        return self

    def check(self, source: str, splits: Mapping[str, Targets]) -> list[str]:
        for name, targets in splits.items():
            if not isinstance(targets, ImagesOfMany):
                raise TypeError(f"expected targets that are images, not {type(targets).__name__} in {name}")
        return []

    def aligned(self, source: str, targets: Targets, hint: str = "") -> Targets:
        if not isinstance(targets, ImagesOfMany) or targets.channels != len(self.names):
            raise UserError(f"{source} does not hold images of {len(self.names)} channels as targets{hint}")
        return targets

    def of_array(self, values: NDArray[Any]) -> ImagesOfMany:
        if len(self.names) not in {1, 3} or (self.low, self.high) != (0.0, 255.0):
            raise UserError(
                "targets that are images have 1 or 3 channels and values from 0 to 255, not "
                f"{len(self.names)} and {self.low:g} to {self.high:g}"
            )
        if values.dtype != np.uint8 or values.ndim != 4 or values.shape[3] != len(self.names):
            raise UserError(
                f"targets that are images need uint8 (examples, height, width, {len(self.names)}), not {values.dtype} "
                f"{values.shape}"
            )
        return ImagesOfMany(values)
