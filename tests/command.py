"""The command line, as a process of its own or within the one of the tests."""

import gc
import io
import signal
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

from convsight.cli import main

Done = subprocess.CompletedProcess[str]


def process(*arguments: str | Path, cwd: Path | None = None) -> Done:
    """`convsight ARGUMENTS` as a user runs it; with PyTorch it takes seconds to start."""
    command = [sys.executable, "-m", "convsight", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=240, check=False)


def within(*arguments: str | Path, cwd: Path | None = None) -> Done:
    """The same in this process, where PyTorch is imported once for all tests."""
    command = ["convsight", *map(str, arguments)]
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    stop_by_system, garbage = signal.getsignal(signal.SIGTERM), gc.get_threshold()
    code: int | str | None = None
    try:
        with patch.object(sys, "argv", command), chdir(cwd or Path.cwd()), redirect_stdout(out), redirect_stderr(err):
            main()
    except SystemExit as end:
        code = end.code
    finally:
        signal.signal(signal.SIGTERM, stop_by_system)
        gc.set_threshold(*garbage)
    assert not isinstance(code, str), code
    return Done(command, code or 0, _text(out), _text(err))


def _text(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()
