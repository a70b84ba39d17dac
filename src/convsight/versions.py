"""Which versions made a model file."""

import platform
from importlib.metadata import PackageNotFoundError, version

_PACKAGES = ("convsight", "numpy", "pillow", "torch", "torchvision")


def versions() -> dict[str, str]:
    """The versions of Python, convsight and what its numbers depend on, where installed.

    >>> sorted(versions())[:2]
    ['convsight', 'numpy']
    """
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
