"""A whole page that loads nothing from elsewhere, and the parts that pages have in common."""

from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files

from convsight.pages.markup import Markup, Piece, joined, tag

# What a page may do, so that nothing in it can reach out: its own styles, and pictures that are within it.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


@cache
def style() -> str:
    """The style sheet of all pages."""
    return (files("convsight.pages") / "style.css").read_text(encoding="utf-8")


def page(title: str, *body: Piece, own_style: str = "") -> str:
    """A document of the elements in `body`, which needs no other file; `own_style` follows what all pages share."""
    head = (
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("title", title),
        Markup(f"<style>\n{style()}{own_style}</style>"),
    )
    return f'<!doctype html>\n<html lang="en"><head>{joined(*head)}</head>\n<body>{joined(*body)}</body></html>\n'


def section(name: str, heading: str, *pieces: Piece) -> Markup:
    """A part of a page with a heading, which a link `#name` goes to."""
    return tag("section", tag("h2", heading, id=name), *pieces, aria_labelledby=name)


def contents(sections: Iterable[tuple[str, str]]) -> Markup:
    """Links to the sections of a page, by name and heading."""
    links = [tag("li", tag("a", heading, href=f"#{name}")) for name, heading in sections]
    return tag("nav", tag("ul", *links), aria_label="Contents")


def paragraph(*pieces: Piece, kind: str | None = None) -> Markup:
    """A paragraph, of the class `kind` of the style sheet."""
    return tag("p", *pieces, class_=kind)


def details(summary: Piece, *pieces: Piece, is_open: bool = False) -> Markup:
    """What is shown when its `summary` is pressed, by mouse or by keyboard, and when a link leads into it."""
    return tag("details", tag("summary", summary), *pieces, open=is_open)


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[Piece]],
    caption: str = "",
    numbers: Iterable[int] = (),
) -> Markup:
    """A table that scrolls by itself where it is wider than the page; columns at `numbers` are set to the right."""
    kinds = dict.fromkeys(numbers, "number")
    # Above a column whose cells say what they are stands no heading; readers of screens would tell an empty one.
    top = [
        tag("th", each, scope="col", class_=kinds.get(place)) if each else tag("td") for place, each in enumerate(head)
    ]
    body = [tag("tr", [tag("td", each, class_=kinds.get(place)) for place, each in enumerate(row)]) for row in rows]
    named = tag("caption", caption) if caption else ""
    made = tag("table", named, tag("thead", tag("tr", *top)), tag("tbody", *body))
    # What scrolls can be reached by keyboard.
    return tag("div", made, class_="scroll", tabindex=0, role="region", aria_label=caption or "table")


def facts(caption: str, rows: Iterable[tuple[str, Piece]]) -> Markup:
    """A table of names and what stands beside each."""
    body = [tag("tr", tag("th", name, scope="row"), tag("td", value)) for name, value in rows]
    return tag("table", tag("caption", caption), tag("tbody", *body), class_="facts")


def share_bar(share: float) -> Markup:
    """A bar as long as `share` (0..1), for the eye alone: the number stands beside it."""
    return tag(
        "span", tag("i", style=f"width: {100 * min(1.0, max(0.0, share)):.1f}%"), class_="share", aria_hidden="true"
    )


def picture(source: str, alt: str, caption: Piece = "", kind: str | None = None) -> Markup:
    """A figure: an image with the words that stand for it, and a caption below."""
    return tag("figure", tag("img", src=source, alt=alt, class_=kind), tag("figcaption", caption) if caption else "")
