"""The images in the body of a request, in each of the three ways to send them."""

import base64
import binascii
import re
from typing import TYPE_CHECKING, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from convsight.serve.refusal import RefusedError
from convsight.words import counted

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

_LONGEST_NAME = 255
# As browsers write a file into a URL (RFC 2397): its type, and how what follows the comma is written.
_DATA_URL = re.compile(r"\s*data:([^,]{0,255}),", re.IGNORECASE)


class Upload(NamedTuple):
    """An image as it was sent. The name is the client's: it is told back, and never used as a path."""

    name: str
    data: bytes


class ImagesDocument(BaseModel):
    """The body of a JSON request."""

    model_config = ConfigDict(extra="forbid")

    pictures: list[str] = Field(min_length=1, description="Image files, each in base64 or as a data: URL of it.")


def is_raw(content_type: str) -> bool:
    """Whether a body of this type is one image file itself."""
    kind = _kind(content_type)
    return kind.startswith("image/") or kind in {"", "application/octet-stream"}


def uploads(body: bytes, content_type: str, max_pictures: int) -> list[Upload]:
    r"""The images in `body`, in order.

    Raises `RefusedError`: 415 for a type that is none of the three, 400 for a body that is not what its type says or
    holds no image, 413 for more than `max_pictures`.

    >>> uploads(b'{"pictures": ["AAEC"]}', "application/json", 1)
    [Upload(name='pictures[0]', data=b'\x00\x01\x02')]
    """
    if is_raw(content_type):
        return [Upload("body", body)]
    kind = _kind(content_type)
    if kind == "application/json":
        return _from_json(body, max_pictures)
    if kind == "multipart/form-data":
        return _from_multipart(body, content_type, max_pictures)
    raise RefusedError(
        415,
        f"content type {kind!r}: send an image file as image/* or application/octet-stream, files as "
        'multipart/form-data, or {"pictures": ["<base64>", ...]} as application/json',
    )


def _kind(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _from_json(body: bytes, max_pictures: int) -> list[Upload]:
    # An item holds at most one comma, that of a data: URL, so they bound the items before memory is spent on parsing.
    if body.count(b",") >= 2 * max_pictures:
        raise _too_many(max_pictures)
    try:
        document = ImagesDocument.model_validate_json(body)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, problem["loc"])) or "the body"
        raise RefusedError(400, f'{place}: {problem["msg"]}; expected {{"pictures": ["<base64>", ...]}}') from error
    if len(document.pictures) > max_pictures:
        raise _too_many(max_pictures)
    return [Upload(f"pictures[{i}]", _decoded(text, i)) for i, text in enumerate(document.pictures)]


def _decoded(text: str, index: int) -> bytes:
    """The file in base64, which may be that of a data: URL and broken into lines, as MIME and `base64` do."""
    url = _DATA_URL.match(text)
    if url and not url[1].lower().rstrip().endswith(";base64"):
        raise RefusedError(400, f"pictures[{index}] is a data: URL without ;base64; write the file in base64")
    try:
        return base64.b64decode("".join(text[url.end() if url else 0 :].split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise RefusedError(400, f"pictures[{index}] is not base64: {error}") from error


def _from_multipart(body: bytes, content_type: str, max_pictures: int) -> list[Upload]:
    boundary = parse_options_header(content_type)[1].get(b"boundary")
    if not boundary:
        raise RefusedError(
            400, "multipart/form-data without a boundary: let the client's library write the content type"
        )
    form = _Form(max_pictures)
    try:
        parser = MultipartParser(boundary, form.callbacks())
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise RefusedError(400, f"the multipart form cannot be parsed: {error}") from error
    if not form.is_whole:
        raise RefusedError(400, "the multipart form is cut short: its last boundary is missing")
    if not form.uploads:
        raise RefusedError(400, "the multipart form holds no file")
    return form.uploads


class _Form:
    """Collects the parts of a form; the body is in memory already, so nothing is spooled to disk."""

    def __init__(self, max_pictures: int) -> None:
        self.uploads: list[Upload] = []
        self.is_whole = False
        self._max_images = max_pictures
        self._field = self._value = b""
        self._name = ""
        self._pieces: list[bytes] = []

    def callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._add_field,
            "on_header_value": self._add_value,
            "on_header_end": self._end_header,
            "on_part_data": self._add_data,
            "on_part_end": self._end,
            "on_end": self._finish,
        }

    def _begin(self) -> None:
        if len(self.uploads) == self._max_images:
            raise _too_many(self._max_images)
        self._name, self._pieces = "", []

    def _add_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._field.lower() == b"content-disposition":
            options = parse_options_header(self._value)[1]
            name = options.get(b"filename") or options.get(b"name") or b""
            self._name = name.decode("utf-8", "replace")[:_LONGEST_NAME]
        self._field = self._value = b""

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        self._pieces.append(data[start:end])

    def _end(self) -> None:
        self.uploads.append(Upload(self._name, b"".join(self._pieces)))

    def _finish(self) -> None:
        self.is_whole = True


def _too_many(max_pictures: int) -> RefusedError:
    return RefusedError(413, f"more than {counted(max_pictures, 'image')} in one request: send several requests")
