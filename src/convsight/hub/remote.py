"""The Hugging Face hub: the only place where convsight speaks to it, and only when a verb was told to."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from convsight.errors import UserError
from convsight.extras import extra
from convsight.hub.known_files import KNOWN, check_size
from convsight.hub.repository import Repository

_TIMEOUT_S = 20.0
_Done = TypeVar("_Done")


def upload(folder: Path, repository: Repository, *, public: bool) -> str:
    """Upload the known files in `folder`, making the repository where there is none; returns its address.

    A new repository is private unless `public`; one that exists stays what it is.
    """

    def work(hub: Any) -> str:
        api = hub.HfApi()
        address = str(api.create_repo(repository.id, private=not public, exist_ok=True))
        message = "Network pushed by convsight"
        api.upload_folder(repo_id=repository.id, folder_path=folder, allow_patterns=list(KNOWN), commit_message=message)
        return address

    return _asked(work, repository)


def download(folder: Path, repository: Repository, revision: str | None) -> str:
    """Download the known files of the repository into `folder`, checked for size first; returns the commit.

    All come from one commit, even where somebody pushes meanwhile.
    """

    def work(hub: Any) -> str:
        info = hub.HfApi().model_info(repository.id, revision=revision, files_metadata=True, timeout=_TIMEOUT_S)
        found = {file.rfilename: file.size for file in info.siblings or () if file.rfilename in KNOWN}
        for name, size in found.items():
            check_size(name, size or 0, repository.id)
        for name in found:
            hub.hf_hub_download(repository.id, name, revision=info.sha, local_dir=folder)
        return str(info.sha)

    return _asked(work, repository)


def _asked(work: Callable[[Any], _Done], repository: Repository) -> _Done:
    """What `work` returns, given the hub's client; whatever goes wrong on the way is a `UserError`."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    hub = extra("huggingface_hub", "hub")
    try:
        return work(hub)
    except UserError:
        raise
    except Exception as error:  # its own errors, those of its network library and of the disk share no class
        reason = next(iter(str(error).strip().splitlines()), "no reason given")
        raise UserError(f"{repository.id} on the hub: {type(error).__name__}: {reason}; {_advice(error)}") from error


def _advice(error: Exception) -> str:
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status in {401, 403}:
        return "log in with `hf auth login`, or set HF_TOKEN"
    if status == 404:
        return "check owner, name and revision, and log in with `hf auth login` if it is private"
    return "is there a network? A folder needs none: `convsight push RUN FOLDER`, `convsight pull FOLDER`"
