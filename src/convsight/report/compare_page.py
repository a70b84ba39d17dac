"""Runs side by side as one page."""

import math

from convsight.metrics import MetricName
from convsight.pages.line_chart import Line, line_chart
from convsight.pages.markup import Markup, Piece, tag
from convsight.pages.page import contents, page, paragraph, table
from convsight.pages.pictures import Room
from convsight.report.compare import SideBySide, in_words
from convsight.report.parts.part import Part
from convsight.report.parts.summary import duration
from convsight.report.parts.training import points
from convsight.report.shown import Shown
from convsight.units import short_count
from convsight.words import counted

_PICTURES = 3_400_000  # bytes
_MOST_SHOWN = 60
_SIDE = 140  # px


def compare_html(found: SideBySide) -> str:
    """The page; it loads nothing from elsewhere."""
    parts = [_numbers(found), _curves(found), _cost(found), _settings(found), _disputed(found)]
    there = [part for part in parts if part is not None]
    title = " beside ".join(side.name for side in found.sides)
    body: list[Piece] = [
        tag("header", tag("h1", title), *(paragraph(in_words(test), kind="lead") for test in found.tests)),
        contents([(part.name, part.heading) for part in there]),
        tag("main", *(part.drawn for part in there)),
    ]
    return page(title, *body)


def _numbers(found: SideBySide) -> Part:
    rows = []
    for metric in found.metrics:
        reached = found.reached(metric)
        told = []
        for each in reached:
            ends = metric.interval(each, " to ") if each else ""
            told.append((metric.text(each.value) + (f" ({ends})" if ends else "")) if each else "")
        rows.append([metric.words, *told, metric.better])
    names = [side.name for side in found.sides]
    words = f"On {found.split}, each with its 95 % interval; whether a difference is more than chance is said above"
    made = table(("metric", *names, "better is"), rows, words, numbers=range(1, 1 + len(names)))
    return Part("numbers", "What they reach", [made])


def _curves(found: SideBySide) -> Part | None:
    """Loss and the metric that chose the best epoch, a line a run."""
    metric = found.sides[0].evidence.selection
    columns = {
        "training loss": str(MetricName("train", "loss")),
        f"validation {metric.words}": str(MetricName("val", metric.name)),
    }
    charts = []
    for title, column in columns.items():
        lines = [Line(side.name, points(side.evidence.rows, column)) for side in found.sides]
        if any(line.points for line in lines):
            charts.append(line_chart(title, lines, "epoch"))
    return Part("curves", "Their curves", [tag("div", *charts, class_="charts")]) if charts else None


def _cost(found: SideBySide) -> Part:
    rows = [
        ["network", *(side.evidence.card.net[:60] for side in found.sides)],
        ["parameters", *("" if side.parameters is None else f"{side.parameters:,}" for side in found.sides)],
        ["training", *("" if side.seconds is None else duration(side.seconds) for side in found.sides)],
        ["images/s in training", *(speed(side.evidence.rows) for side in found.sides)],
    ]
    return Part("cost", "What they cost", [table(("", *(side.name for side in found.sides)), rows, "Cost of each")])


def speed(rows: list[dict[str, float]]) -> str:
    """Images a second in the fastest epoch, which others at work on the machine disturb least."""
    found = [row["images_per_s"] for row in rows if math.isfinite(row.get("images_per_s", math.nan))]
    return f"{max(found):,.0f}" if found else ""


def _settings(found: SideBySide) -> Part | None:
    rows = [[name.replace("_", "-"), *values] for name, values in found.settings.items()]
    if not rows:
        return None
    head = ("", *(side.name for side in found.sides))
    return Part("settings", "Where their settings differ", [table(head, rows, "Settings that differ")])


def _disputed(found: SideBySide) -> Part | None:
    if not found.disputes:
        return None
    evidence = found.sides[0].evidence
    limit = evidence.settings.max_megapixels
    shown = Shown(evidence.dataset, evidence.card.input, limit, Room(_PICTURES))
    items: list[Markup] = []
    for each in found.disputed[:_MOST_SHOWN]:
        said = [f"{run}: {words}" for run, words in each.said.items()]
        items.append(shown.item(found.split, each.name, said, _SIDE))
    some = f"; the surest mistakes of {short_count(found.disputes)}" if found.disputes > len(items) else ""
    words = f"{counted(found.disputes, 'image')} that some get right and others do not{some}."
    return Part("pictures", "Where they disagree", [paragraph(words), tag("ul", *items, class_="pictures")])
