"""The command that trains a run again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from convsight.settings import TrainSettings, changed
from convsight.tasks import TASKS, settings_of
from convsight.words import shell_word

_NOT_TOLD = frozenset({"data", "own", "given", "run", "workers"})
_LONGEST = 400  # characters of a value: the text of a network may have more


def train_command(settings: TrainSettings) -> str:
    """`convsight train ...` with all that is not as it is by default; of the place of the data the name alone.

    >>> train_command(TrainSettings(data="my photos", task="classification", seed=3, grow=False, epochs=2))
    "convsight train 'my photos' --task classification --epochs 2 --no-grow --seed 3"
    """
    given = {name: getattr(settings, name) for name in type(settings).model_fields if name not in _NOT_TOLD}
    usual = settings.changed()
    place = Path(settings.data)
    words = ["convsight train", shell_word(place.name if place.is_absolute() else settings.data)]
    words += [word for name, value in given.items() if name in usual for word in _option(name, value)]
    if settings.task in TASKS:
        own = settings_of(settings.task).of(settings)
        words += [word for name in sorted(changed(own)) for word in _option(name, getattr(own, name))]
    return " ".join(words)


def _option(name: str, value: Any) -> Iterator[str]:
    """The option called `name` with its value; nothing where there is none."""
    option = name.replace("_", "-")
    if isinstance(value, bool):
        yield f"--{option}" if value else f"--no-{option}"
    elif value is not None:
        text = str(value)
        yield f"--{option} {shell_word(text) if len(text) <= _LONGEST else '...'}"
