"""`PictureError`: one picture that cannot be used."""

from convsight.errors import UserError


class PictureError(UserError):
    """A picture is missing, damaged, too large or no picture; the message names it, the reason and the fix."""
