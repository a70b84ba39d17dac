"""`Part`: a section of the page about a run."""

from collections.abc import Sequence
from typing import NamedTuple

from convsight.pages.markup import Markup, Piece
from convsight.pages.page import section


class Part(NamedTuple):
    """The name that links go to, the heading, and what stands below it."""

    name: str
    heading: str
    body: Sequence[Piece]

    @property
    def drawn(self) -> Markup:
        """The section as HTML."""
        return section(self.name, self.heading, *self.body)
