"""Images before somebody's eyes: in a notebook, in a window, in a file."""

import io
import sys
from pathlib import Path

from PIL import Image

from convsight.errors import UserError
from convsight.files import write_atomic

_QUALITY = 90  # of JPEG


def in_notebook() -> bool:
    """Whether this process answers the cells of a notebook, which shows what its kernel is told to display."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return shell is not None and hasattr(shell, "kernel")


def show_image(image: Image.Image) -> None:
    """Show `image` in the notebook, or by the program that Pillow finds; raises `UserError` where there is neither."""
    if in_notebook():
        sys.modules["IPython"].display.display(image)
        return
    from PIL import ImageShow  # noqa: PLC0415  # it looks for programs when it is imported

    if not ImageShow.show(image):
        raise UserError("nothing here can show images: save(path) writes this one to a file")


def save_image(image: Image.Image, path: Path) -> Path:
    """Write `image` to `path` as its suffix says, whole or not at all; returns `path`.

    Raises `UserError` for a suffix that is no format's, and where the file cannot be written.
    """
    kind = Image.registered_extensions().get(path.suffix.lower())
    if kind is None or kind not in Image.SAVE:
        raise UserError(f"{path}: the suffix says the format; give a name that ends in .png or .jpg")
    content = io.BytesIO()
    image.save(content, kind, quality=_QUALITY)
    write_atomic(path, content.getvalue())
    return path
