"""The page of a saved explorer: that of the server, with its style, its modules and what they ask in the same file."""

import json
from importlib.resources import files
from typing import Any

from convsight.pages.page import style
from convsight.serve.explore.saved.bundle import bundled

# What the page may do: run what stands in it. It asks nobody.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src blob: data:; base-uri 'none'; "
    "form-action 'none'"
)
_SHEETS = ("style.css", "explore.css", "plane.css", "thresholds.css")
_STYLES = "\n".join(f'<link rel="stylesheet" href="/explore/files/{name}">' for name in _SHEETS)
_SCRIPT = '<script type="module" src="/explore/files/explore.js"></script>'
_OTHER_PAGE = ' · <a href="/">the page for many pictures</a>'


def saved_page(title: str, saved: dict[str, Any], weights: str) -> str:
    """The document; `saved` is what `local.js` reads, `weights` the numbers of the network in base64."""
    head = (
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"<style>\n{style()}{''.join(map(_read, _SHEETS[1:]))}</style>"
    )
    data = json.dumps(saved, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
    body = (
        f'<script type="application/json" id="saved">{data}</script>\n'
        f'<script type="text/plain" id="numbers">{weights}</script>\n'
        f'<script type="module">\n{bundled("explore.js", _module)}</script>'
    )
    page = _read("explore.html")
    for old, new in ((_STYLES, head), (f"{_SCRIPT}\n", ""), (_OTHER_PAGE, ""), ("</body>", f"{body}\n</body>")):
        if page.count(old) != 1:
            raise ValueError(f"the page no longer has {old!r} once")
        page = page.replace(old, new)
    return page.replace("<title>convsight explorer</title>", f"<title>{_escaped(title)}</title>")


def _module(name: str) -> str:
    """The text of a module; in the place of the server stands what computes here."""
    if name == "server.js":
        name = "local.js"
    own = files("convsight.serve.explore.saved") / name
    return own.read_text(encoding="utf-8") if own.is_file() else _read(name)


def _read(name: str) -> str:
    return (files("convsight.serve.explore") / name).read_text(encoding="utf-8")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
