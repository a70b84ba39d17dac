"""The page to drop pictures on, and what is allowed to every page: to load nothing from anywhere else."""

from functools import cache
from importlib.resources import files

# Scripts and styles stand in the pages themselves; all a page may do is ask this server.
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}


@cache
def front_page() -> str:
    """The page to drop pictures on."""
    return files("convsight.serve").joinpath("front_page.html").read_text(encoding="utf-8")
