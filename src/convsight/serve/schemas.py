"""The JSON documents of the server, as its OpenAPI page describes them."""

from typing import Any

from pydantic import BaseModel, Field

from convsight.card import Card
from convsight.serve.uploads import PicturesDocument


class Answers(BaseModel):
    """The answers of one request."""

    model: str
    answers: list[dict[str, Any]] = Field(
        description='For every picture, in order: its "file" name and the answer, or an "error".'
    )


class Refused(BaseModel):
    """Why there is no answer."""

    error: str


class ServedModel(BaseModel):
    """A model and what runs it."""

    name: str
    engine: str
    precision: str
    processor: str
    card: Card


class ServedModels(BaseModel):
    """All models of a server."""

    models: list[ServedModel]


class Running(BaseModel):
    """What runs a model."""

    engine: str
    precision: str
    processor: str


class Health(BaseModel):
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
            "application/json": {"schema": PicturesDocument.model_json_schema()},
        },
    }
}

PREDICT_RESPONSES: dict[int | str, dict[str, Any]] = {
    400: {"model": Refused, "description": "The body is not what its type says, or no model was named."},
    404: {"model": Refused, "description": "Unknown model."},
    408: {"model": Refused, "description": "The body came too slowly."},
    413: {"model": Refused, "description": "The body is too large, or holds too many pictures."},
    415: {"model": Refused, "description": "Another content type."},
    422: {"model": Answers, "description": "None of the pictures could be read."},
    500: {"model": Answers, "description": "The server failed on all of them."},
    503: {"model": Refused, "description": "Too much to do; try again after the seconds in Retry-After."},
    504: {"model": Refused, "description": "The answer took too long."},
}
