"""What objects show of themselves below the cell of a notebook: plain tables, which take the notebook's own style."""

from collections.abc import Iterable, Mapping, Sequence

from convsight.metrics import Described, Measured, metric_of, whole_and_parts
from convsight.pages.markup import Markup, Piece, joined, tag
from convsight.pages.page import details, paragraph, table

_MOST_OPEN = 40  # rows


def shown(title: str, lines: Iterable[str], *pieces: Piece) -> Markup:
    """A title, a line of text each, and what follows.

    >>> shown("a < b", ["one line"])
    '<div><strong>a &lt; b</strong><p>one line</p></div>'
    """
    return tag("div", tag("strong", title), *(paragraph(line) for line in lines), *pieces)


def metrics_table(metrics: Mapping[str, Measured], described: Described | None = None) -> Markup:
    """The metrics of all the data with their intervals, where they are `described` in their own decimals.

    Those of parts fold out below. It is empty where there are none.
    """
    whole, parts = whole_and_parts(metrics)
    rows = [[name, *_texts(name, measured, described)] for name, measured in whole.items()]
    pieces: list[Piece] = [table(("metric", "value", "95 % interval"), rows, numbers=(1, 2))] if rows else []
    if parts:
        columns = list(dict.fromkeys(name for part in parts.values() for name in part))
        cells = [[of, *(_value(name, part.get(name), described) for name in columns)] for of, part in parts.items()]
        made = table(("", *columns), cells, numbers=range(1, 1 + len(columns)))
        pieces.append(details(f"of each of {len(cells):,} parts", made))
    return joined(*pieces)


def long_table(head: Sequence[str], rows: Sequence[Sequence[Piece]], words: str, numbers: Iterable[int] = ()) -> Markup:
    """A table under `words`, folded up where it is long."""
    return details(words, table(head, rows, numbers=numbers), is_open=len(rows) <= _MOST_OPEN)


def _texts(name: str, measured: Measured, described: Described | None) -> tuple[str, str]:
    if described is None:
        return f"{measured.value:.4f}", measured.interval(" to ")
    metric = metric_of(described, name)
    return metric.text(measured.value), metric.interval(measured, " to ")


def _value(name: str, measured: Measured | None, described: Described | None) -> str:
    return "" if measured is None else _texts(name, measured, described)[0]
