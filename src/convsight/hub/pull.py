"""The verb `pull`: a network that somebody pushed, checked before it takes its place."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from convsight.card import Card
from convsight.errors import UserError
from convsight.hub.known_files import KNOWN, check_folder, check_size
from convsight.hub.remote import download
from convsight.hub.repository import find_repository
from convsight.new_folder import new_folder
from convsight.run import RUNS


@dataclass(frozen=True)
class Pulled:
    """The folder, which every verb takes; the card of its network; the commit, where it came from the hub."""

    folder: Path
    card: Card
    commit: str | None


def pull(source: str, to: Path | None = None, revision: str | None = None) -> Pulled:
    """Copy the known files of a network from the folder, or the repository OWNER/NAME, that `source` is.

    They go to `to`, by default to `runs/NAME`. Nothing that could run as code is taken, and nothing is left where the
    files are not those of one network. Raises `UserError` for that, and where `source` cannot be reached.
    """
    place = find_repository(source)
    if isinstance(place, Path) and not place.is_dir():
        raise UserError(f"{source} is neither OWNER/NAME nor a folder")
    if isinstance(place, Path) and revision is not None:
        raise UserError(f"--revision {revision}: the folder {source} has none; only repositories of the hub do")
    destination = to or RUNS / (place.absolute().name if isinstance(place, Path) else place.name)
    commit = None
    with new_folder(destination) as folder:
        if isinstance(place, Path):
            _copy(place, folder)
        else:
            commit = download(folder, place, revision)
            shutil.rmtree(folder / ".cache", ignore_errors=True)  # the client's notes
        card = check_folder(folder, source).card
    return Pulled(destination, card, commit)


def _copy(source: Path, folder: Path) -> None:
    for name in KNOWN:
        file = source / name
        if file.is_file():
            if not file.resolve().is_relative_to(source.resolve()):
                # Whoever pushes the result on would give away a file of this machine.
                raise UserError(
                    f"{source}: {name} is a link to a file outside of it, which is not followed; copy it there"
                )
            check_size(name, file.stat().st_size, source)
            shutil.copyfile(file, folder / name)
