"""How far a training is, and how far it still has to go: by epochs, or to end on time."""

import math
import time
from dataclasses import dataclass
from typing import Any, Self

_REPLAN_SECONDS = 2.0  # between two looks at the measured speed
_VALIDATING = 0.1  # of the time until a deadline: where validation takes more, some epochs go without


@dataclass
class Clock:
    """Counts steps towards the end of a training.

    With `deadline` (a `time.monotonic` moment) the number of steps follows the measured speed, so a slow
    or a busy machine makes fewer steps, and the schedule still ends at 0 on time.
    """

    steps_per_epoch: int
    remaining: int
    made: int = 0
    cheap_until: float = 0.0  # the progress up to which a step costs less
    cheap_cost: float = 1.0  # what such a step costs, as a share of a later one
    progress: float = 0.0
    deadline: float | None = None
    step_seconds: float = 0.0  # of a step at full cost
    epoch_seconds: float = 0.0  # what an epoch costs besides its steps: validation, checkpoint
    last_plan: float = 0.0  # when the speed was last looked at
    last_step: float | None = None  # when the last step of this epoch ended

    @classmethod
    def for_epochs(cls, epochs: int, steps_per_epoch: int) -> Self:
        """A clock that ends after `epochs` whole epochs.

        >>> clock = Clock.for_epochs(2, steps_per_epoch=5)
        >>> for _ in range(5): clock.advance()
        >>> round(clock.progress, 6), clock.done
        (0.5, False)
        """
        return cls(steps_per_epoch, remaining=epochs * steps_per_epoch)

    def end_at(self, deadline: float, step_seconds: float, epoch_seconds: float) -> None:
        """End at `deadline` instead, planned from the measured cost of a full step and of an epoch's rest."""
        self.deadline, self.step_seconds, self.epoch_seconds = deadline, step_seconds, epoch_seconds
        self._replan()
        self.progress = self.made / max(1, self.made + self.remaining)

    @property
    def done(self) -> bool:
        """Whether no step is left."""
        return self.remaining <= 0

    @property
    def epochs_left(self) -> float:
        """Epochs still to come, as planned now."""
        return self.remaining / self.steps_per_epoch

    @property
    def epochs_a_validation(self) -> int:
        """How many epochs there are to a validation: one, unless they would take much of the time until a deadline.

        >>> clock = Clock.for_epochs(1, steps_per_epoch=10)
        >>> clock.end_at(time.monotonic() + 1000, step_seconds=1, epoch_seconds=2)
        >>> clock.epochs_a_validation
        2
        """
        steps = self.steps_per_epoch * self.step_seconds * self._mean_cost
        if self.deadline is None or steps <= 0:
            return 1
        return max(1, math.ceil(self.epoch_seconds * (1 - _VALIDATING) / (_VALIDATING * steps)))

    @property
    def seconds_left(self) -> float:
        """Seconds still to come, as planned now."""
        validations = self.epochs_left / self.epochs_a_validation
        return self.remaining * self.step_seconds * self._mean_cost + validations * self.epoch_seconds

    @property
    def seconds_late(self) -> float:
        """How much after its deadline this clock would end even if no more than one step were made from now on."""
        if self.deadline is None:
            return 0.0
        return max(0.0, time.monotonic() + self.step_seconds + self.epoch_seconds - self.deadline)

    @property
    def is_cheap(self) -> bool:
        """Whether the next step is one of those that cost less."""
        return self.progress < self.cheap_until

    @property
    def _mean_cost(self) -> float:
        """What the steps still to come cost on average, as a share of one at full cost."""
        cheap = max(0.0, self.cheap_until - self.progress) / max(1e-9, 1 - self.progress)
        return cheap * self.cheap_cost + (1 - cheap)

    def advance(self) -> None:
        """One step was made."""
        now = time.monotonic()
        if self.last_step is not None:
            # An average over about 50 steps: it follows a machine that slows down, not a single hiccup.
            seconds = (now - self.last_step) / (self.cheap_cost if self.is_cheap else 1)
            self.step_seconds += (seconds - self.step_seconds) * (0.02 if self.step_seconds else 1)
        self.last_step = now
        # Progress spreads evenly over the steps that remain, so a new plan never makes it jump.
        self.progress += (1 - self.progress) / max(1, self.remaining)
        self.remaining -= 1
        self.made += 1
        if self.deadline is not None and not self.done and now - self.last_plan > _REPLAN_SECONDS:
            self._replan()

    def finish_epoch(self, seconds: float) -> None:
        """An epoch ended with a validation; that and the checkpoint took `seconds`."""
        self.epoch_seconds = seconds
        self.last_step = None  # the pause is no part of the next step
        # What is over stays over: its schedule has come to its end, so more steps would be at a rate of 0.
        if self.deadline is not None and not self.done:
            self._replan()

    def _replan(self) -> None:
        assert self.deadline is not None
        self.last_plan = time.monotonic()
        left = self.deadline - self.last_plan
        # Whatever the plan, the last validation comes once.
        steps = self.steps_per_epoch * self.epochs_a_validation
        a_step = self.step_seconds * self._mean_cost + self.epoch_seconds / steps
        planned = int(max(0.0, left - self.epoch_seconds) / a_step) if a_step else 1
        first = self.made == 0
        self.remaining = max(1 if first else 0, planned)

    @property
    def plan(self) -> tuple[float, ...]:
        """How far it is and how far it will go: what another process' clock must know to make the same steps.

        And to validate after the same ones: whoever else judged would wait for the others.
        """
        costs = (self.cheap_until, self.cheap_cost, self.step_seconds, self.epoch_seconds)
        return (self.remaining, self.made, self.progress, *costs)

    @plan.setter
    def plan(self, plan: tuple[float, ...]) -> None:
        remaining, made, self.progress, *costs = plan
        self.cheap_until, self.cheap_cost, self.step_seconds, self.epoch_seconds = costs
        self.remaining, self.made = int(remaining), int(made)

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps. The end is not kept: a resumed run is given its own."""
        return {"made": self.made, "total": self.made + self.remaining, "progress": self.progress}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from `state`, as if this clock's end had been planned from the start; call it before `end_at`."""
        self.made = state["made"]
        self.remaining = max(0, self.remaining - self.made)
        total = self.made + self.remaining
        # The very same number where the plan is the same, so that the bits of the result are too.
        self.progress = state["progress"] if total == state["total"] else self.made / total
