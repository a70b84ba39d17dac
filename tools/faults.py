"""Faults planted by rule: one small change to a Python source at a time, as text, so that all else stays as it is.

Messages and annotations are left alone: what a test should notice is what the code does.
"""

import ast
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_OPERATORS: dict[type[ast.AST], str] = {
    ast.Lt: "<=",
    ast.LtE: "<",
    ast.Gt: ">=",
    ast.GtE: ">",
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.In: "not in",
    ast.NotIn: "in",
    ast.Is: "is not",
    ast.IsNot: "is",
    ast.Add: "-",
    ast.Sub: "+",
    ast.Mult: "/",
    ast.Div: "*",
    ast.FloorDiv: "/",
    ast.Mod: "*",
    ast.Pow: "*",
    ast.BitAnd: "|",
    ast.BitOr: "&",
    ast.LShift: ">>",
    ast.RShift: "<<",
}
# What is easily taken for one another.
_NAMES = {
    "min": "max",
    "max": "min",
    "minimum": "maximum",
    "maximum": "minimum",
    "amin": "amax",
    "amax": "amin",
    "any": "all",
    "all": "any",
    "floor": "ceil",
    "ceil": "floor",
    "argmin": "argmax",
    "argmax": "argmin",
    "height": "width",
    "width": "height",
    "mean": "sum",
}
_COMPOUND = ast.BinOp | ast.BoolOp | ast.Compare | ast.IfExp | ast.UnaryOp | ast.Lambda | ast.NamedExpr


class Fault(NamedTuple):
    """Replaces the characters from `start` up to `end` of a source by `text`; `line` counts from 1."""

    line: int
    start: int
    end: int
    text: str
    rule: str

    def planted_in(self, source: str) -> str:
        """The source with this fault."""
        return source[: self.start] + self.text + source[self.end :]

    def told(self, source: str) -> str:
        """What is changed, in a few words on one line."""
        before, after = (" ".join(text.split()) for text in (source[self.start : self.end], self.text))
        return f"{self.rule}: {before} -> {after}"


def faults_in(source: str) -> list[Fault]:
    """All faults that the rules have for `source`, in its order; every one is still Python.

    >>> [fault.told("a < 1") for fault in faults_in("a < 1")]
    ['operator: a < 1 -> a <= 1', 'number: 1 -> 2']
    """
    found = sorted(set(_Planter(source).faults()), key=lambda fault: (fault.start, fault.end, fault.text))
    return [fault for fault in found if _is_python(fault.planted_in(source))]


