"""The pages for people, and what is allowed to every page: to load nothing from anywhere else."""

from functools import cache
from importlib.resources import files

from fastapi.openapi.docs import get_swagger_ui_html

from convsight.explain.method import METHODS
from convsight.pages.page import style
from convsight.serve.refusal import RefusedError

# Scripts and styles stand in the pages themselves or come from this server; all a page may do is ask this server.
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self' 'unsafe-inline'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}

_SWAGGER_UI = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}


@cache
def front_page() -> str:
    """The page to drop images on, in the style of all pages, with a choice of all methods that explain."""
    page = files("convsight.serve").joinpath("front_page.html").read_text(encoding="utf-8")
    page = page.replace("/* what all pages share */", "\n" + style())
    return page.replace("<!-- methods -->", "".join(f'<option value="{name}">{name}</option>' for name in METHODS))


@cache
def docs_page() -> bytes:
    """The page that shows the OpenAPI document by Swagger UI, and lets people try it out."""
    script, style = (f"docs/{name}" for name in _SWAGGER_UI)
    page = get_swagger_ui_html(
        openapi_url="openapi.json",
        title="convsight: the interface",
        swagger_js_url=script,
        swagger_css_url=style,
        swagger_favicon_url="data:,",
        swagger_ui_parameters={"validatorUrl": "none"},  # it would be asked elsewhere
    )
    return bytes(page.body)


def swagger_ui_file(name: str) -> tuple[bytes, str]:
    """A file of Swagger UI, as the package fastapi-swagger brings it, and its media type.

    Raises `RefusedError` with status 404 for a name that the page does not ask for.
    """
    if name not in _SWAGGER_UI:
        raise RefusedError(404, "Not Found")
    return files("fastapi_swagger.resources").joinpath(name).read_bytes(), _SWAGGER_UI[name]
