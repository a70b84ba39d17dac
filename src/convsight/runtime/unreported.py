"""Packages of OpenVINO imported so that they tell their makers nothing of who uses them, and for what."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

_REPORTER = "openvino_telemetry"


@contextmanager
def unreported() -> Iterator[None]:
    """What is imported within does without the package that sends each import and conversion to Google Analytics.

    OpenVINO's converter asks nobody for leave; it starts a process for each message and keeps a number of its own in
    the user's folder `intel`. Where the package is not installed, it takes one that does nothing, as it does here.
    """
    found = sys.modules.get(_REPORTER)
    sys.modules[_REPORTER] = None  # type: ignore[assignment]  # raises ImportError, which the converter expects
    try:
        yield
    finally:
        del sys.modules[_REPORTER]
        if found is not None:
            sys.modules[_REPORTER] = found
