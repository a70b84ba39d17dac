"""The training: pictures as the network saw them, and its curves with what they say."""

import math
from collections.abc import Sequence

from convsight.metrics import Metric, MetricName
from convsight.pages.line_chart import Line, line_chart
from convsight.pages.markup import Markup, Piece, tag
from convsight.pages.page import details, paragraph, table
from convsight.report.evidence import Evidence
from convsight.report.parts.part import Part
from convsight.spread import evenly

_MOST_ROWS = 50  # epochs in the table


def curves_part(evidence: Evidence) -> Part:
    """Losses, validation metrics and the rate over the epochs, the verdict, and the numbers."""
    body: list[Piece] = []
    if evidence.judgement and evidence.judgement.verdict:
        body.append(paragraph(tag("strong", f"Verdict: {evidence.judgement.verdict}."), " ", evidence.judgement.advice))
    charts = curves(evidence.rows, evidence.drawn, evidence.card.training.get("best_epoch"))
    if charts:
        body += [tag("div", *charts, class_="charts"), _numbers(evidence.rows)]
    else:
        body.append(paragraph("No epoch has ended, so there are no curves."))
    return Part("curves", "The curves", body)


def curves(rows: Sequence[dict[str, float]], drawn: Sequence[Metric], best: int | None) -> list[Markup]:
    """A chart of the losses, one of the metrics that are shares, one of each other metric, and one of the rate."""
    loss = str(MetricName("train", "loss"))
    mark = None if not best else (float(best), f"best epoch: {best}")
    panels: dict[str, list[tuple[str, str]]] = {"loss": [(loss, "training loss")]}
    for metric in drawn:
        title = "validation metrics" if metric.share else f"validation {metric.words}"
        title = f"{title} ({metric.unit})" if metric.unit else title
        panels.setdefault(title, []).append((str(MetricName("val", metric.name)), metric.words))
    panels["learning rate"] = [("lr", "learning rate")]
    charts = []
    for title, columns in panels.items():
        lines = [Line(name, points(rows, column)) for column, name in columns]
        if any(line.points for line in lines):
            charts.append(line_chart(title, lines, "epoch", mark))
    return charts


def points(rows: Sequence[dict[str, float]], column: str) -> list[tuple[float, float]]:
    """(epoch, value) where a column has a finite value."""
    return [(row["epoch"], row[column]) for row in rows if math.isfinite(row.get(column, math.nan))]


def _numbers(rows: Sequence[dict[str, float]]) -> Markup:
    """The same as a table, for whoever cannot see lines."""
    columns = [name for name in dict.fromkeys(name for row in rows for name in row) if _is_whole(name)]
    chosen = [rows[place] for place in evenly(len(rows), _MOST_ROWS).tolist()]
    cells = [[f"{row[name]:.5g}" if name in row else "" for name in columns] for row in chosen]
    return details("The same in numbers", table(columns, cells, "Epochs", numbers=range(len(columns))))


def _is_whole(column: str) -> bool:
    name = MetricName.parse(column)
    return name is None or name.of is None
