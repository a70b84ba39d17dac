"""`ImageError`: one image that cannot be used."""

from convsight.errors import UserError


class ImageError(UserError):
    """An image is missing, damaged, too large or no image; the message names it, the reason and the fix."""
