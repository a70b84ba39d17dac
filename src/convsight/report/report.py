"""The page about a run: one file, which needs nothing else."""

import io
from pathlib import Path

from PIL import Image

from convsight.datasets import Dataset
from convsight.files import write_atomic
from convsight.pages.markup import Markup, Piece, tag
from convsight.pages.page import contents, page, paragraph, picture
from convsight.pages.pictures import Room, small
from convsight.report.evidence import Evidence, evidence_of
from convsight.report.parts.again import again_part
from convsight.report.parts.cost import cost_part
from convsight.report.parts.data import data_part
from convsight.report.parts.doubts import doubts_part
from convsight.report.parts.explanations import explanations_part
from convsight.report.parts.mistakes import mistakes_part
from convsight.report.parts.network import NetworkFound
from convsight.report.parts.numbers import numbers_part
from convsight.report.parts.part import Part
from convsight.report.parts.summary import summary
from convsight.report.parts.training import curves_part
from convsight.report.shown import Shown
from convsight.run import Run
from convsight.words import counted

_PICTURES = 3_400_000  # bytes of all pictures: with all words less than the 5 MB that mail takes
_SHEET = 1_200  # px of the longer side


def report_file(run: Run) -> Path:
    """Where the page about a run lies."""
    return run.path / "report.html"


def write_report(run: Run, out: Path | None = None, dataset: Dataset | None = None) -> tuple[Path, list[str]]:
    """Write the page about `run` to `out`, by default into its folder; returns where, and what was left out and why.

    `dataset` are its data as they were cut, where they are at hand. Raises `UserError` where the run holds no network,
    and where the page cannot be written.
    """
    evidence = evidence_of(run, run.card, dataset)
    place = out or report_file(run)
    write_atomic(place, report_html(evidence))
    return place, evidence.left_out


def report_html(evidence: Evidence) -> str:
    """The page; what it has to do without is added to `evidence.left_out`, and said on it."""
    room = Room(_PICTURES)
    card = evidence.card
    shown = Shown(evidence.dataset, card.input, evidence.settings.max_megapixels, room)
    network = NetworkFound(evidence)
    # What matters most takes its room first.
    mistakes, numbers = mistakes_part(evidence, shown, room), numbers_part(evidence, room)
    doubts = doubts_part(evidence, shown)
    data, seen = data_part(evidence, shown), _seen_part(evidence, room)
    why, cost = explanations_part(evidence), cost_part(evidence)
    ordered = (numbers, mistakes, curves_part(evidence), data, doubts, seen, network.part, why, cost)
    parts = [*(part for part in ordered if part is not None), again_part(evidence)]
    _tell_refused(evidence, shown)
    title = f"{evidence.run.path.name}: {card.task} of {card.target.summary}"
    body: list[Piece] = [
        tag("header", tag("h1", title), *summary(evidence, network.parameters)),
        *_left_out(evidence),
        contents([(part.name, part.heading) for part in parts]),
        tag("main", *(part.drawn for part in parts)),
    ]
    return page(title, *body, own_style=network.style)


def _seen_part(evidence: Evidence, room: Room) -> Part | None:
    """Training pictures as the network saw them: the sheet that the training drew."""
    file = evidence.run.path / "varied.png"
    if not file.is_file():
        return None
    try:
        with Image.open(io.BytesIO(file.read_bytes())) as image:
            source = room.take(small(image.convert("RGB"), _SHEET))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        evidence.left_out.append(f"training pictures as the network saw them: {error}")
        return None
    if source is None:
        return None
    words = "Rows of training images: each as it is, then as the first epochs saw it, with what was to be learnt of it"
    lines = [line for line in evidence.said if line.startswith(("augmentation", "no variation", "no flips", "strong"))]
    drawn: list[Piece] = [picture(source, words, words), *(paragraph(line, kind="dim") for line in lines)]
    return Part("seen", "Training images as the network saw them", drawn)


def _tell_refused(evidence: Evidence, shown: Shown) -> None:
    if shown.refused:
        evidence.left_out.append(f"{counted(shown.refused, 'picture')}: there is no room for them on a page of 5 MB")
    if shown.failed:
        evidence.left_out.append(f"{counted(shown.failed, 'picture')} that cannot be read any more")


def _left_out(evidence: Evidence) -> list[Markup]:
    """What the page had to do without."""
    if not evidence.left_out:
        return []
    items = [tag("li", words) for words in evidence.left_out]
    return [tag("aside", tag("strong", "Left out of this report"), tag("ul", *items), class_="left-out")]
