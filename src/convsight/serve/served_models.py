"""Which models are served, and under which names."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from convsight.errors import UserError
from convsight.runtime.find_model import find_deployed
from convsight.runtime.model import Model, load
from convsight.serve.refusal import RefusedError


def load_models(arguments: Iterable[str], engine: str | None = None, precision: str | None = None) -> dict[str, Model]:
    """The models meant by `PATH` or `NAME=PATH`, by name; see `runtime.model.load` for `engine` and `precision`.

    Raises `UserError` where one cannot be loaded, and where two have the same name.
    """
    models: dict[str, Model] = {}
    for argument in arguments:
        name, path = named(argument)
        if name in models:
            raise UserError(f"two models are called {name!r}: give one another name with NAME={path}")
        models[name] = load(path, engine, precision)
    return models


def named(argument: str) -> tuple[str, str]:
    """The name and the path in `PATH` or `NAME=PATH`; a path alone is called like its run folder, or its file.

    >>> named("cats=runs/photos-3")
    ('cats', 'runs/photos-3')
    """
    name, equals, path = argument.partition("=")
    # A path may hold an equals sign itself.
    if equals and not Path(argument).exists():
        if not name or not path or "/" in name or not name.isprintable():
            raise UserError(f"{argument}: a model is given as PATH or NAME=PATH, and a name holds no slash")
        return name, path
    file = find_deployed(argument)[0].resolve()
    return (file.parent.name if file.stem == "model" else file.stem), argument


def choose(models: Mapping[str, Model], name: str | None) -> str:
    """The name of the model that is asked for; with a single model it need not be said.

    Raises `RefusedError`: 404 for an unknown name, 400 where one of several must be named.
    """
    known = ", ".join(models)
    if name is None and len(models) > 1:
        raise RefusedError(400, f"name a model, as /predict/NAME or /predict?model=NAME; known: {known}")
    if name is not None and name not in models:
        raise RefusedError(404, f"unknown model {name[:255]!r}; known: {known}")
    return next(iter(models)) if name is None else name
