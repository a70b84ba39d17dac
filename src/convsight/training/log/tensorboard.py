"""TensorBoard's event files, in the folder `tensorboard` of a run: curves, settings, final metrics and figures."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, final

import numpy as np
from PIL import Image

from convsight.card import Card
from convsight.run import Row, Run
from convsight.training.log.tracker import Tracker, final_scalars, plain, scalars


@final
class TensorBoard(Tracker):
    """One file of events a call. A run that goes on is written anew from its first row: no step stands twice."""

    def __init__(self, run: Run, settings: Mapping[str, Any], data: str) -> None:
        self._folder = run.path / "tensorboard"
        self._settings = settings
        self._data = data
        self._writer: Any = None
        self._written = 0

    def rows(self, rows: Sequence[Row]) -> None:
        writer = self._opened()
        for row in rows[self._written :]:
            for name, value in scalars(row):
                writer.add_scalar(plain(name), value, int(row["epoch"]))
        self._written = len(rows)
        writer.flush()

    def finished(self, card: Card, figures: Sequence[Path]) -> None:
        writer, epochs = self._opened(), card.training["epochs"]
        for name, value in final_scalars(card.metrics):
            writer.add_scalar(plain(name), value, epochs)
        writer.add_text("metrics", _table(("metric", "value [95 % interval]"), card.metrics), epochs)
        for figure in figures:
            with Image.open(figure) as picture:
                writer.add_image(figure.stem, np.asarray(picture.convert("RGB")), epochs, dataformats="HWC")
        writer.flush()

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()

    def _opened(self) -> Any:
        if self._writer is None:
            from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415 - takes seconds

            for older in self._folder.glob("events.out.tfevents.*"):
                older.unlink()
            self._writer = SummaryWriter(self._folder)
            self._writer.add_text("settings", _table(("setting", "value"), self._settings))
        return self._writer


def _table(head: tuple[str, str], values: Mapping[str, Any]) -> str:
    """Names and values in Markdown."""
    rows = [head, ("---", "---"), *((name, str(value).replace("|", "\\|")) for name, value in values.items())]
    return "\n".join(f"| {name} | {value} |" for name, value in rows)
