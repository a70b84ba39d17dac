"""From what a network did to the rows of its description."""

from collections import Counter
from collections.abc import Iterator
from math import prod
from typing import Any

from torch import nn
from torch.nn import Parameter

from convsight.describe.layer import Layer
from convsight.describe.receptive_field import Field
from convsight.describe.trace import ModuleRun, Operation


def layers_of(root: ModuleRun) -> list[Layer]:
    """The layers of a traced network, in the order they ran.

    A module that runs no other module is one layer. What another module does itself (a sum of two branches, a matrix
    product) is a layer for each operation that computes. Parameters count where they are first used; what no layer
    used stands at the end, so the sum is that of the whole network.
    """
    rows = _Rows(root.module)
    found = list(rows.of(root))
    return found + rows.unused()


class _Rows:
    """Makes rows, and remembers whose parameters were counted."""

    def __init__(self, model: nn.Module) -> None:
        self._parameters = dict(model.named_parameters())
        self._counted: set[int] = set()
        self._uses: dict[str, int] = {}

    def of(self, call: ModuleRun) -> Iterator[Layer]:
        """The rows of one run of a module."""
        if not call.calls and (call.path or _is_pytorchs(call.module)):
            if row := self._leaf(call):
                yield row
            return
        for part in call.parts:
            if isinstance(part, ModuleRun):
                yield from self.of(part)
            elif _computes(part):
                kind = "flatten" if _flattens(part) else part.name.rstrip("_")
                count, formula = self._take(call.module, {name: self._parameters[name] for name in part.weights})
                yield self._row(_path(call.path, kind), kind, [part], count, formula)

    def unused(self) -> list[Layer]:
        """A row for each parameter that no layer used."""
        left = [(name, value) for name, value in self._parameters.items() if id(value) not in self._counted]
        return [_parameter_row(name, "not used", value.numel(), _product(value)) for name, value in left]

    def _leaf(self, call: ModuleRun) -> Layer | None:
        count, formula = self._take(call.module, dict(call.module.named_parameters()))
        kind = type(call.module).__name__
        if not call.operations:  # Identity, dropout in use: nothing happens
            return _parameter_row(call.path, kind, count, formula) if count else None
        return self._row(call.path or kind, kind, call.operations, count, formula, call.result)

    def _take(self, module: nn.Module, used: dict[str, Parameter]) -> tuple[int, str]:
        """Those of the parameters `used` that no earlier layer had, with the formula of their count."""
        new = {name: value for name, value in used.items() if id(value) not in self._counted}
        self._counted.update(id(value) for value in new.values())
        return sum(value.numel() for value in new.values()), _parameters_formula(module, new)

    def _row(
        self,
        name: str,
        kind: str,
        operations: list[Operation],
        count: int,
        formula: str,
        returned: tuple[tuple[int, ...], Field] | None = None,
    ) -> Layer:
        uses = self._uses[name] = self._uses.get(name, 0) + 1
        windowed = next((op for op in operations if op.windows), None)
        # Some begin with what no image goes into, such as turning a dense layer's weights.
        first = next((op for op in operations if op.inputs), operations[0])
        # What a layer returns need not be what its last operation gave, which may be a statistic.
        shape, field = returned or (operations[-1].output, operations[-1].field)
        source = next((op for op in reversed(operations) if op.output == shape), operations[-1])
        makes = any(op.makes_values and op.inputs for op in operations)
        return Layer(
            name=name if uses == 1 else f"{name} (use {uses})",
            kind=kind,
            input=_volume(first.inputs[0], None) if first.inputs else (),
            output=_volume(shape, field),
            output_formula=_output_formula(windowed, source),
            kernel=_numbers(windowed, "kernel"),
            stride=_numbers(windowed, "stride"),
            padding=_padding(windowed),
            parameters=count,
            parameters_formula=formula,
            multiply_adds=sum(op.multiply_adds for op in operations),
            multiply_adds_formula=_sum_text([op.multiply_adds_formula for op in operations if op.multiply_adds]),
            other_operations=sum(op.other_operations for op in operations),
            activation_bytes=source.output_bytes if makes else 0,
            receptive_field=field.text,
            jump=field.jump_text if field.axes else "",
        )


def _computes(operation: Operation) -> bool:
    """Whether an operation stands in a row of its own where no layer does it."""
    costs = operation.multiply_adds or operation.other_operations or operation.windows
    return bool(costs or operation.name.startswith(("cat", "stack", "upsample")) or _flattens(operation))


