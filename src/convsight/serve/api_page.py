"""`api_page`: the interface as a page for people, made from the OpenAPI document. It has no script."""

import json
import re
import shlex
from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import Any
from urllib.parse import quote

from convsight.serve.settings import TOKEN_VARIABLE

Json = dict[str, Any]

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --faint: #5b6472; --accent: #1f5fc4; --good: #1b7a3d;
  --mind: #8a5a00; --bad: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --faint: #a3acb9; --accent: #82b1ff; --good: #6fd08c; --mind: #f0bd5e; --bad: #ff9a90; }
}
* { box-sizing: border-box; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 76rem; padding: 1.5rem 1rem 4rem; }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
h1 { font-size: 1.4rem; margin: 0; }
h2 { font-size: 1.05rem; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h3 { font-size: .8rem; margin: 1rem 0 .3rem; color: var(--faint); text-transform: uppercase; letter-spacing: .05em; }
p { margin: .25rem 0 .5rem; max-width: 48rem; }
code, pre { font: .85rem/1.5 ui-monospace, monospace; }
pre { background: var(--soft); border-radius: .4rem; padding: .6rem .8rem; margin: .4rem 0; overflow-x: auto; }
section { border: 1px solid var(--line); border-radius: .6rem; padding: 1rem; margin: 0 0 1rem; scroll-margin: 1rem; }
section:target { border-color: var(--accent); }
table { border-collapse: collapse; table-layout: fixed; width: 100%; font-size: .92rem; }
th { text-align: left; font-weight: 600; color: var(--faint); }
th, td { padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line); }
td { vertical-align: top; overflow-wrap: anywhere; }
tr:last-child > td { border-bottom: 0; }
th:nth-child(1) { width: 28%; } th:nth-child(2) { width: 32%; }
.answers th:nth-child(1) { width: 4rem; } .answers th:nth-child(2) { width: 60%; }
td p { margin: 0; }
small { color: var(--faint); }
.body { margin: 0 0 1rem; }
nav ul { list-style: none; margin: 0 0 1rem; padding: 0; columns: 12rem; }
.method { font: 700 .75rem/1 ui-monospace, monospace; border: 1px solid; border-radius: .3rem; padding: .15rem .4rem;
  color: var(--good); }
