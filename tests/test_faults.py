"""The rules by which faults are planted."""

import ast
from pathlib import Path

import pytest
from tools.faults import faults_in

SOURCE = Path(__file__).resolve().parents[1] / "src" / "convsight" / "files.py"


def told(source: str) -> set[str]:
    return {fault.told(source) for fault in faults_in(source)}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = a <= b", {"operator: a <= b -> a < b"}),
        ("x = a not in b", {"operator: a not in b -> a in b"}),
        ("x = a + b * c", {"operator: a + b * c -> (a - (b * c))", "operator: b * c -> (b / c)"}),
        ("x = (a + b) * c", {"operator: (a + b) * c -> ((a + b) / c)", "operator: a + b -> (a - b)"}),
        ("x = a and b or c", {"operator: a and b or c -> ((a and b) and c)", "operator: a and b -> (a or b)"}),
        ("x = -a", {"operator: -a -> a"}),
        ("if a:\n    b = c", {"negated: a -> (not a)"}),
        ("if not a:\n    b = c", {"operator: not a -> a"}),
        ("while a == b:\n    c = d", {"operator: a == b -> a != b"}),
        ("x = [a for a in b if a]", {"negated: a -> (not a)"}),
        ("f(width, a)", {"dropped: f(width, a) -> pass", "swapped: width, a -> a, width", "name: width -> height"}),
        ("x = f(a, 'b')", set()),
        ("x = f(a.b, c.d)", {"swapped: a.b, c.d -> c.d, a.b"}),
        ("x = (a, b)", {"swapped: a, b -> b, a"}),
        ("x = np.floor(a)", {"name: np.floor -> np.ceil"}),
        ("x = True", {"constant: True -> False"}),
        ("x = f(a, antialias=True)", {"constant: True -> False"}),
        ("x = 3", {"number: 3 -> 4"}),
        ("x = 0.2", {"number: 0.2 -> 0.4"}),
        ("os.fsync(file)", {"dropped: os.fsync(file) -> pass"}),
        ("a.b = c", {"dropped: a.b = c -> pass"}),
        ("a += b", {"dropped: a += b -> pass"}),
        ("def f():\n    return a", {"dropped: return a -> return None"}),
        ("def f():\n    return None", set()),
        ("for a in b:\n    continue", {"dropped: continue -> pass"}),
        ("raise ValueError(1 + 2)", {"dropped: raise ValueError(1 + 2) -> pass"}),
    ],
)
def test_every_rule(source: str, expected: set[str]) -> None:
    assert told(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        '"""A docstring."""',
        "def f(a: int | None) -> list[int] | None:\n    '''1 < 2'''",
        "x: Literal[1, 2] = y",
        "x = f'{a + 1} of {b:.2f}'",
        "if TYPE_CHECKING:\n    a()",
        "from a import b",
    ],
)
def test_what_does_nothing_is_left_alone(source: str) -> None:
    assert told(source) == set()


def test_letters_of_several_bytes_and_several_lines_do_not_shift_the_place() -> None:
    source = 'x = "größe…" + (\n    "蝶"\n    * 2\n)\n'
    assert [fault.planted_in(source) for fault in faults_in(source)] == [
        'x = ("größe…" - ("蝶"\n    * 2))\n',
        'x = "größe…" + (\n    ("蝶" / 2)\n)\n',
        'x = "größe…" + (\n    "蝶"\n    * 3\n)\n',
    ]


def test_each_fault_of_a_real_file_changes_it_in_one_place_and_leaves_python() -> None:
    source = SOURCE.read_text()
    faults = faults_in(source)
    assert len(faults) > 40
    assert len(set(faults)) == len(faults)
    whole = ast.dump(ast.parse(source))
    for fault in faults:
        planted = fault.planted_in(source)
        assert ast.dump(ast.parse(planted)) != whole, fault.told(source)
        assert planted.startswith(source[: fault.start])
        assert planted.endswith(source[fault.end :])
        assert source[: fault.start].count("\n") + 1 == fault.line
