"""What is said where a training is stopped: how far it is, what of it is kept, how to go on."""

from collections.abc import Iterator
from contextlib import contextmanager

from convsight.progress import Listener
from convsight.training.batch_memory import out_of_memory
from convsight.training.processes.together import ProcessLostError
from convsight.training.state import Training
from convsight.words import shell_word


@contextmanager
def explained_if_stopped(t: Training, listener: Listener) -> Iterator[None]:
    """Say what is kept and how to go on where the user stops the training."""
    try:
        yield
    except ProcessLostError as error:
        raise ProcessLostError(f"{error}; {how_to_go_on(t)}") from error
    except RuntimeError as error:
        raise out_of_memory(t, error) or error from None
    except KeyboardInterrupt:
        listener.say(how_to_go_on(t))
        raise
    finally:
        t.log.close()


def how_to_go_on(t: Training) -> str:
    """Where a training that was stopped stands, what of it is kept, and how to go on."""
    if not t.processes.is_first:  # which alone knows what was written
        return f"stopped {place_of(t)}; the state that was written last is kept\ngo on with: {_command(t)}"
    if t.saved_step is None:
        return "stopped before the first step was made: there is nothing to keep, the run folder is removed"
    lost = "" if t.saved_step == t.step else f", kept as it was after step {t.saved_step:,}"
    best = (
        f"the best network so far is {t.run.model_file}" if t.rows else "no epoch has ended, so no network is kept yet"
    )
    return f"stopped {place_of(t)}{lost}; {best}\ngo on with: {_command(t)}"


def place_of(t: Training) -> str:
    """How far a training is, in words: `after epoch 2`, `in epoch 3 after 12 of 40 batches`."""
    if t.part is None:
        return f"after epoch {t.epoch}"
    return f"in epoch {t.epoch + 1} after {t.part.batches:,} of {t.loader.steps:,} batches"


def _command(t: Training) -> str:
    """The command, or what a program says that gave more than settings."""
    names = [words.partition(" ")[0] for words in t.plan.settings.given]
    if names:
        return f"convsight.resume({str(t.run.path)!r}, {', '.join(f'{name}=...' for name in names)})"
    return f"convsight train --resume {shell_word(str(t.run.path))}"
