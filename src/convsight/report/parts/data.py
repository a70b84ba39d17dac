"""The data: how many images there are of what, some of them, and what was noticed."""

from collections.abc import Sequence

import numpy as np

from convsight.datasets import Split
from convsight.pages.markup import Markup, Piece, tag
from convsight.pages.page import details, paragraph, share_bar, table
from convsight.report.evidence import Evidence
from convsight.report.parts.part import Part
from convsight.report.shown import Shown
from convsight.spread import evenly
from convsight.words import counted, shortened

_SAMPLES = 120  # pictures in all
_OF_EACH = 4
_PLACED = 12  # pictures in which something has a place, which are shown larger
_SIDE, _LARGE_SIDE = 96, 320  # px
_MOST_ROWS = 40  # classes in sight
_NOTED = ("note:", "warning:")


def data_part(evidence: Evidence, shown: Shown) -> Part:
    """Counts of splits and classes, samples, and the notes of the training."""
    card = evidence.card
    parts = [f"{counted(count, 'image')} for {name}" for name, count in evidence.parts.items()]
    body: list[Piece] = [paragraph(f"{card.data.get('name', 'The data')}: {', '.join(parts) or 'not counted'}.")]
    counts = card.data.get("train_counts")
    if isinstance(counts, dict) and counts:
        body.append(_counts(counts, card.target.nouns))
    body += _samples(evidence, shown)
    notes = [line for line in evidence.said if line.startswith(_NOTED)]
    if notes:
        body += [tag("h3", "What was noticed"), tag("ul", *(tag("li", note) for note in notes))]
    look = f"convsight audit {card.data.get('name', 'DATA')} --splits-of {evidence.called}"
    words = f"Duplicates, odd images and more are looked for by: {look}; with --doubtful labels that may be wrong, too"
    body.append(paragraph(words, kind="dim"))
    return Part("data", "The data", body)


def _counts(counts: dict[str, int], nouns: str) -> Markup:
    """How many training images show each class, with bars."""
    most = max(1, *counts.values())
    rows = [[name, f"{count:,}", share_bar(count / most)] for name, count in counts.items()]
    made = table((nouns, "training images", ""), rows, f"Training images of {len(counts):,} {nouns}", numbers=(1,))
    few, many = min(counts.values()), max(counts.values())
    words = f"Training images of each of {len(counts):,} {nouns}: {few:,} to {many:,}"
    return details(words, made, is_open=len(counts) <= _MOST_ROWS)


def _samples(evidence: Evidence, shown: Shown) -> list[Piece]:
    there = shown.split("train") or next(iter(evidence.dataset.splits.values()), None) if evidence.dataset else None
    if there is None:
        return []
    if there.targets[0].places:
        return _placed(there, shown)
    return _grouped(there, shown, evidence.card.target.names)


def _placed(there: Split, shown: Shown) -> list[Piece]:
    """Pictures with what is true of them drawn where it is."""
    items = []
    for position in evenly(len(there), _PLACED).tolist():
        target = there.targets[position]
        found = shown.sample(there.name, position, _LARGE_SIDE, target)
        if found is not None:
            items.append(tag("li", found, shortened(target.summary(), 200)))
    return (
        [tag("h3", f"Some images of {there.name}, with what is true of them"), _list(items, wide=True)] if items else []
    )


def _grouped(there: Split, shown: Shown, names: Sequence[str]) -> list[Piece]:
    """Some pictures of each class; of what has no classes, some pictures and their words."""
    groups = np.asarray(there.targets.strata())
    kinds = np.unique(groups)
    chosen = kinds[evenly(len(kinds), _SAMPLES)]
    each = max(1, min(_OF_EACH if len(kinds) > 1 else _SAMPLES // 6, _SAMPLES // len(chosen)))
    lines = list(there.targets.lines())
    items = []
    for kind in chosen.tolist():
        places = np.flatnonzero(groups == kind)
        for position in places[evenly(len(places), each)].tolist():
            found = shown.sample(there.name, position, _SIDE)
            if found is None:
                continue
            line = lines[position]
            words = line if line in names else there.targets[position].summary()
            items.append(tag("li", found, shortened(words, 60)))
    if not items:
        return []
    some = f", of {len(chosen):,} of {len(kinds):,} groups" if len(chosen) < len(kinds) else ""
    title = f"Some images of {there.name}{some}"
    return [tag("h3", title), _list(items)]


def _list(items: Sequence[Piece], wide: bool = False) -> Markup:
    return tag("ul", *items, class_="pictures wide" if wide else "pictures")
