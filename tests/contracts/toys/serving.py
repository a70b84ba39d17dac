"""A server of a toy: a process of its own, which learns of the toy before it starts."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.serve.live import Live, started

from convsight.tasks import TaskFolder

_ROOT = Path(__file__).resolve().parents[3]
_START = """
import sys
from convsight.cli import main
from convsight.tasks import TASKS, TaskFolder
name, places = sys.argv[1:3]
del sys.argv[1:3]
TASKS[name] = TaskFolder(*places.split())
main()
"""


@contextmanager
def toy_server(name: str, folder: TaskFolder, model: Path) -> Iterator[Live]:
    """`convsight serve MODEL`, where the toy is one of the tasks."""
    places = " ".join(place for place in folder if place)
    command = [sys.executable, "-c", _START, name, places, "serve", str(model), "--port", "0"]
    path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
    with started(command, os.environ | {"PYTHONPATH": path}) as running:
        yield running
