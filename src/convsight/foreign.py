"""What objects of other packages are, told without importing these."""

from collections.abc import Mapping


def is_tensor(value: object) -> bool:
    """Whether `value` is a tensor of PyTorch, or of a class derived from it.

    >>> is_tensor([1.0])
    False
    """
    return is_of("torch", "Tensor", value)


def is_table(value: object) -> bool:
    """Whether `value` has columns and rows, as the tables of pandas and polars do.

    >>> is_table({"columns": []})
    False
    """
    return not isinstance(value, Mapping) and hasattr(value, "columns") and hasattr(value, "shape")


def is_of(package: str, name: str, value: object) -> bool:
    """Whether the class of `value`, or one it derives from, is called `name` and comes from `package`.

    >>> is_of("pathlib", "PurePath", __import__("pathlib").Path())
    True
    """
    return any(kind.__module__.partition(".")[0] == package and kind.__name__ == name for kind in type(value).__mro__)
