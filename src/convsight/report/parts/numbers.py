"""The numbers: every metric with its interval beside baselines, those of each part, and the task's own figures."""

import io

from PIL import Image

from convsight.metrics import Described, Measured, Metric, MetricName, metric_of, whole_and_parts
from convsight.pages.markup import Markup, Piece, tag
from convsight.pages.page import details, paragraph, picture, table
from convsight.pages.pictures import Room, figure
from convsight.report.evidence import Evidence
from convsight.report.parts.part import Part
from convsight.tasks import reader_of

_MOST_OPEN = 12  # rows of classes in sight
_SHEETS = frozenset({"curves", "varied", "mistakes"})  # what stands elsewhere on the page
_FIGURE = 350_000  # bytes of a figure
_MOST_FIGURES = 8
_INTERVALS = (
    "An interval of 95 % holds the true value in 95 of 100 such samples of images; where none is told, there are too "
    "few of them for one."
)


def numbers_part(evidence: Evidence, room: Room) -> Part:
    """Metrics beside baselines, then those of parts of the data, then figures."""
    described = reader_of(evidence.card).metrics().described()
    names = {text: MetricName.parse(text) for text in evidence.card.metrics}
    judged = {
        text: evidence.card.metrics[text] for text, name in names.items() if name and name.split == evidence.split
    }
    whole, parts = whole_and_parts(judged)
    body: list[Piece] = [_beside_baselines(evidence, whole, described), paragraph(_INTERVALS, kind="dim")]
    body += [paragraph(f"Note: {remark}") for remark in (evidence.judgement.remarks if evidence.judgement else ())]
    body += [*_of_parts(parts, described), *_figures(evidence, room)]
    return Part("numbers", "How good it is", body)


def _beside_baselines(evidence: Evidence, whole: dict[str, Measured], described: Described) -> Markup:
    rows = []
    for text, measured in whole.items():
        name = MetricName.parse(text)
        if name is None or name.baseline is not None:
            continue
        metric = metric_of(described, text)
        others = [evidence.reached(metric, baseline) for baseline in evidence.baselines]
        told = [metric.text(other.value) if other else "" for other in others]
        ends = metric.interval(measured, " to ")
        rows.append([metric.words, metric.text(measured.value), ends, *told, metric.better])
    head = ("metric", "network", "95 % interval", *(f"baseline {name}" for name in evidence.baselines), "better is")
    return table(head, rows, f"On {evidence.split}, beside simple methods", numbers=range(1, len(head) - 1))


def _of_parts(parts: dict[str, dict[str, Measured]], described: Described) -> list[Piece]:
    """A table for each kind of part: classes, kinds of errors."""
    found: list[Piece] = []
    for first in dict.fromkeys(next(iter(row)) for row in parts.values()):
        rows = {name.partition(": ")[2]: row for name, row in parts.items() if next(iter(row)) == first}
        columns = list(dict.fromkeys(column for row in rows.values() for column in row))
        cells = [
            [name, *(_cell(metric_of(described, column), row.get(column)) for column in columns)]
            for name, row in rows.items()
        ]
        words = f"{', '.join(columns)} of each of {len(rows):,}".replace("_", " ")
        made = table(("", *columns), cells, words, numbers=range(1, 1 + len(columns)))
        found.append(details(words, made, is_open=len(rows) <= _MOST_OPEN))
    return found


def _cell(metric: Metric, measured: Measured | None) -> str:
    return "" if measured is None else metric.text(measured.value, 3)


def _figures(evidence: Evidence, room: Room) -> list[Piece]:
    """The figures that the task drew, but for those whose content stands on the page in another form."""
    shown_so = {evidence.judgement.table.figure} if evidence.judgement and evidence.judgement.table else set()
    files = sorted(file for file in evidence.run.path.glob("*.png") if file.stem not in _SHEETS | shown_so)
    found: list[Piece] = []
    for file in files[:_MOST_FIGURES]:
        try:
            content = file.read_bytes()
            words = _words(content) or file.stem.replace("_", " ")
            source = room.take(figure(content, _FIGURE))
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            evidence.left_out.append(f"the figure {file.name}: {error}")
            continue
        if source is not None:
            found.append(picture(source, words, file.stem.replace("_", " "), kind="paper"))
    return [tag("h3", "Figures"), *found] if found else []


def _words(content: bytes) -> str:
    """What the figure says of itself, as `figures.figure_file` stores it."""
    with Image.open(io.BytesIO(content)) as image:
        return str(image.info.get("Description", ""))