def _flattens(operation: Operation) -> bool:
    """Whether an operation merges the positions and channels of a map into one vector an image."""
    if not operation.inputs or not operation.field.flat or operation.multiply_adds:
        return False
    before, after = operation.inputs[0][1:], operation.output[1:]
    return len(after) < len(before) and prod(after) == prod(before)


def _is_pytorchs(module: nn.Module) -> bool:
    """Whether it is one of PyTorch's own layers, described as such even where it is the whole network."""
    return type(module).__module__.startswith("torch.nn.")


def _sum_text(terms: list[str]) -> str:
    """A sum with equal terms taken together."""
    counts = Counter(terms)
    return " + ".join(term if count == 1 else f"{count} * ({term})" for term, count in counts.items())


def _parameter_row(name: str, kind: str, count: int, formula: str) -> Layer:
    return Layer(name, kind, (), (), "", "", "", "", count, formula, 0, "", 0, 0, "", "")


def _parameters_formula(module: nn.Module, own: dict[str, Parameter]) -> str:
    """The count of a layer's parameters worked: (F*F*C + 1)*K of a convolution, (N_in + 1)*N_out of a dense layer."""
    if set(own) <= {"weight", "bias"} and "weight" in own and own["weight"].ndim > 1:
        first, second, *kernel = own["weight"].shape
        outputs, inputs = int(first), int(second)
        if getattr(module, "transposed", False):  # weight: (in, out / groups, *kernel)
            groups = int(getattr(module, "groups", 1))
            outputs, inputs = inputs * groups, outputs // groups
        one = "*".join(str(n) for n in (*kernel, inputs))
        return f"({one} + 1)*{outputs}" if "bias" in own else f"{one}*{outputs}"
    sizes = [_product(value) for value in own.values()]
    if len(sizes) > 1 and len(set(sizes)) == 1:
        return f"{len(sizes)}*{sizes[0]}"
    return " + ".join(sizes)


def _product(value: Any) -> str:
    return "*".join(str(n) for n in value.shape) or "1"


def _output_formula(windowed: Operation | None, last: Operation) -> str:
    """How a side, or the number of values, comes about; empty where it is plain or not known."""
    if windowed:
        return "; ".join(dict.fromkeys(str(side) for side in windowed.sides))
    if not last.inputs:
        return ""
    before, after = last.inputs[0][1:], last.output[1:]
    if last.name == "cat":
        return _joined_text(last)
    if last.name in ("mean", "sum", "amax") and prod(before) > prod(after):
        return f"one of {prod(before) // prod(after):,} values"
    if _flattens(last):
        return f"{'*'.join(str(n) for n in before)} = {prod(after)}"
    return ""


def _joined_text(joined: Operation) -> str:
    """The sum along the axis on which volumes were joined; parts that no image went into are left out of it."""
    axis = next((i for i, n in enumerate(joined.output) if n != joined.inputs[0][i]), 1)
    parts = [shape[axis] for shape in joined.inputs]
    rest = joined.output[axis] - sum(parts)
    told = [str(n) for n in parts] + ([f"{rest} learnt"] if rest else [])
    return f"{' + '.join(told)} = {joined.output[axis]}"


def _volume(shape: tuple[int, ...], found: Field | None) -> tuple[int, ...]:
    """(sides..., channels) of a map, whose spatial axes `found` knows; else the shape without the batch."""
    places = found.places if found else tuple(range(2, len(shape)))
    if places and 0 not in places and len(shape) == len(places) + 2:
        channel = next(place for place in range(1, len(shape)) if place not in places)
        return (*(shape[place] for place in places), shape[channel])
    return shape[1:]


def _numbers(windowed: Operation | None, what: str) -> str:
    if windowed is None or windowed.windows is None:
        return ""
    numbers = [getattr(window, what) for window in windowed.windows.over]
    return str(numbers[0]) if what == "stride" and len(set(numbers)) == 1 else "x".join(str(n) for n in numbers)


def _padding(windowed: Operation | None) -> str:
    if windowed is None or windowed.windows is None:
        return ""
    sides = [(w.before, w.after) for w in windowed.windows.over]
    texts = [str(before) if before == after else f"{before}+{after}" for before, after in sides]
    return texts[0] if len(set(texts)) == 1 else "x".join(texts)


def _path(parent: str, name: str) -> str:
    return f"{parent}.{name}" if parent else name
