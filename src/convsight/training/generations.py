"""`Generations`: the newest checkpoint of a run and the one before, of which one is good at any moment."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import torch
from torch import Tensor

from convsight.errors import UserError
from convsight.progress import Listener
from convsight.run import Run
from convsight.training.checkpoint import Checkpoint, read_checkpoint, save_checkpoint
from convsight.words import shell_word

# Source of the rule: what is lost by a kill and what is spent on writing are both small beside the training.
EVERY_SECONDS = 30.0  # from one checkpoint to the next, or more where writing takes long
SHARE = 0.02  # of the time that may be spent on writing


@final
@dataclass
class Generations:
    """Writes and reads the checkpoints of `run`.

    The one before goes when the new one is wholly on the disk, and not earlier: whatever moment a process is killed at,
    a good one is there. A newest one that turned out damaged is never put in the place of the one before.
    """

    run: Run
    last_s: float = 0.0  # seconds that the last one took
    _since: float = 0.0
    _damaged: bool = False

    def begin(self) -> None:
        """The training goes on from now: `is_due` counts from here."""
        self._since = time.monotonic()

    @property
    def is_due(self) -> bool:
        """Whether the last one is so old that another is worth its time."""
        return time.monotonic() - self._since >= max(EVERY_SECONDS, self.last_s / SHARE)

    def save(
        self,
        parts: Mapping[str, Mapping[str, Tensor]],
        optimizers: Mapping[str, torch.optim.Optimizer],
        facts: Mapping[str, Any],
    ) -> None:
        """Write a checkpoint as `save_checkpoint` does; the newest becomes the one before.

        Raises `UserError` where it cannot be written; both are then as they were.
        """
        began = time.monotonic()
        newest = self.run.checkpoint_file
        before = None if self._damaged else self.run.checkpoint_before
        try:
            save_checkpoint(newest, parts, optimizers, facts, before=before)
        finally:  # one that failed, as on a full disk, is not tried again at once
            self._since = time.monotonic()
            self.last_s = self._since - began
        self._damaged = False

    def read(self, listener: Listener) -> Checkpoint:
        """The newest good checkpoint; says so where that is the one before. Raises `UserError` where there is none."""
        before = self.run.checkpoint_before
        try:
            return read_checkpoint(self.run.checkpoint_file)
        except UserError as error:
            if not before.is_file():
                raise
            reason = error
        try:
            found = read_checkpoint(before)
        except UserError as error:
            again = f"train anew with its settings: convsight train --config {shell_word(str(self.run.path))}"
            raise UserError(f"{reason}; nor is there a good one before it: {error}; {again}") from error
        self._damaged = True
        listener.say(f"note: {reason}; gone on with the one before, {before}")
        return found
