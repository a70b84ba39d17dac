"""`ImageError`: one image that cannot be used; `TooLargeError`: since it is too large."""

from convsight.errors import UserError


class ImageError(UserError):
    """An image is missing, damaged, too large or no image; the message names it, the reason and the fix."""


class TooLargeError(ImageError):
    """An image has more pixels than are allowed."""
