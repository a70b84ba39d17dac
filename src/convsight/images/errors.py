"""`ImageError`: one picture that cannot be used."""

from convsight.errors import UserError


class ImageError(UserError):
    """A picture is missing, damaged, too large or no picture; the message names it, the reason and the fix."""
