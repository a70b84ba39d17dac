"""The explanations: which methods were seen to say something of this network, as their ranking was stored."""

from convsight.errors import UserError
from convsight.explain.evidence.place import stored_ranking
from convsight.explain.evidence.verdict import Judgement
from convsight.pages.markup import Piece
from convsight.pages.page import paragraph, table
from convsight.report.evidence import Evidence
from convsight.report.parts.part import Part
from convsight.words import counted


def explanations_part(evidence: Evidence) -> Part | None:
    """The verdict on each method that was ranked; None where none was, or only for a network that is no more."""
    try:
        found = stored_ranking(evidence.run.path, evidence.card)
    except UserError as error:
        evidence.left_out.append(f"explanations: {error}")
        return None
    if found is None or not found.methods:
        return None
    rows: list[list[Piece]] = [_row(name, judged) for name, judged in found.judgements.items()]
    head = ("method", "verdict", "E", "95 % interval", "why")
    words = (
        f"Methods of `convsight explain`, ranked on {counted(len(found.pictures), 'picture')} of {found.of.data}. E is "
        "how much sooner the answer is lost where what a map calls important is taken away first than where it is last."
    )
    made = table(head, rows, "Methods, the most trusted first", numbers=(2, 3))
    return Part("explanations", "What its explanations are worth", [paragraph(words), made])


def _row(name: str, judged: Judgement) -> list[Piece]:
    value = "" if judged.e is None else f"{judged.e.value:.3f}"
    ends = "" if judged.e is None else judged.e.interval(" to ", 3)
    return [name, str(judged.verdict), value, ends, judged.why]
