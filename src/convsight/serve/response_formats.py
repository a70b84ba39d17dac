"""What predictions can be sent as: JSON, the image with its prediction drawn on it, or an archive of files."""

import json
from collections.abc import Mapping
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from convsight.errors import UserError
from convsight.explain.importance_map import ImportanceMap
from convsight.images import decoding
from convsight.inputs import ImageInput, InputSpec, VolumeInput, shown_range
from convsight.results import Drawable, Result, WithFiles
from convsight.runtime.located_files import located_files
from convsight.runtime.original import original_picture
from convsight.runtime.output_folder import safe_name
from convsight.serve.content_negotiation import acceptable
from convsight.serve.pending_request import JsonPrediction
from convsight.serve.refusal import RefusedError
from convsight.tasks.reader import Reader, can_draw, require_drawing

JSON = "application/json"
PNG = "image/png"
ZIP = "application/zip"

# The form of the documents that the server answers with; another number where a client would have to be changed.
DOCUMENT_VERSION = 1

_QUICK = 1  # of the levels of PNG: a quarter of the time of the usual one, for a sixth more bytes
_COMPRESSED = frozenset({"png", "jpg", "jpeg", "webp", "npz", "zip", "gz"})  # suffixes of what packs no closer


def formats_for(accept: str, reader: Reader) -> list[str]:
    """The formats that a client takes and the results of `reader` can have, the most wanted first.

    Raises `RefusedError` with status 406 where there is none.
    """
    offered = [JSON, PNG, ZIP] if can_draw(reader) else [JSON, ZIP]
    formats = acceptable(accept, offered)
    if not formats and acceptable(accept, [PNG]):
        try:
            require_drawing(reader, PNG, f"ask for {JSON} or {ZIP}")
        except UserError as error:
            raise RefusedError(406, str(error)) from None
    if not formats:
        raise RefusedError(406, f"none of the types in Accept can be had: ask for {', '.join(offered)}")
    return formats


def explained_formats_for(accept: str) -> list[str]:
    """The same of explanations: JSON, a map over the one image that was sent, or an archive of all files of maps."""
    offered = [JSON, PNG, ZIP]
    formats = acceptable(accept, offered)
    if not formats:
        raise RefusedError(406, f"none of the types in Accept can be had: ask for {', '.join(offered)}")
    return formats


def format_of(formats: list[str], images: int) -> str:
    """The first of `formats` that so many images can be answered in.

    Raises `RefusedError` with status 406 where that is none: an image is the prediction of one.
    """
    fitting = [name for name in formats if name != PNG or images == 1]
    if not fitting:
        raise RefusedError(406, f"{PNG} is the prediction of one image, and {images} were sent: ask for {ZIP}")
    return fitting[0]


def json_document(model: str, content: Mapping[str, Any]) -> bytes:
    """A JSON document of `model`."""
    return json.dumps({"version": DOCUMENT_VERSION, "model": model, **content}, separators=(",", ":")).encode()


def drawn_png(result: Drawable, file: bytes, max_megapixels: float, spec: InputSpec | None = None) -> bytes:
    """The image in `file` with `result` drawn on it, as a PNG file; `spec` is what the network takes."""
    png = BytesIO()
    if isinstance(spec, VolumeInput) or (isinstance(spec, ImageInput) and not spec.is_rgb):
        result.draw(original_picture(spec, file, max_megapixels)).save(png, "PNG", compress_level=_QUICK)
        return png.getvalue()
    # Large images are decoded, and drawn on, one after the other.
    with decoding(file, None, max_megapixels, shown=shown_range(spec) if spec else None) as decoded:
        result.draw(decoded.image).save(png, "PNG", compress_level=_QUICK)
    return png.getvalue()


class Archive:
    """A ZIP file in memory: for each image its prediction as JSON, drawn where it can be, and files of its own.

    The same predictions give the same bytes.
    """

    def __init__(self, model: str, max_megapixels: float, spec: InputSpec | None = None, *, draws: bool = True) -> None:
        """Images are drawn on as `drawn_png` does it, and only where the model `draws`."""
        self._model = model
        self._draws = draws
        self._max_megapixels = max_megapixels
        self._spec = spec
        self._file = BytesIO()
        self._zip = ZipFile(self._file, "w")

    def add(self, position: int, prediction: JsonPrediction, result: Result | None, file: bytes) -> int:
        """Put in what became of the `position`-th image, whose content is `file`; returns by how many bytes it grew."""
        before = self._file.tell()
        # Of the client's name nothing is left that could be a path.
        stem = f"{position:06d}-{safe_name(str(prediction['file']))}"
        self._write(f"{stem}.json", json_document(self._model, prediction))
        if self._draws and isinstance(result, Drawable):
            self._write(f"{stem}.drawn.png", drawn_png(result, file, self._max_megapixels, self._spec))
        if isinstance(result, WithFiles):
            files = located_files(self._spec, file, result) if self._spec else result.files()
            for suffix, content in files.items():
                self._write(f"{stem}.{suffix}", content)
        return self._file.tell() - before

    def add_map(self, position: int, answer: JsonPrediction, found: ImportanceMap | None) -> int:
        """Put in the files of a map, called as `convsight explain` calls them, or why there is none, as JSON."""
        before = self._file.tell()
        stem = f"{position:06d}-{safe_name(str(answer['file']))}"
        if found is None or found.picture is None:
            self._write(f"{stem}.json", json_document(self._model, answer))
        else:
            for suffix, content in found.files(found.picture()).items():
                self._write(f"{stem}.{found.method}.{suffix}", content)
        return self._file.tell() - before

    def close(self) -> memoryview:
        """The whole file; nothing can be put in any more."""
        self._zip.close()
        return self._file.getbuffer()

    def _write(self, name: str, content: bytes) -> None:
        entry = ZipInfo(name)
        entry.external_attr = 0o644 << 16  # without, whoever unpacks it may not read it
        packs = name.rpartition(".")[2] not in _COMPRESSED
        self._zip.writestr(entry, content, ZIP_DEFLATED if packs else ZIP_STORED)
