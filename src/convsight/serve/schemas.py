"""The JSON documents of the server, as its OpenAPI page describes them."""

from typing import Any

from pydantic import BaseModel, Field

from convsight.card import Card
from convsight.serve.response_formats import DOCUMENT_VERSION, PNG, ZIP
from convsight.serve.uploads import ImagesDocument


class _Document(BaseModel):
    """A JSON document that says of which form it is."""

    version: int = Field(
        DOCUMENT_VERSION, description="Of this form; another number where a client would have to be changed."
    )


class Predictions(_Document):
    """The predictions of one request."""

    model: str
    answers: list[dict[str, Any]] = Field(
        description='For every image, in order: its "file" name and the prediction, or an "error".'
    )


class Refused(BaseModel):
    """Why there is no answer."""

    error: str


class ServedModel(_Document):
    """A model and what runs it."""

    name: str
    engine: str
    precision: str
    processor: str
    card: Card


class ServedModels(_Document):
    """All models of a server."""

    models: list[ServedModel]


class Running(BaseModel):
    """What runs a model."""

    engine: str
    precision: str
    processor: str


class Health(_Document):
    """That the server is ready, and what runs its models."""

    status: str
    models: dict[str, Running]


_BINARY = {"schema": {"type": "string", "format": "binary"}}
_FORM = {"type": "object", "properties": {"file": {"type": "array", "items": {"type": "string", "format": "binary"}}}}

PREDICT_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "image/*": _BINARY,
            "application/octet-stream": _BINARY,
            "multipart/form-data": {"schema": _FORM},
            "application/json": {"schema": ImagesDocument.model_json_schema()},
        },
    }
}

PREDICT_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "At least one of the images was answered: as JSON; as the one image that was sent, with its "
        "prediction drawn on it; or as an archive of both for each, with what files of its own it has.",
        "content": {PNG: _BINARY, ZIP: _BINARY},
    },
    400: {"model": Refused, "description": "The body is not what its type says, or no model was named."},
    404: {"model": Refused, "description": "Unknown model."},
    406: {"model": Refused, "description": "Accept names nothing that these predictions can be sent as."},
    408: {"model": Refused, "description": "The body came too slowly."},
    413: {"model": Refused, "description": "The body is too large, or holds too many images."},
    415: {"model": Refused, "description": "Another content type."},
    422: {"model": Predictions, "description": "None of the images could be read, or nothing explains them so."},
    500: {"model": Predictions, "description": "The server failed on all of them."},
    503: {"model": Refused, "description": "Too much to do; try again after the seconds in Retry-After."},
    504: {"model": Refused, "description": "The answer took too long."},
}
