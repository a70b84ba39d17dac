"""Names with numbers in them."""

from hypothesis import given
from hypothesis import strategies as st

from convsight.natural_order import natural_key, natural_order


def test_numbers_in_names_sort_by_value() -> None:
    assert natural_order(["class 10", "class 9", "Class 1"]) == ("Class 1", "class 9", "class 10")


@given(st.sets(st.integers(min_value=0)))
def test_plain_numbers_sort_as_numbers(numbers: set[int]) -> None:
    assert [int(name) for name in natural_order({str(number) for number in numbers})] == sorted(numbers)


@given(st.lists(st.text(), unique=True))
def test_the_order_of_any_names_is_total(names: list[str]) -> None:
    assert natural_order(names) == natural_order(names[::-1])


def test_a_run_of_digits_longer_than_python_parses_is_sorted() -> None:
    assert natural_order(["1" * 5000, "2"]) == ("2", "1" * 5000)
    assert natural_key("007")[0] == natural_key("7")[0]


@given(st.lists(st.integers(0, 10**6), unique=True), st.sampled_from(["", "img_", "2024-05-"]))
def test_numbers_after_other_letters_and_numbers_sort_by_value(numbers: list[int], start: str) -> None:
    found = natural_order([f"{start}{number}.png" for number in numbers])
    assert list(found) == [f"{start}{number}.png" for number in sorted(numbers)]
