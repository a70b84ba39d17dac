"""The choices that only regression has."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, final

from pydantic import Field

from convsight.errors import UserError
from convsight.settings import TaskSettings


@final
class RegressionSettings(TaskSettings):
    """How far an answer is from the truth, and what of it is told."""

    varying: ClassVar[frozenset[str]] = frozenset({"flip_negates", "mixup"})
    of_loss: ClassVar[frozenset[str]] = frozenset({"loss", "components", "huber_delta"})
    beside_own_loss: ClassVar[Mapping[str, Any]] = {"loss": "mse"}  # a number an output

    loss: Literal["gaussian", "mixture", "mse", "mae", "huber"] = Field(
        "gaussian",
        description="What is minimised: gaussian and mixture tell a distribution for each image, the others a number "
        "whose interval is as wide for all.",
    )
    components: int | None = Field(
        None, ge=2, le=32, description="Normal distributions of --loss mixture. [default: 5]"
    )
    huber_delta: float | None = Field(
        None, gt=0, description="Standard deviations from which --loss huber grows evenly. [default: 1]"
    )
    flip_negates: str | None = Field(
        None,
        description="Numbers, separated by commas, that change their sign in a mirror image, as steering does: "
        "images are then mirrored with them.",
    )

    mixup: float = Field(
        0.0,
        ge=0,
        le=10,
        description="Alpha of mixup: images laid over each other, with the mean of their numbers; 0 is never.",
    )

    def refuse_without_effect(self) -> None:
        """Raise `UserError` for a choice that does nothing for the loss. Options are first checked one by one."""
        for name, loss in (("components", "mixture"), ("huber_delta", "huber")):
            if getattr(self, name) is not None and self.loss != loss:
                option = name.replace("_", "-")
                raise UserError(f"--{option} is for --loss {loss}, and does nothing for {self.loss}: leave it out")

    @property
    def negated(self) -> tuple[str, ...]:
        """The names in `flip_negates`.

        >>> RegressionSettings(flip_negates="steering, yaw").negated
        ('steering', 'yaw')
        """
        return tuple(name.strip() for name in (self.flip_negates or "").split(",") if name.strip())
