"""What it costs: time and speed of the training, sizes of files, and the proofs of what was exported."""

import statistics
from pathlib import Path

from convsight.card import Card
from convsight.errors import UserError
from convsight.model_files import read_card
from convsight.pages.markup import Markup, Piece
from convsight.pages.page import facts, table
from convsight.report.evidence import Evidence
from convsight.report.parts.part import Part
from convsight.report.parts.summary import duration
from convsight.units import binary_bytes


def cost_part(evidence: Evidence) -> Part:
    """Measured on the machine that trained it."""
    known = [(name, value) for name, value in _facts(evidence) if value]
    body: list[Piece] = [facts("Measured where it was trained", known)]
    exported = _exported(evidence.run.exported_file)
    if exported is not None and exported.proofs:
        body.append(_proofs(exported))
    return Part("cost", "What it costs", body)


def _facts(evidence: Evidence) -> list[tuple[str, str]]:
    training, chosen = evidence.card.training, evidence.chosen
    speeds = [row["images_per_s"] for row in evidence.rows if row.get("images_per_s", 0) > 0]
    run = evidence.run
    files = [
        (file.name, file.stat().st_size)
        for file in (run.model_file, run.exported_file, run.int8_file)
        if file.is_file()
    ]
    waited = training.get("waited_share")
    return [
        ("training", duration(training["seconds"]) if "seconds" in training else ""),
        ("speed of training", f"{statistics.median(speeds):,.0f} images/s, in the middle epoch" if speeds else ""),
        ("waited for images", f"{waited:.1%} of that time" if waited is not None else ""),
        ("device", f"{chosen.get('device', '')} in {chosen.get('precision', '')}" if chosen.get("device") else ""),
        ("threads", str(chosen.get("threads") or "")),
        ("images a step", str(chosen.get("batch") or "")),
        ("files", ", ".join(f"{name} {binary_bytes(size)}" for name, size in files)),
    ]


def _exported(file: Path) -> Card | None:
    if not file.is_file():
        return None
    try:
        return read_card(file)
    except UserError:
        return None


def _proofs(exported: Card) -> Markup:
    rows = [
        [
            proof.engine,
            proof.precision,
            proof.pixels,
            f"{proof.pictures:,}",
            f"{proof.largest_difference:.2g}",
            proof.agreed,
            "holds" if proof.holds else "does not hold",
        ]
        for proof in exported.proofs
    ]
    head = ("engine", "numbers", "pixels", "images", "largest difference", "same", "proof")
    return table(head, rows, "The exported graph beside the network it came from", numbers=(3, 4, 5))
