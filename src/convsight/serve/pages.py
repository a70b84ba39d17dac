"""The two pages for people; they load nothing from anywhere else."""

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
    return files("convsight.serve").joinpath("page.html").read_text(encoding="utf-8")


DOCS_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>convsight: the interface</title>
<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}
pre{background:#eee;padding:.7rem;overflow-x:auto}</style>
<h1>The interface</h1>
<p>Every endpoint, parameter and answer is described in <a href="/openapi.json">openapi.json</a> (OpenAPI 3.1), which
tools such as Swagger UI, Postman or a client generator read.</p>
<p>A picture is sent in one of three ways; with several models, ask <code>/predict/NAME</code>:</p>
<pre>curl -H "Content-Type: image/jpeg" --data-binary @cat.jpg http://HOST:PORT/predict
curl -F file=@cat.jpg -F file=@dog.png http://HOST:PORT/predict
curl --json '{"pictures": ["&lt;base64&gt;", ...]}' http://HOST:PORT/predict</pre>
<p>Further: <a href="/model">/model</a>, <a href="/health">/health</a>, <a href="/metrics">/metrics</a>, and
<a href="/">a page to drop pictures on</a>.</p>
</html>
"""
