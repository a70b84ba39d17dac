"""`--config`: the settings of a run, or of a file like its `settings.toml`, for another training."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from convsight.errors import UserError, unknown_name
from convsight.run import RUNS
from convsight.settings import TrainSettings
from convsight.tasks import TASKS
from convsight.tasks.choices import own_names

_LENGTHS = ("epochs", "minutes")


def stored_settings(place: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The choices in the file at `place`, a run folder or a run's name too, and over them those `given`.

    Choices of one task stand in a table of its name, or beside the others. Raises `UserError` naming the file for a
    choice that there is not, and where it cannot be read.
    """
    file = _file(place)
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UserError(f"cannot read {file}: {error}") from error
    stored = _flat(file, document["settings"] if isinstance(document.get("settings"), dict) else document)
    if words := stored.get("given"):
        raise UserError(f"{file}: beside these settings the run was given objects of a program ({', '.join(words)})")
    if any(name in given for name in _LENGTHS):
        stored = {name: value for name, value in stored.items() if name not in _LENGTHS}
    return stored | dict(given)


def _file(place: str) -> Path:
    for found in (Path(place), Path(place, "settings.toml"), RUNS / place / "settings.toml"):
        if found.is_file():
            return found
    raise UserError(f"--config {place}: there is no such file, and no run of that name; give a run's settings.toml")


def _flat(file: Path, table: Mapping[str, Any]) -> dict[str, Any]:
    known = [*TrainSettings.model_fields, *own_names()]
    found: dict[str, Any] = {}
    for name, value in table.items():
        if isinstance(value, dict) and name in TASKS:
            found |= _flat(file, value)
        elif name not in known or name == "own":
            raise UserError(f"{file}: {unknown_name('setting', name, [*known, *TASKS])}")
        else:
            found[name] = value
    return found
