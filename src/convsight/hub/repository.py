"""What a user means by OWNER/NAME: a repository of the hub, or a folder on this machine."""

import re
from pathlib import Path
from typing import NamedTuple

from convsight.errors import UserError

_MARK = "hf://"
_WORD = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9])?"
_REPOSITORY = re.compile(rf"{_WORD}/{_WORD}")


class Repository(NamedTuple):
    """A repository of the Hugging Face hub."""

    owner: str
    name: str

    @property
    def id(self) -> str:
        """Owner and name as the hub writes them."""
        return f"{self.owner}/{self.name}"


def find_repository(words: str) -> Repository | Path:
    """The repository where `words` are OWNER/NAME and there is no folder OWNER here; else the folder.

    `hf://OWNER/NAME` is a repository in any case, and `./OWNER/NAME` a folder. Raises `UserError` for what is neither.

    >>> find_repository("ada/shapes"), find_repository("./ada/shapes") == Path("ada/shapes")
    (Repository(owner='ada', name='shapes'), True)
    """
    marked = words.startswith(_MARK)
    found = words.removeprefix(_MARK)
    if _REPOSITORY.fullmatch(found) and (marked or not Path(found).parent.exists()):
        return Repository(*found.split("/"))
    if marked:
        raise UserError(f"{words} is no repository; give {_MARK}OWNER/NAME, in letters, digits, '-', '_' and '.'")
    if not words:
        raise UserError("the place is empty; give OWNER/NAME of the hub, or a folder")
    return Path(words).expanduser()
