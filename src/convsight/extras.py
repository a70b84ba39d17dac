"""Packages that only some installs have: imported when they are called for, with the command that brings them."""

from importlib import import_module
from typing import Any

from convsight.errors import UserError


def extra(package: str, group: str) -> Any:
    """The module called `package`, which `pip install ".[group]" in the clone of convsight` brings.

    Raises `UserError` that says so where it is not installed.

    >>> extra("no_such_package", "pandas")
    Traceback (most recent call last):
    ...
    convsight.errors.UserError: this needs no_such_package: pip install ".[pandas]" in the clone of convsight
    """
    try:
        return import_module(package)
    except ModuleNotFoundError as error:
        if error.name != package:
            raise
        raise UserError(f'this needs {package}: pip install ".[{group}]" in the clone of convsight') from error
