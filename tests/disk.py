"""What reaches the disk, and in which order: calls of the system seen on their way."""

import os
from pathlib import Path

import pytest


class Disk:
    """The syncs and renames under `folder`, as ("sync", name) and ("rename", new name), in the order they came."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder.resolve()
        self.events: list[tuple[str, str]] = []
        sync, rename, replace, unlink = os.fsync, os.rename, os.replace, os.unlink

        def seen_sync(descriptor: int) -> None:
            self._see("sync", str(Path(f"/proc/self/fd/{descriptor}").readlink()))
            sync(descriptor)

        def seen_rename(source: str, target: str) -> None:
            rename(source, target)
            self._see("rename", target)

        def seen_replace(source: str, target: str) -> None:
            replace(source, target)
            self._see("rename", target)

        def seen_unlink(path: str) -> None:
            unlink(path)
            self._see("unlink", path)

        monkeypatch.setattr(os, "fsync", seen_sync)
        monkeypatch.setattr(os, "rename", seen_rename)
        monkeypatch.setattr(os, "replace", seen_replace)
        monkeypatch.setattr(os, "unlink", seen_unlink)

    def _see(self, kind: str, path: str) -> None:
        place = Path(path).absolute()
        if place.is_relative_to(self._folder):
            name = str(place.relative_to(self._folder))
            self.events.append((kind, "temporary" if place.name.startswith(".writing-") else name))