class _Planter:
    """Goes through a source."""

    def __init__(self, source: str) -> None:
        self._source = source
        lines = source.splitlines(keepends=True)
        self._lines = [line.encode() for line in lines]
        self._starts = [0]
        for line in lines:
            self._starts.append(self._starts[-1] + len(line))

    def faults(self) -> Iterator[Fault]:
        """Every rule at every place."""
        yield from self._within(ast.parse(self._source))

    def _within(self, node: ast.AST) -> Iterator[Fault]:
        for child in _code_of(node):
            yield from self._at(child)
            if isinstance(child, ast.stmt):
                yield from self._statement(child)
            yield from self._within(child)

    def _at(self, node: ast.AST) -> Iterator[Fault]:
        """What can be wrong with `node` itself."""
        match node:
            case ast.Compare() | ast.BinOp() | ast.BoolOp() | ast.UnaryOp():
                yield from self._operators(node)
            case ast.If() | ast.While() | ast.IfExp():
                yield from self._negated(node.test)
            case ast.comprehension():
                for test in node.ifs:
                    yield from self._negated(test)
            case ast.Constant():
                yield from self._constant(node)
            case ast.Name(ctx=ast.Load()) if node.id in _NAMES:
                yield self._fault(node, _NAMES[node.id], "name")
            case ast.Attribute(ctx=ast.Load()) if node.attr in _NAMES:
                yield self._fault(node, f"{self._operand(node.value)}.{_NAMES[node.attr]}", "name")
            case ast.Call(args=[one, other, *_]) | ast.Tuple(elts=[one, other], ctx=ast.Load()):
                yield from self._swapped(one, other)

    def _operators(self, node: ast.Compare | ast.BinOp | ast.BoolOp | ast.UnaryOp) -> Iterator[Fault]:
        match node:
            case ast.Compare(ops=[operator], comparators=[right]) if type(operator) in _OPERATORS:
                yield self._fault(node, self._joined(node.left, _OPERATORS[type(operator)], right), "operator")
            case ast.BinOp() if type(node.op) in _OPERATORS:
                # In parentheses, so that what stands around it binds as before.
                text = self._joined(node.left, _OPERATORS[type(node.op)], node.right)
                yield self._fault(node, f"({text})", "operator")
            case ast.BoolOp():
                other = " or " if isinstance(node.op, ast.And) else " and "
                yield self._fault(node, f"({other.join(self._operand(each) for each in node.values)})", "operator")
            case ast.UnaryOp(op=ast.Not() | ast.USub()):
                yield self._fault(node, self._operand(node.operand), "operator")

    def _negated(self, test: ast.expr) -> Iterator[Fault]:
        """The opposite condition, where no other rule makes it."""
        other_rules = isinstance(test, ast.Constant | ast.Compare) or (
            isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
        )
        if not other_rules and self._text(test) != "TYPE_CHECKING":
            yield self._fault(test, f"(not {self._operand(test)})", "negated")

    def _constant(self, node: ast.Constant) -> Iterator[Fault]:
        if isinstance(node.value, bool):
            yield self._fault(node, str(not node.value), "constant")
        elif isinstance(node.value, int):
            yield self._fault(node, str(node.value + 1), "number")
        elif isinstance(node.value, float):
            yield self._fault(node, repr(node.value * 1.5 + 0.1), "number")

    def _swapped(self, one: ast.expr, other: ast.expr) -> Iterator[Fault]:
        """Two neighbours changed for one another, where both are of a kind, so that it may well pass."""
        first, second = self._text(one), self._text(other)
        if type(one) is type(other) and not isinstance(one, ast.Starred) and first != second:
            start, end = self._span(one)[0], self._span(other)[1]
            between = self._source[self._span(one)[1] : self._span(other)[0]]
            yield Fault(one.lineno, start, end, f"{second}{between}{first}", "swapped")

    def _statement(self, node: ast.stmt) -> Iterator[Fault]:
        match node:
            case ast.Expr(value=ast.Call() | ast.Await() | ast.Yield() | ast.YieldFrom()):
                yield self._fault(node, "pass", "dropped")
            case ast.AugAssign() | ast.Raise() | ast.Continue() | ast.Break() | ast.Delete():
                yield self._fault(node, "pass", "dropped")
            case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
                yield self._fault(node, "pass", "dropped")
            case ast.Return(value=ast.expr() as value) if not (isinstance(value, ast.Constant) and value.value is None):
                yield self._fault(node, "return None", "dropped")

    def _fault(self, node: ast.expr | ast.stmt, text: str, rule: str) -> Fault:
        return Fault(node.lineno, *self._span(node), text, rule)

    def _joined(self, left: ast.expr, operator: str, right: ast.expr) -> str:
        return f"{self._operand(left)} {operator} {self._operand(right)}"

    def _operand(self, node: ast.expr) -> str:
        return f"({self._text(node)})" if isinstance(node, _COMPOUND) else self._text(node)

    def _text(self, node: ast.expr) -> str:
        start, end = self._span(node)
        return self._source[start:end]

    def _span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        return self._place(node.lineno, node.col_offset), self._place(
            node.end_lineno or node.lineno, node.end_col_offset or 0
        )

    def _place(self, line: int, column: int) -> int:
        """The character at a line, from 1, and a column in bytes, as `ast` counts."""
        return self._starts[line - 1] + len(self._lines[line - 1][:column].decode())


def _code_of(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of `node` that do something: no annotation, no message, nothing for the type checker alone."""
    skipped: Sequence[ast.AST | None] = ()
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            skipped = (node.returns, *node.decorator_list)
        case ast.ClassDef():
            skipped = (*node.decorator_list, *node.bases)
        case ast.arg() | ast.AnnAssign():
            skipped = (node.annotation,)
        case ast.JoinedStr() | ast.Raise() | ast.Import() | ast.ImportFrom():
            return
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            skipped = (node.test, *node.body)
    for child in ast.iter_child_nodes(node):
        if child not in skipped and not (isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)):
            yield child


def _is_python(source: str) -> bool:
    try:
        compile(source, "planted", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True
