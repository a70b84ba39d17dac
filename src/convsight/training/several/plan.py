"""`Several`: how often a training is made, and what differs between its runs."""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from convsight.settings import TrainSettings
from convsight.training.transfer import OF_FEATURES


class Several(BaseModel):
    """Folds that serve as test in turn, seeds, and whether the networks are averaged in the end; or ways to freeze.

    `freezes` are settings of `--freeze`, one run each; asked for as `all-three`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    folds: int | None = Field(None, ge=2, le=1000)
    repeat: int = Field(1, ge=1, le=1000)
    average: bool = False
    freezes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _more_than_one(self) -> "Several":
        if self.freezes and (self.folds is not None or self.repeat > 1 or self.average):
            raise ValueError(
                "--freeze all-three trains on one cut with one seed: leave --folds, --repeat, --average out"
            )
        if self.folds is None and self.repeat == 1 and not self.freezes:
            raise ValueError("--average needs several networks: give --folds K or --repeat N of 2 or more")
        return self

    @property
    def words(self) -> str:
        """In a sentence: `5 folds, 3 seeds`."""
        if self.freezes:
            return f"{len(self.freezes)} ways to freeze"
        parts = [f"{self.folds} folds"] if self.folds else []
        return ", ".join([*parts, *([f"{self.repeat} seeds"] if self.repeat > 1 else [])])

    def members(self, seed: int) -> list["Member"]:
        """The runs to make, where the first seed is `seed`.

        >>> [member.name for member in Several(folds=2).members(0)], [m.name for m in Several(repeat=2).members(7)]
        (['fold-1', 'fold-2'], ['seed-7', 'seed-8'])
        >>> [member.name for member in Several(folds=2, repeat=2).members(0)][-1]
        'seed-1-fold-2'
        """
        if self.freezes:
            return [Member(seed, None, False, freeze) for freeze in self.freezes]
        return [
            Member(seed + again, fold, self.repeat > 1)
            for again in range(self.repeat)
            for fold in ([None] if self.folds is None else range(self.folds))
        ]


@dataclass(frozen=True)
class Member:
    """One run: its seed, and the fold that is its test, counted from 0; None where all have one test."""

    seed: int
    fold: int | None
    many_seeds: bool
    freeze: str | None = None

    @property
    def name(self) -> str:
        """That of its folder."""
        if self.freeze is not None:
            return f"freeze-{self.freeze}"
        parts = [f"seed-{self.seed}"] if self.many_seeds or self.fold is None else []
        return "-".join([*parts, *([] if self.fold is None else [f"fold-{self.fold + 1}"])])

    def settings(self, settings: TrainSettings, place: str, minutes: float | None) -> TrainSettings:
        """Those of this run, in the folder `place`, of so many minutes where time is what was given."""
        own: dict[str, Any] = {} if self.freeze is None else {"freeze": self.freeze}
        if self.freeze == "none":  # what is said of features is for the others
            own |= {name: TrainSettings.model_fields[name].default for name in OF_FEATURES}
        return settings.model_copy(update={"seed": self.seed, "run": place, "minutes": minutes, **own})
