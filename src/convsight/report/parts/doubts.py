"""The labels that may be wrong: their pictures, what they are called, and what they rather are."""

from convsight.errors import UserError
from convsight.pages.markup import Piece, tag
from convsight.pages.page import paragraph
from convsight.report.doubts import read_doubts
from convsight.report.evidence import Evidence
from convsight.report.parts.part import Part
from convsight.report.shown import Shown
from convsight.words import counted, shortened

_SHOWN = 36  # pictures
_SIDE = 112  # px
_NAME = 24


def doubts_part(evidence: Evidence, shown: Shown) -> Part | None:
    """The doubted labels with their pictures; None where nobody looked for any."""
    try:
        found = read_doubts(evidence.run)
    except UserError as error:
        evidence.left_out.append(f"labels that may be wrong: {error}")
        return None
    if found is None:
        return None
    many = counted(len(found.labels), "label")
    told = "is" if len(found.labels) == 1 else "are"
    body: list[Piece] = [
        paragraph(
            f"{many} of {found.looked_at:,} {told} doubted by what learnt from other images alone; about "
            f"{found.wrong:.1%} may be wrong. What looks wrong may be rare, and right: a person must judge."
        )
    ]
    items = []
    for each in found.labels[:_SHOWN]:
        given = f"labelled {shortened(each.given, _NAME)} ({each.given_probability:.3f})"
        likely = f"rather {shortened(each.likely, _NAME)} ({each.likely_probability:.3f})"
        items.append(shown.item(each.split, each.name, [given, likely], _SIDE))
    if items:
        body += [tag("h3", "The most doubtful first"), tag("ul", *items, class_="pictures")]
    if len(found.labels) > _SHOWN:
        body.append(
            paragraph(f"{len(found.labels) - _SHOWN:,} more are in doubtful.json beside this page.", kind="dim")
        )
    return Part("doubts", "Labels that may be wrong", body)
