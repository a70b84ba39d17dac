"""The verb `push`: a network as a folder for others, written here or uploaded to the hub."""

import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from convsight.card import Card
from convsight.errors import UserError
from convsight.files import write_atomic
from convsight.hub.config import config_text
from convsight.hub.known_files import CONFIG, README
from convsight.hub.model_card import model_card
from convsight.hub.private_paths import check_private
from convsight.hub.remote import upload
from convsight.hub.repository import Repository, find_repository
from convsight.model_files import read_card
from convsight.new_folder import new_folder
from convsight.progress import Listener
from convsight.run import Run, find_weights_file

_LICENCE = re.compile(r"[a-z0-9][a-z0-9.+-]*")


@dataclass(frozen=True)
class Pushed:
    """Where the network is now: a folder, or an address of the hub; and its files."""

    place: str
    files: tuple[str, ...]


def push(path: str | Path, to: str, listener: Listener, *, licence: str | None = None, public: bool = False) -> Pushed:
    """Write the network at `path` to the folder `to`, or upload it where it is OWNER/NAME (see `find_repository`).

    Raises `UserError` where there is no trained network, where its card names a place of this machine, where the folder
    holds something, and for whatever goes wrong on the way to the hub.
    """
    if licence is not None and not _LICENCE.fullmatch(licence):
        raise UserError(f"--license {licence}: give the hub's name of a licence, such as apache-2.0, mit or other")
    source = find_weights_file(path)
    place = find_repository(to)
    if isinstance(place, Path):
        with new_folder(place) as folder:
            _fill(folder, source, place.absolute().name, None, licence, listener)
            files = _files(folder)
        return Pushed(str(place), files)
    with tempfile.TemporaryDirectory(prefix="convsight-") as temporary:
        folder = Path(temporary)
        _fill(folder, source, place.name, place, licence, listener)
        return Pushed(upload(folder, place, public=public), _files(folder))


def _fill(
    folder: Path, source: Path, name: str, repository: Repository | None, licence: str | None, listener: Listener
) -> None:
    card = read_card(source)
    check_private(card)
    exported = _exported(source, card, listener)
    shutil.copyfile(source, folder / Run(folder).model_file.name)
    if exported is not None:
        shutil.copyfile(Run(source.parent).exported_file, Run(folder).exported_file)
    write_atomic(folder / CONFIG, config_text(card))
    write_atomic(folder / README, model_card(card, exported, name, repository and repository.id, licence))


def _exported(source: Path, card: Card, listener: Listener) -> Card | None:
    """The card of the graph beside the model file, if it is of the same network."""
    file = Run(source.parent).exported_file
    if not file.is_file():
        listener.say(f"no {file.name}: others will need PyTorch to use it; `convsight export` makes one")
        return None
    exported = read_card(file)
    if exported.source() != card:
        listener.say(f"{file} is of another network and left out; `convsight export` makes a new one")
        return None
    check_private(exported)
    return exported


def _files(folder: Path) -> tuple[str, ...]:
    return tuple(sorted(file.name for file in folder.iterdir()))
