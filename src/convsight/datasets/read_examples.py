"""What becomes of pictures that cannot be read: a message that lists them, or a remark that they are left out."""

from collections.abc import Sequence

from convsight.datasets.fitted import Unreadable
from convsight.errors import UserError
from convsight.progress import Listener

_LISTED = 20  # pictures named in a message


def report_unreadable(unreadable: Sequence[Unreadable], skip: bool, listener: Listener) -> None:
    """Say which pictures are left out, if they are to be skipped; else raise `UserError` with the same list."""
    if not unreadable:
        return
    lines = [f"  {bad.name}: {bad.reason}" for bad in unreadable[:_LISTED]]
    if len(unreadable) > _LISTED:
        lines.append(f"  and {len(unreadable) - _LISTED} more")
    count = f"{len(unreadable)} picture{'s' if len(unreadable) > 1 else ''}"
    listing = "\n".join(lines)
    if not skip:
        raise UserError(
            f"{count} cannot be read:\n{listing}\nmend or remove them, or leave them out: --skip-unreadable"
        )
    listener.say(f"{count} left out, since unreadable:\n{listing}")
