"""A folder that appears whole or not at all."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from convsight.errors import UserError


@contextmanager
def new_folder(place: Path) -> Iterator[Path]:
    """A folder to fill, which becomes `place` where the block ends well; else nothing is left of it.

    Raises `UserError` where `place` already holds something, or cannot be written.
    """
    place = place.absolute()
    if place.resolve() == Path.cwd().resolve():
        raise UserError(f"{place} is the folder this command runs in, which cannot be replaced; name one in it")
    if place.exists() and not (place.is_dir() and not any(place.iterdir())):
        raise UserError(f"{place} is there already, and not an empty folder; name another")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".writing-", dir=place.parent) as work:
            draft = Path(work) / "draft"
            draft.mkdir()
            yield draft
            if place.exists():
                place.rmdir()
            draft.rename(place)
    except OSError as error:
        raise UserError(
            f"cannot write {place}: {error.strerror or error}; free some space, or write elsewhere"
        ) from error
