"""Texts never become markup."""

from hypothesis import given
from hypothesis import strategies as st

from convsight.pages.markup import Markup, joined, tag


@given(st.text())
def test_a_text_brings_no_element_and_no_attribute(text: str) -> None:
    made = tag("p", text, title=text, data_name=text)
    inside = made.removeprefix("<p ").removesuffix("</p>")
    assert "<" not in inside
    assert inside.count('"') == 4
    assert inside.count(">") == 1


def test_what_is_markup_stays_and_flags_need_no_value() -> None:
    assert tag("details", tag("summary", "a & b"), open=True) == "<details open><summary>a &amp; b</summary></details>"
    assert tag("img", src="x", alt="", hidden=False, id=None) == '<img src="x" alt="">'
    assert joined(Markup("<br>"), ["<", (Markup("&lt;"),)]) == "<br>&lt;&lt;"
    assert isinstance(joined("a"), Markup)
