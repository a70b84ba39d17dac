"""The folder of several runs: what was asked for, a run folder for each, and what they reached together."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w

from convsight.card import Card
from convsight.errors import UserError
from convsight.files import write_atomic
from convsight.model_files import read_card
from convsight.run import RUNS, Run, settings_document
from convsight.settings import TrainSettings, checked
from convsight.tasks.choices import train_settings
from convsight.training.several.plan import Member, Several

_FILE = "several.toml"


@dataclass(frozen=True)
class SeveralRuns:
    """A folder with `several.toml`, a run folder for each member, `summary.json`, `summary.csv` and `summary.png`."""

    path: Path

    @classmethod
    def find(cls, path: str | Path) -> "SeveralRuns | None":
        """The folder at `path`, or of that name under `runs/`; None where it is none of several runs."""
        found = (each for each in (Path(path), RUNS / path) if (each / _FILE).is_file())
        place = next(found, None)
        return None if place is None else cls(place)

    @property
    def summary_file(self) -> Path:
        """What the runs reached together, as JSON."""
        return self.path / "summary.json"

    @property
    def average(self) -> Run:
        """Where the average of the networks is, if one was asked for."""
        return Run(self.path / "average")

    def run(self, member: Member) -> Run:
        """The folder of one of the runs."""
        return Run(self.path / member.name)

    def finished(self, member: Member) -> Card | None:
        """The card of that run, if it is finished."""
        file = self.run(member).model_file
        card = read_card(file) if file.is_file() else None
        return card if card is not None and card.training.get("finished") else None

    def save(self, several: Several, settings: TrainSettings, fingerprint: str) -> None:
        """Write what was asked for, settings that say their task, and the fingerprint of the data."""
        document: dict[str, Any] = {
            "several": several.model_dump(exclude_none=True),
            "data": {"fingerprint": fingerprint},
            "settings": settings_document(settings, {})["settings"],
        }
        write_atomic(self.path / _FILE, tomli_w.dumps(document))

    def load(self) -> tuple[Several, TrainSettings, str]:
        """What `save` wrote; raises `UserError` where it cannot be read."""
        file = self.path / _FILE
        try:
            document = tomllib.loads(file.read_text(encoding="utf-8"))
            several, settings = document["several"], dict(document["settings"])
            fingerprint = str(document["data"]["fingerprint"])
        except (OSError, ValueError, RecursionError, KeyError, TypeError) as error:
            raise UserError(f"cannot read {file}: {error}") from error
        own: Mapping[str, Any] = settings.pop(str(settings.get("task")), {})
        return checked(Several, several), train_settings(**settings, **own), fingerprint
