"""The mistakes: what was taken for what, with the pictures behind it, and the worst pictures of all."""

from collections.abc import Sequence

from convsight.pages.markup import Markup, Piece, joined, tag
from convsight.pages.page import details, paragraph
from convsight.pages.pictures import Room
from convsight.report.evidence import Evidence
from convsight.report.judgement import Group, Judgement, Table, Worst, told_as
from convsight.report.parts.part import Part
from convsight.report.shown import Shown
from convsight.words import counted, shortened

_OPENED = 40  # groups with their pictures; of further ones the count alone
_SIDE = 112  # px
_WORST = 12
_MOST_LISTED = 200


def mistakes_part(evidence: Evidence, shown: Shown, room: Room) -> Part | None:
    """What is known of wrong answers; None where nothing was kept."""
    found = evidence.judgement
    if found is None:
        return None
    body: list[Piece] = [
        paragraph(f"{found.wrong:,} of {counted(found.images, 'image')} of {found.split} {found.how}.")
    ]
    if found.table:
        body.append(_matrix(found.table, found.groups))
    if found.groups:
        body += _groups(found, shown)
    if found.worst:
        body += _worst(found.worst, room)
    again = f"convsight evaluate {evidence.called} --mistakes FOLDER"
    body.append(paragraph(f"All of them, as a table and as pictures: {again}", kind="dim"))
    return Part("mistakes", "What it gets wrong", body)


def _matrix(found: Table, groups: Sequence[Group]) -> Markup:
    """What each class was taken for; a cell with mistakes leads to their pictures. The diagonal, right, has a frame."""
    targets = {(group.target, group.prediction): _name(number) for number, group in enumerate(groups[:_OPENED])}
    head = tag("tr", tag("th", "true \\ told", scope="col"), *(_class(name, "col") for name in found.columns))
    rows = []
    for name, counts in zip(found.rows, found.counts, strict=True):
        total = max(1, sum(counts))
        cells = []
        for other, count in zip(found.columns, counts, strict=True):
            inside: Piece = "" if count == 0 else f"{count:,}"
            link = targets.get((name, other))
            if count and link and name != other:
                inside = tag("a", inside, href=f"#{link}", aria_label=f"{count:,} {name} told as {other}")
            kind = "right" if name == other else None
            cells.append(tag("td", inside, style=f"--share: {count / total:.3f}", class_=kind))
        rows.append(tag("tr", _class(name, "row"), *cells))
    words = f"True class (row) and what was told (column), in {found.what}; framed: right"
    made = tag("table", tag("thead", head), tag("tbody", *rows), class_="matrix", aria_label=words)
    return joined(
        paragraph(words, kind="dim"), tag("div", made, class_="scroll", tabindex=0, role="region", aria_label=words)
    )


def _class(name: str, scope: str) -> Markup:
    return tag("th", shortened(name, 24), scope=scope, title=name)


def _name(number: int) -> str:
    return f"mistaken-{number + 1}"


def _groups(found: Judgement, shown: Shown) -> list[Piece]:
    """The most frequent mistakes, each of which opens to its pictures."""
    opened = [
        details(_told(group), tag("ul", *_pictures(group, found.split, shown), class_="pictures", id=_name(number)))
        for number, group in enumerate(found.groups[:_OPENED])
    ]
    rest = found.groups[_OPENED:_MOST_LISTED]
    more: list[Piece] = []
    if rest:
        items = [tag("li", _told(group)) for group in rest]
        more = [details(f"{len(rest):,} that are rarer", tag("ul", *items))]
    left = found.more_groups + len(found.groups[_MOST_LISTED:])
    if left:
        more.append(paragraph(f"{left:,} more are rarer still.", kind="dim"))
    return [tag("h3", "What was taken for what, the most frequent first"), *opened, *more]


def _told(group: Group) -> str:
    return f"{told_as(group.kind, group.target, group.prediction)}: {group.count:,}"


def _pictures(group: Group, split: str, shown: Shown) -> list[Markup]:
    return [
        shown.item(split, each.name, [f"{group.kind} {each.severity:.2f}"], _SIDE, each.xyxy) for each in group.pictures
    ]


def _worst(worst: Sequence[Worst], room: Room) -> list[Piece]:
    """The surest wrong answers, drawn when they were judged."""
    items = []
    for each in worst[:_WORST]:
        words = "; ".join(each.words)
        source = room.take(each.picture)
        drawn = tag("img", src=source, alt=f"{each.name}: {words}") if source else ""
        kind = "broad" if each.broad else None
        items.append(tag("li", drawn, shortened(words, 300), tag("br"), tag("small", each.name), class_=kind))
    return [tag("h3", "The worst, the surest first"), tag("ul", *items, class_="pictures wide")]
