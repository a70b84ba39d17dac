"""`acceptable`: which of some media types a client takes, by the Accept header of its request (RFC 9110, 12.5.1)."""

from collections.abc import Sequence
from typing import NamedTuple


class _Range(NamedTuple):
    """Media types that a client takes: `image/png`, `image/*` or `*/*`; of quality 0 to 1, 0 for those it does not."""

    name: str
    quality: float

    def specificity(self, media_type: str) -> int:
        """How closely `media_type` is meant: 3 by its name, 2 by its kind, 1 as any, 0 not at all."""
        kind = media_type.partition("/")[0]
        return {media_type: 3, f"{kind}/*": 2, "*/*": 1}.get(self.name, 0)


def acceptable(accept: str, offered: Sequence[str]) -> list[str]:
    """Those media types of `offered` that a client takes which sent the header `accept`; the most wanted first.

    Of equally wanted ones the one that is meant more closely comes first, then the one that is offered first. Without a
    header all are taken. What is no media range is passed over, and so are parameters but `q`.

    >>> formats = ["application/json", "image/png", "application/zip"]
    >>> acceptable("image/*, application/*;q=0.5, application/zip;q=0", formats)
    ['image/png', 'application/json']
    >>> acceptable("*/*", formats) == acceptable("", formats) == formats
    True
    """
    if not accept.strip():
        return list(offered)
    ranges = [found for part in accept.split(",") if (found := _range(part)) is not None]
    wanted: dict[str, tuple[float, int]] = {}
    for media_type in offered:
        closest = max(ranges, key=lambda each: each.specificity(media_type), default=_Range("", 0.0))
        if (closeness := closest.specificity(media_type)) and closest.quality > 0:
            wanted[media_type] = (closest.quality, closeness)
    return sorted(wanted, key=lambda media_type: wanted[media_type], reverse=True)


def _range(part: str) -> _Range | None:
    name, *parameters = (piece.strip().lower() for piece in part.split(";"))
    quality = 1.0
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            try:
                quality = float(value)
            except ValueError:
                return None
    return _Range(name, quality) if "/" in name and 0 <= quality <= 1 else None
