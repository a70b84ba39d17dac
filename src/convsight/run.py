"""`Run`: the folder a training leaves, and everything read back from it."""

import csv
import io
import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import tomli_w

from convsight.card import Card
from convsight.errors import UserError
from convsight.files import make_folder, sync_folder, write_atomic
from convsight.metrics import Measured
from convsight.model_files import read_card
from convsight.pages.cell import metrics_table, shown
from convsight.settings import TrainSettings

RUNS = Path("runs")
Row = Mapping[str, float]


@dataclass(frozen=True)
class Run:
    """A run folder: `settings.toml`, `splits.csv`, `metrics.csv`, `model.safetensors`, `checkpoint/`, `log.txt`."""

    path: Path

    @classmethod
    def create(cls, name: str | None, data_name: str) -> "Run":
        """A fresh folder: `runs/<name>`, or the path where `name` is one; an existing one gets -2, -3, ...

        Raises `UserError` where the folder cannot be made.
        """
        wanted = place_of(name, data_name)
        try:
            return cls(_new_folder(wanted))
        except OSError as error:
            raise UserError(
                f"cannot make the run folder {wanted}: {error.strerror}; choose a place you can write with --run"
            ) from error

    @classmethod
    def open(cls, path: str | Path) -> "Run":
        """An existing run folder, by its path or its name under `runs/`."""
        found = next((p for p in (Path(path), RUNS / path) if (p / "settings.toml").is_file()), None)
        if found is None:
            raise UserError(f"{path} is not a run folder: it has no settings.toml; `convsight train` makes one")
        return cls(found)

    @classmethod
    def of_network(cls, path: str | Path) -> "Run | None":
        """The run whose network is meant by `path`, its folder or its name under `runs/`.

        None for a model file, and for a folder that holds a network alone, as pulled ones do.
        """
        for run in (cls(Path(path)), cls(RUNS / path)):
            if run.path.is_file():
                return None
            if (run.path / "settings.toml").is_file():
                return run
            if run.model_file.is_file() or run.exported_file.is_file():
                return None
        return None

    @property
    def model_file(self) -> Path:
        """The best network so far, with its card."""
        return self.path / "model.safetensors"

    @property
    def exported_file(self) -> Path:
        """The same network as a graph that needs no PyTorch."""
        return self.path / "model.onnx"

    @property
    def int8_file(self) -> Path:
        """That graph in 8-bit whole numbers."""
        return self.path / "model.int8.onnx"

    @property
    def splits_file(self) -> Path:
        """Which image was in which split."""
        return self.path / "splits.csv"

    @property
    def checkpoint_file(self) -> Path:
        """The newest state of the training, after a whole epoch or within one."""
        return self.path / "checkpoint" / "state.safetensors"

    @property
    def checkpoint_before(self) -> Path:
        """The one before it, for when it is damaged."""
        return self.path / "checkpoint" / "before.safetensors"

    @property
    def is_begun(self) -> bool:
        """Whether a state of the training was kept."""
        return self.checkpoint_file.exists() or self.checkpoint_before.exists()

    @property
    def card(self) -> Card:
        """The card of the run's model file."""
        if not self.model_file.is_file():
            raise UserError(
                f"{self.path} holds no model yet: its training was stopped before the first epoch ended; go on with "
                f"it: convsight train --resume {self.path}"
            )
        return read_card(self.model_file)

    @property
    def metrics(self) -> dict[str, Measured]:
        """All metrics of the finished run, such as `test/accuracy`."""
        return self.card.metrics

    def _repr_html_(self) -> str:
        """The card and the metrics, which a notebook shows below the cell."""
        try:
            card = self.card
        except UserError as error:
            return shown(str(self.path), [str(error)])
        lines = [f"{card.task}: {card.target.summary}; {card.net}, {card.input.summary}"]
        page = self.path / "report.html"
        lines += [f"the page about it: {page}"] if page.is_file() else []
        return shown(str(self.path), lines, metrics_table(card.metrics))

    def save_settings(self, settings: TrainSettings, chosen: Mapping[str, Any]) -> None:
        """Write what the user asked for, and what was chosen where that left something open."""
        write_atomic(self.path / "settings.toml", tomli_w.dumps(settings_document(settings, chosen)))

    def splits(self) -> str:
        """The stored cut, as `datasets.apply_splits_csv` takes it."""
        try:
            return self.splits_file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"cannot read {self.splits_file}: {error}") from error

    @property
    def splits_digest(self) -> str:
        """The SHA-256 of the stored cut."""
        return sha256(self.splits().encode()).hexdigest()

    def settings(self) -> tuple[TrainSettings, dict[str, Any]]:
        """What `save_settings` wrote."""
        path = self.path / "settings.toml"
        try:
            document = tomllib.loads(path.read_text(encoding="utf-8"))
        # No TOML, numbers of thousands of digits, lists in lists without an end.
        except (OSError, ValueError, RecursionError) as error:
            raise UserError(f"cannot read {path}: {error}") from error
        stored, chosen = document.get("settings", {}), document.get("chosen", {})
        if not isinstance(stored, dict) or not isinstance(chosen, dict):
            raise UserError(f"cannot read {path}: expected tables called settings and chosen")
        general, own = _parted(stored)
        return TrainSettings.of(**general, own=own), chosen

    def save_rows(self, rows: Sequence[Row]) -> None:
        """Write `metrics.csv`, one row an epoch."""
        columns = list(dict.fromkeys(name for row in rows for name in row))
        text = io.StringIO()
        writer = csv.DictWriter(text, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_atomic(self.path / "metrics.csv", text.getvalue())

    def log(self, text: str) -> None:
        """Add a line to `log.txt`."""
        try:
            with open(self.path / "log.txt", "a", encoding="utf-8") as file:
                file.write(text.rstrip("\n") + "\n")
        except OSError as error:
            raise UserError(f"cannot write {self.path / 'log.txt'}: {error.strerror}") from error


def check_there(run: Run, settings: TrainSettings) -> None:
    """Raise `UserError` that says how to name the data of `run` where they have moved."""
    place = Path(settings.data)
    if place.is_absolute() and not place.exists():
        raise UserError(
            f"the data of {run.path} are no longer at {place}; say where they are now: train --resume {run.path} "
            f"--data PLACE, export {run.path} --data PLACE, evaluate {run.path} PLACE"
        )


def settings_document(settings: TrainSettings, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """What `settings.toml` holds: what is set, and what was chosen."""
    general = settings.model_dump(exclude_none=True, exclude={"own"} if settings.given else {"own", "given"})
    own = {name: value for name, value in settings.own.items() if value is not None}
    return {
        "settings": general | ({settings.task: own} if settings.task and own else {}),
        "chosen": {name: value for name, value in chosen.items() if value is not None},
    }


def _parted(stored: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """General settings, and those of the task alone: a table of its own, or beside the others in older files."""
    own = {name: value for table in stored.values() if isinstance(table, dict) for name, value in table.items()}
    flat = {name: value for name, value in stored.items() if not isinstance(value, dict)}
    own |= {name: value for name, value in flat.items() if name not in TrainSettings.model_fields}
    return {name: value for name, value in flat.items() if name not in own}, own


def _new_folder(wanted: Path) -> Path:
    """The folder `wanted`, or the first of `wanted`-2, -3, ... that is not there, made now; raises `OSError`."""
    make_folder(wanted.parent)
    number = 1
    while True:
        path = wanted if number == 1 else wanted.with_name(f"{wanted.name}-{number}")
        try:
            path.mkdir()
        except FileExistsError:
            number += 1
        else:
            sync_folder(path.parent)
            return path


def place_of(name: str | None, data_name: str) -> Path:
    """Where the run called `name` lies, if nothing is there yet."""
    if name is None:
        return RUNS / data_name
    if Path(name).name in ("", ".."):  # "" is also the name of "."
        raise UserError(f"--run {name}: give a name, or a path that ends in one")
    # A plain word is a name under runs/; anything with a separator says exactly where.
    is_path = os.sep in name or (os.altsep is not None and os.altsep in name)
    return Path(name) if is_path else RUNS / name


def find_model_file(path: str | Path) -> Path:
    """The model file meant by a run folder, a run's name under `runs/`, or the file itself."""
    places = [Path(path), RUNS / path]
    for place in places:
        file = Run(place).model_file if place.is_dir() else place
        if file.is_file():
            return file
    if any(place.is_dir() for place in places):
        raise UserError(f"{path} holds no model.safetensors; give a run folder or a model file")
    raise UserError(f"{path} does not exist; give a run folder (runs/NAME) or a model file")


def find_weights_file(path: str | Path) -> Path:
    """The `model.safetensors` meant by a run folder, a run's name, or the file itself; `UserError` for others."""
    file = find_model_file(path)
    if file.suffix != ".safetensors":
        raise UserError(f"{file} is an exported file; give the run, or the model.safetensors beside it")
    return file
