"""`convsight explore`: the server of one network, on this machine alone, with the page that looks into it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from convsight.errors import UserError
from convsight.runtime.model import Model, load
from convsight.serve.explore.explored import Explored, ExploreSettings
from convsight.serve.explore.samples import Sample, samples_of
from convsight.serve.explore.whole_data import whole_data
from convsight.serve.server import serve
from convsight.serve.settings import ServeSettings

_NAME = "network"  # under which it is served: there is one alone

Say = Callable[[str], object]


@dataclass(frozen=True)
class ExploreOptions:
    """Which network is looked into, with pictures of which data, and within which limits."""

    model: str
    data: str | None = None
    port: int = 8000
    held_mb: float = 256.0
    max_megapixels: float = 50.0
    engine: str | None = None
    precision: str | None = None


def explore_model(options: ExploreOptions, say: Say) -> None:
    """Serve the page until told to stop; see `server.serve`.

    Raises `UserError` where there is no network, none whose weights can be looked into, or `data` without pictures.
    """
    settings = ServeSettings.of(port=options.port, max_megapixels=options.max_megapixels)
    if options.held_mb <= 0:
        raise UserError(f"--held-mb {options.held_mb:g}: give a number above 0")
    model = load(options.model, options.engine, options.precision)
    whole = partial(whole_data, options.model, model.card, options.data)
    shown = ExploreSettings(tuple(_samples(options, model, say)), options.held_mb, whole)
    explored = Explored(_NAME, model, shown, options.max_megapixels)
    serve({_NAME: model}, settings, say, explored)


def _samples(options: ExploreOptions, model: Model, say: Say) -> list[Sample]:
    try:
        return samples_of(options.model, model.card, options.data)
    except UserError as error:
        if options.data is not None:
            raise
        say(f"note: no pictures to pick from: {error}")
        return []
