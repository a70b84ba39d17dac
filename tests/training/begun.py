"""A training as it stands before its first step, with all that was chosen and measured for it."""

from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

import convsight
from convsight.progress import Listener
from convsight.training.state import Training


def begun(data: str | Path, run: Path, **choices: Any) -> Training:
    """The training that `convsight.train` would go on with; its run folder is removed again."""
    found: list[Training] = []

    def stop(t: Training, listener: Listener) -> None:
        found.append(t)
        raise KeyboardInterrupt

    with patch("convsight.training.train.fit", stop), pytest.raises(KeyboardInterrupt):
        convsight.train(data, run=str(run), quiet=True, **choices)
    return found[0]
