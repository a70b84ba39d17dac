"""`Preprocessing`: how any picture becomes the network's input; it travels in the model file."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from convsight.pictures.frame import Fit, Frame


class Preprocessing(BaseModel):
    """The only preprocessing there is: fit to `height` x `width`, then (pixel / 255 - mean) / std.

    `fit` says what happens to another aspect ratio: `crop` keeps the middle, `squash` changes the
    proportions, `pad` adds black borders. `channels` 1 means grey by the ITU-R 601 luma that Pillow uses.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    height: int = Field(ge=1, le=8192)
    width: int = Field(ge=1, le=8192)
    fit: Fit = "crop"
    channels: Literal[1, 3] = 3
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @property
    def frame(self) -> Frame:
        """The size and fit alone."""
        return Frame(self.height, self.width, self.fit)

    @model_validator(mode="after")
    def _one_value_a_channel(self) -> Self:
        if not len(self.mean) == len(self.std) == self.channels:
            raise ValueError(f"{self.channels} channels need as many means and stds, not {self.mean} and {self.std}")
        if min(self.std) <= 0:
            raise ValueError(f"std must be positive, not {self.std}")
        return self