.method.post, .method.put, .method.patch, .method.delete { color: var(--accent); }
.s2 { color: var(--good); } .s4 { color: var(--mind); } .s5 { color: var(--bad); }
@media (min-width: 64rem) {
  .page { display: grid; grid-template-columns: 14rem minmax(0, 1fr); gap: 2rem; }
  nav { position: sticky; top: 1rem; align-self: start; max-height: calc(100vh - 2rem); overflow-y: auto; }
}
"""

# How a body of a type is sent with curl.
_SENDING = {
    "image/*": '-H "Content-Type: image/jpeg" --data-binary @cat.jpg',
    "multipart/form-data": "-F file=@cat.jpg -F file=@dog.png",
    "application/json": '--json "{\\"pictures\\": [\\"$(base64 < cat.jpg | tr -d \'\\n\')\\"]}"',
}

_BEARER = f'-H "Authorization: Bearer ${TOKEN_VARIABLE}"'

_LIMITS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "below {}",
    "minLength": "{} or more characters",
    "maxLength": "{} or fewer characters",
    "minItems": "{} or more items",
    "maxItems": "{} or fewer items",
    "pattern": "matches {}",
    "default": "default {}",
}


def api_page(document: Json, address: str, models: Sequence[str], *, needs_token: bool) -> str:
    """The page of an OpenAPI document: endpoints with curl lines to `address`, then the schemas they name.

    Every text in it is escaped: names of models are the user's, the address is the client's.
    """
    operations = [
        (method, path, operation) for path, item in document["paths"].items() for method, operation in item.items()
    ]
    schemas = document.get("components", {}).get("schemas", {})
    curl = _Curl(address, models[0] if models else "NAME", needs_token)
    title = f"{document['info']['title']} {document['info']['version']}: the interface"
    sections = [_operation(*operation, curl) for operation in operations]
    sections += [_named_schema(name, schema) for name, schema in schemas.items()]
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>\n'
        f"<body><header><h1>{escape(title)}</h1>{_introduction(models)}</header>\n"
        f'<div class="page">{_contents(operations, schemas)}\n<main>\n{"".join(sections)}</main></div></body></html>\n'
    )


class _Curl:
    """Writes curl lines that can be pasted into a shell."""

    def __init__(self, address: str, model: str, needs_token: bool) -> None:
        self._address = address
        self._model = model
        self._token = [_BEARER] if needs_token else []

    def line(self, path: str, sending: Sequence[str] = ()) -> str:
        # What stands in a path is the name of a model.
        filled = re.sub(r"\{\w+\}", lambda _: quote(self._model, safe=""), path)
        return " ".join(["curl", *self._token, *sending, shlex.quote(self._address + filled)])


def _introduction(models: Iterable[str]) -> str:
    names = ", ".join(f'<a href="/model/{quote(name, safe="")}">{escape(name)}</a>' for name in models)
    return (
        f'<p>Models: {names or "none"}. Also: <a href="/">a page to drop pictures on</a>, '
        '<a href="/health">/health</a>, <a href="/metrics">/metrics</a>, and for tools that make clients or test '
        'interfaces the same as <a href="/openapi.json">openapi.json</a>.</p>'
    )


def _contents(operations: Iterable[tuple[str, str, Json]], schemas: Iterable[str]) -> str:
    endpoints = "".join(
        f"<li>{_to(method + path, f'{_method(method)} {escape(path)}')}</li>" for method, path, _ in operations
    )
    names = "".join(f"<li>{_to_schema(name)}</li>" for name in schemas)
    return f"<nav><h3>Endpoints</h3><ul>{endpoints}</ul><h3>Schemas</h3><ul>{names}</ul></nav>"


def _operation(method: str, path: str, operation: Json, curl: _Curl) -> str:
    words = operation.get("description") or operation.get("summary", "")
    body = operation.get("requestBody", {}).get("content", {})
    bodies = "".join(_body(kind, content, curl.line(path, _sending(kind))) for kind, content in body.items())
    return _section(
        method + path,
        f"{_method(method)} {escape(path)}",
        _prose(words)
        + _parameters(operation.get("parameters", []))
        + (f"<h3>Body</h3>{bodies}" if bodies else f"<pre>{escape(curl.line(path))}</pre>")
        + _responses(operation.get("responses", {})),
    )


def _parameters(parameters: Iterable[Json]) -> str:
    rows = [
        _row(
            _name(parameter["name"], f"in {parameter['in']}", required=parameter.get("required", False)),
            _shape(parameter["schema"]),
            _prose(parameter.get("description", "")),
        )
        for parameter in parameters
    ]
    return f"<h3>Parameters</h3>{_table(('name', 'type', 'what'), rows)}" if rows else ""


def _body(kind: str, content: Json, line: str) -> str:
    shape = _shape(content.get("schema", {}))
    return f'<div class="body"><code>{escape(kind)}</code> {shape}<pre>{escape(line)}</pre></div>'


def _sending(kind: str) -> list[str]:
    return [_SENDING.get(kind, f'-H "Content-Type: {kind}" --data-binary @cat.jpg')]


def _responses(responses: Json) -> str:
    rows = [
        _row(
            f'<code class="s{escape(status[:1])}">{escape(status)}</code>',
            _prose(response.get("description", "")),
            "<br>".join(
                f"{_shape(content.get('schema', {}))} <small>{escape(kind)}</small>"
                for kind, content in response.get("content", {}).items()
            ),
        )
        for status, response in sorted(responses.items())
    ]
    return f'<h3>Answers</h3><div class="answers">{_table(("status", "when", "body"), rows)}</div>'


def _named_schema(name: str, schema: Json) -> str:
    return _section(f"schema/{name}", escape(name), _prose(schema.get("description", "")) + _shape(schema))


def _shape(schema: Json) -> str:
    """The type of a value with its limits, or a table of its members where they stand in place."""
    rows = [_member(name, member, schema) for name, member in schema.get("properties", {}).items()]
    return _table(("name", "type", "what"), rows) if rows else _type(schema) + _limits(schema)


def _limits(schema: Json) -> str:
    told = [words.format(_value(schema[key])) for key, words in _LIMITS.items() if key in schema]
    return f" <small>{escape(', '.join(told))}</small>" if told and "prefixItems" not in schema else ""


def _member(name: str, member: Json, schema: Json) -> str:
    is_required = name in schema.get("required", ())
    return _row(_name(name, required=is_required), _shape(member), _prose(member.get("description", "")))


def _type(schema: Json) -> str:
    """What a value is, in words; a schema with a name is a link to it."""
    for key, write in _TYPES.items():
        if key in schema:
            return write(schema[key])
    kinds = schema.get("type", "anything")
    words = kinds if isinstance(kinds, str) else " or ".join(kinds)
    return escape(f"{words} ({schema['format']})" if "format" in schema else words)


def _values_of(members: Json | bool) -> str:
    return f"object of {_type(members)} by name" if members and isinstance(members, dict) else "object"


def _places(places: Iterable[Json]) -> str:
    return "list of " + ", ".join(f"{_type(place)} {escape(place.get('title', ''))}".strip() for place in places)


def _choices(values: Iterable[object]) -> str:
    return " or ".join(f"<code>{escape(_value(value))}</code>" for value in values)


# What tells the type of a value, the first that is there.
_TYPES: dict[str, Callable[[Any], str]] = {
    "$ref": lambda reference: _to_schema(reference.rpartition("/")[2]),
    "anyOf": lambda schemas: " or ".join(map(_type, schemas)),
    "oneOf": lambda schemas: " or ".join(map(_type, schemas)),
    "allOf": lambda schemas: " and ".join(map(_type, schemas)),
    "const": lambda value: _choices([value]),
    "enum": _choices,
    "prefixItems": _places,
    "items": lambda schema: f"list of {_type(schema)}",
    "additionalProperties": _values_of,
}


def _value(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else json.dumps(value, ensure_ascii=False)


def _section(anchor: str, heading: str, content: str) -> str:
    return f'<section id="{escape(anchor)}"><h2>{heading}</h2>{content}</section>\n'


def _to(anchor: str, heading: str) -> str:
    return f'<a href="#{quote(anchor)}">{heading}</a>'


def _to_schema(name: str) -> str:
    return _to(f"schema/{name}", escape(name))


def _method(method: str) -> str:
    return f'<span class="method {escape(method)}">{escape(method.upper())}</span>'


def _name(name: str, *notes: str, required: bool) -> str:
    told = ", ".join([*notes, *(["required"] if required else [])])
    return f"<code>{escape(name)}</code> <small>{escape(told)}</small>"


def _table(columns: Iterable[str], rows: Iterable[str]) -> str:
    head = "".join(f"<th>{column}</th>" for column in columns)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _row(*cells: str) -> str:
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _prose(text: str) -> str:
    """Paragraphs of a docstring, with its code as code."""
    paragraphs = [re.sub("`([^`]+)`", r"<code>\1</code>", escape(part)) for part in text.strip().split("\n\n")]
    return "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs if paragraph)
