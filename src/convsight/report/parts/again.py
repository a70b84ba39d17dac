"""How to do it again: the command, the seed, the versions and the fingerprint of the data."""

from convsight.pages.markup import Piece, tag
from convsight.pages.page import facts, paragraph
from convsight.report.command import train_command
from convsight.report.evidence import Evidence
from convsight.report.parts.part import Part


def again_part(evidence: Evidence) -> Part:
    """What somebody needs to get the same network, and to know that it is."""
    settings, card = evidence.settings, evidence.card
    body: list[Piece] = [tag("pre", train_command(settings))]
    if settings.given:
        body.append(paragraph(f"Beside its settings the training was given by a program: {', '.join(settings.given)}."))
    if settings.minutes is not None and evidence.chosen.get("epochs"):
        epochs = evidence.chosen["epochs"]
        body.append(
            paragraph(f"By the clock it came to {epochs} epochs here; the same steps again need --epochs {epochs}.")
        )
    known = {
        "seed": settings.seed,
        "threads": evidence.chosen.get("threads"),
        "fingerprint of the data": card.data.get("fingerprint"),
        "fingerprint of the card": card.fingerprint(),
        **card.versions,
    }
    rows = [(name, str(value)) for name, value in known.items() if value is not None]
    body.append(facts("The same seed, epochs and threads give the same bits", rows))
    return Part("again", "How to do it again", body)
