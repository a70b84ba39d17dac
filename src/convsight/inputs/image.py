"""`ImageInput`: how any image becomes the network's input; it travels in the model file."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from convsight.inputs.loaded import Loaded
from convsight.pictures import Fit, Frame, Source, load_picture


class ImageInput(BaseModel):
    """Images fitted to `height` x `width`, then (pixel / 255 - mean) / std.

    `fit` says what happens to another aspect ratio: `crop` keeps the middle, `squash` changes the
    proportions, `pad` adds black borders. `channels` 1 means grey by the ITU-R 601 luma that Pillow uses.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["image"] = "image"
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

    def load(self, source: Source, max_megapixels: float = 100.0, name: str | None = None) -> Loaded:
        """Read `source` and fit it: RGB uint8 (height, width, 3), the caller's own. `name` is what errors call it.

        Sources and errors are those of `pictures.read_picture`. Safe in threads.
        """
        return Loaded(*load_picture(source, self.frame, max_megapixels, name))

    @model_validator(mode="after")
    def _one_value_a_channel(self) -> Self:
        if not len(self.mean) == len(self.std) == self.channels:
            raise ValueError(f"{self.channels} channels need as many means and stds, not {self.mean} and {self.std}")
        if min(self.std) <= 0:
            raise ValueError(f"std must be positive, not {self.std}")
        return self
