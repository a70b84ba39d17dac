"""Folders that file servers, systems and programs make beside people's files: thumbnails, bins, snapshots, caches.

What is in them is no data, though its files have the names of images: a thumbnail of every photo, a deleted one.
"""

import re

from convsight.words import first_few

# In lower case.
_NAMES = frozenset(
    {
        # Synology, QNAP and other file servers
        *("@eadir", "#recycle", "#snapshot", "@tmp", "@sharebin", "@recycle", "@recently-snapshot"),
        *(".@__thumb", ".streams", ".snapshot", ".snapshots", ".zfs"),
        # Windows
        *("$recycle.bin", "recycler", "recycled", "system volume information", "thumbs.db"),
        # Linux and its desktops
        *("lost+found", ".thumbnails", ".thumbs", ".xvpics", ".trash", ".picasaoriginals"),
        # macOS, and archives packed there
        *("__macosx", ".appledouble", ".appledb", ".appledesktop", ".spotlight-v100", ".trashes", ".fseventsd"),
        *(".temporaryitems", ".documentrevisions-v100", "network trash folder", "temporary items"),
        # Python, notebooks and version control
        *("__pycache__", ".ipynb_checkpoints", ".git", ".svn", ".hg"),
    }
)
_NUMBERED = re.compile(r"\.trash-\d+|found\.\d{3}")  # a bin for each user, what a disk check found


def is_system_folder(name: str) -> bool:
    """Whether a folder of this name is none of people's own, on any system.

    >>> [is_system_folder(name) for name in ("@eaDir", ".Trash-1000", "$Recycle.Bin", "lost and found")]
    [True, True, True, False]
    """
    return name.lower() in _NAMES or _NUMBERED.fullmatch(name.lower()) is not None


def left_out_words(folders: list[str]) -> str:
    """A note on `folders` that were left out.

    >>> left_out_words(["cats/@eaDir", "dogs/@eaDir"])
    'left out, since a system or file server made them: 2 folders (cats/@eaDir, dogs/@eaDir)'
    """
    count = f"{len(folders):,} folder{'s' if len(folders) > 1 else ''}"
    return f"left out, since a system or file server made them: {count} ({first_few(folders)})"
