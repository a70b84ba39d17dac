"""Tracks and their judgement on standard output."""

import sys
from typing import Literal

from rich.console import Console
from rich.table import Table

from convsight.printing import json_document
from convsight.tracking.tracked_frame import TrackedFrame
from convsight.tracking.tracking_metrics import TrackingMetrics
from convsight.words import visible

Format = Literal["table", "json"]


def print_frame(frame: TrackedFrame, output: Format) -> None:
    """One line for a frame, at once: whoever reads a stream of tracks waits for each."""
    if output == "json":
        document = frame.tracked.to_json() if frame.tracked else {"frame": frame.number, "error": frame.error}
        text = json_document(document)
    else:
        text = visible(f"frame {frame.number}: {frame.tracked.summary() if frame.tracked else f'error: {frame.error}'}")
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def print_judged(judged: TrackingMetrics, output: Format) -> None:
    """The numbers of `judge`, as one JSON document (a line) or as a table."""
    if output == "json":
        sys.stdout.write(f"{json_document({'metrics': judged.to_json()})}\n")
        return
    table = Table("metric", "value")
    for name, value in judged.to_json().items():
        table.add_row(name, f"{value:,}" if isinstance(value, int) else f"{value:.4f}")
    Console(highlight=False, markup=False, emoji=False).print(table)
