"""Graphs that ask for more memory than a network of their size needs, as damaged and hostile files do.

A file of a kilobyte can ask for any memory: a constant filled, repeated, padded or enlarged. Reading a graph tells the
sizes without making any of it; compiling it makes them all.
"""

import math
from contextlib import suppress
from pathlib import Path

from convsight.errors import UserError
from convsight.memory import available_memory_bytes
from convsight.runtime.openvino_import import ov
from convsight.units import binary_bytes

# What is worked out of constants alone, as a share of the file: 8-bit weights become four times as much in each of
# three steps, and anchors, positions and tables of a resize are spread from a few numbers.
_TIMES = 32
_ALWAYS = 64 * 2**20  # bytes that may be worked out in any case


def check_graph_memory(model: ov.Model, file: Path) -> None:
    """Raise `UserError`, which names the operation, where the graph of `file` cannot be meant to be run.

    That is where constants become far larger than the file, and where what one operation makes of one image does not
    fit into the memory that is available. Sides of any length count as 1.
    """
    available = available_memory_bytes()
    made, limit = 0, min(available, max(_ALWAYS, _TIMES * _file_bytes(file)))
    of_image: set[str] = set()
    for operation in model.get_ordered_ops():
        kind = operation.get_type_name()
        if kind == "Constant":
            continue
        size = sum(map(_bytes, operation.outputs()))
        if kind == "Parameter" or any(_source(given) in of_image for given in operation.inputs()):
            of_image.add(operation.get_name())
            if size > available:
                raise _refused(file, operation, size, f"{binary_bytes(available)} are available")
            continue
        made += size
        if made > limit:
            raise _refused(file, operation, made, f"{binary_bytes(limit)} are what it may need")


def check_file_memory(file: Path) -> None:
    """As `check_graph_memory`, for a file that another engine will run; what cannot be read is for that to say."""
    with suppress(RuntimeError, ValueError, TypeError):
        check_graph_memory(ov.Core().read_model(file), file)


def _refused(file: Path, operation: ov.Node, size: int, reason: str) -> UserError:
    return UserError(
        f"{file} is damaged or no network of ours: {operation.get_type_name()} in its graph asks for "
        f"{binary_bytes(size)} of memory, and {reason}; export it again"
    )


def _source(given: ov.Input) -> str:
    name: str = given.get_source_output().get_node().get_name()
    return name


def _bytes(output: ov.Output) -> int:
    shape = output.get_partial_shape()
    if shape.rank.is_dynamic:
        return 0
    numbers = math.prod(max(1, int(side.get_min_length())) for side in shape)
    return numbers * max(1, int(output.get_element_type().bitwidth) // 8)


def _file_bytes(file: Path) -> int:
    """The size of a graph with its weights, which OpenVINO keeps in a file beside it."""
    weights = file.with_suffix(".bin")
    return file.stat().st_size + (weights.stat().st_size if file.suffix == ".xml" and weights.is_file() else 0)
