"""A server of toys: a process of its own, which learns of the toys before it starts."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.serve.live import Live, started

from convsight.tasks import TaskFolder

_ROOT = Path(__file__).resolve().parents[3]
_START = """
import json, sys
from convsight.cli import main
from convsight.tasks import TASKS, TaskFolder
TASKS.update({name: TaskFolder(*places) for name, places in json.loads(sys.argv.pop(1)).items()})
main()
"""


@contextmanager
def toy_server(toys: Mapping[str, TaskFolder], models: Mapping[str, Path]) -> Iterator[Live]:
    """`convsight serve NAME=MODEL ...`, where the toys are among the tasks."""
    served = [f"{name}={model}" for name, model in models.items()]
    command = [sys.executable, "-c", _START, json.dumps(dict(toys)), "serve", *served, "--port", "0"]
    path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
    with started(command, os.environ | {"PYTHONPATH": path}) as running:
        yield running
