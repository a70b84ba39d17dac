"""Files of bands that are not like the rest: other bands, another type, bands of one value, much that says nothing."""

from collections import Counter
from collections.abc import Callable, Iterator

from convsight.datasets.audit.image_hash import BandFacts
from convsight.datasets.audit.image_index import ImageIndex
from convsight.datasets.finding import Entry, Finding
from convsight.words import counted

_MUCH = 0.5  # of the values of an image

_Rows = list[tuple[int, BandFacts]]


def find_odd_bands(index: ImageIndex) -> Iterator[Finding]:
    """Images with other bands or types than most, with bands of one value, or that are nodata in the main."""
    rows = sorted(index.bands.items())
    if not rows:
        return
    yield from _rarer(index, rows, "bands", "other bands", lambda facts: counted(facts.bands, "band"))
    pictures = [row for row in index.readable.tolist() if row not in index.bands]
    if pictures:
        words = f"{counted(len(pictures), 'image')} in grey or colours among {len(rows):,} of bands"
        yield Finding("bands", "wrong", words, tuple(Entry((index.names[row],)) for row in pictures))
    yield from _rarer(index, rows, "band-types", "numbers of another type", lambda facts: facts.dtype)
    constant = [(row, facts) for row, facts in rows if facts.constant]
    if constant:
        words = f"{counted(len(constant), 'image')} with bands of one value only, which say nothing"
        notes = [(row, "bands " + ", ".join(str(band + 1) for band in facts.constant)) for row, facts in constant]
        yield Finding("constant-band", "suspicion", words, _entries(index, notes))
    empty = [(row, f"{facts.missing:.0%}") for row, facts in rows if facts.missing > _MUCH]
    if empty:
        words = f"{counted(len(empty), 'image')} of which more than half is nodata or no number"
        yield Finding("nodata", "suspicion", words, _entries(index, empty))
    share = sum(facts.missing for _, facts in rows) / len(rows)
    if share:
        words = f"{share:.2%} of all values are nodata or no number: a training leaves them out of the range of values"
        yield Finding("nodata-share", "remark", words, ())


def _rarer(
    index: ImageIndex, rows: _Rows, kind: str, what: str, words_of: Callable[[BandFacts], str]
) -> Iterator[Finding]:
    """The images that have something else than most."""
    common, count = Counter(words_of(facts) for _, facts in rows).most_common(1)[0]
    others = [(row, words_of(facts)) for row, facts in rows if words_of(facts) != common]
    if others:
        words = f"{counted(len(others), 'image')} with {what} than the {count:,} of {common}: a network takes one kind"
        yield Finding(kind, "wrong", words, _entries(index, others))


def _entries(index: ImageIndex, notes: list[tuple[int, str]]) -> tuple[Entry, ...]:
    return tuple(Entry((index.names[row],), note) for row, note in notes)
