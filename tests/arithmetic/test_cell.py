"""Terms and cells as text and as JSON."""

import json
import math

import pytest

from convsight.arithmetic import Cell, Term, cross_correlation
from convsight.arithmetic.cell import sum_of_products, written


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (-1, "-1"),
        (1234567, "1234567"),
        (0.5, "0.5"),
        (1 / 3, "0.333333"),
        (-0.0, "0"),
        (1e-9, "1e-09"),
        (2.0, "2"),
        (math.nan, "nan"),
    ],
)
def test_numbers_in_formulas(number: float, text: str) -> None:
    assert written(number) == text


def test_json_holds_everything_a_page_needs() -> None:
    cell = cross_correlation([[1, 2], [3, 4]], [[10, 20]], bias=0.5, padding=[0, (1, 0)]).cell(1, 0)
    assert json.loads(json.dumps(cell.to_json())) == {
        "operation": "cross-correlation",
        "position": [1, 0],
        "terms": [
            {"value": 0, "position": [1, -1], "inside": False, "weight": 10, "weight_position": [0, 0], "product": 0},
            {"value": 3, "position": [1, 0], "inside": True, "weight": 20, "weight_position": [0, 1], "product": 60},
        ],
        "bias": 0.5,
        "total": 60.5,
        "text": "0*10 + 3*20 + 0.5 (bias) = 60.5",
    }


def test_a_term_without_a_weight_adds_its_value() -> None:
    assert Term(7, (0,)).product == 7
    assert Term(7, (0,), weight=-2, weight_position=(0,)).product == -14
    assert str(Cell("sum pooling", (0,), (Term(7, (0,)),), 7, "7")) == "7 = 7"


def test_a_sum_of_nothing_is_zero() -> None:
    assert sum_of_products(()) == "0"
    assert sum_of_products((), bias=2) == "2 (bias)"
