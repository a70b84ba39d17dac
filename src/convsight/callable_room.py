"""Rooms that are called like their verb: `convsight.export(...)` is a function, and `convsight.export` a package.

Python puts a package into its parent under its own name as soon as anything of it is imported. So that the function of
that name is there all the same, the package can be called and passes the call on.
"""

import inspect
import sys
from types import FunctionType, ModuleType
from typing import Any


class _Callable(ModuleType):
    function: FunctionType

    def __call__(self, *arguments: Any, **choices: Any) -> Any:
        return self.function(*arguments, **choices)

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self.function)


def make_callable(name: str) -> None:
    """Let the package called `name`, such as `convsight.export`, be called like the function whose place it takes."""
    parent, _, verb = name.rpartition(".")
    package = sys.modules[name]
    function = vars(sys.modules[parent])[verb]
    function = getattr(function, "function", function)  # the package itself, where it is imported once more
    package.__class__ = _Callable
    package.function = function  # type: ignore[attr-defined]
    package.__doc__ = f"{package.__doc__}\n\nCalled as a function: {function.__doc__}"
