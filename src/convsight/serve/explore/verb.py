"""`convsight explore`: the server of one network, on this machine alone, with the page that looks into it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from convsight.errors import UserError
from convsight.explain.explain import ExplainedModel
from convsight.runtime.model import Model, load
from convsight.serve.explore.explored import Explored, ExploreSettings
from convsight.serve.explore.samples import MOST, Sample, samples_of
from convsight.serve.explore.saved.save import Saved, save_page
from convsight.serve.explore.whole_data import judged_data, whole_data
from convsight.serve.server import serve
from convsight.serve.settings import ServeSettings
from convsight.spread import evenly

_LOOKED_THROUGH = 256  # pictures among which those are found that excite a channel most
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


@dataclass(frozen=True)
class SaveOptions:
    """Into which file a page is written, and with how many pictures at most."""

    file: Path
    pictures: int = 12


def explore_model(options: ExploreOptions, say: Say) -> None:
    """Serve the page until told to stop; see `server.serve`.

    Raises `UserError` where there is no network, none whose weights can be looked into, or `data` without pictures.
    """
    settings = ServeSettings.of(port=options.port, max_megapixels=options.max_megapixels)
    model, explored, _ = _opened(options, _LOOKED_THROUGH, say)
    serve({_NAME: model}, settings, say, explored)


def save_explorer(options: ExploreOptions, save: SaveOptions, say: Say) -> Saved:
    """Write the page as one file that needs no server; raises `UserError` as `explore_model` and `save_page` do."""
    if not 0 <= save.pictures <= MOST:
        raise UserError(f"--pictures {save.pictures}: a page holds 0 to {MOST}")
    if save.file.suffix.lower() not in {".html", ".htm"}:
        raise UserError(f"--save {save.file}: name a file that ends in .html")
    model, explored, samples = _opened(options, save.pictures, say)
    return save_page(ExplainedModel(model), explored, samples, save.file, options.max_megapixels)


def _opened(options: ExploreOptions, pictures: int, say: Say) -> tuple[Model, Explored, list[Sample]]:
    """The network, what looks into it, and at most so many `pictures` of the data, of which some are to pick from."""
    if options.held_mb <= 0:
        raise UserError(f"--held-mb {options.held_mb:g}: give a number above 0")
    model = load(options.model, options.engine, options.precision)
    samples = _samples(options, model, pictures, say) if pictures else []
    picked = [samples[n] for n in map(int, evenly(len(samples), MOST))]
    whole, judged = (partial(find, options.model, model.card, options.data) for find in (whole_data, judged_data))
    shown = ExploreSettings(tuple(picked), options.held_mb, whole, judged, tuple(samples))
    return model, Explored(_NAME, model, shown, options.max_megapixels), samples


def _samples(options: ExploreOptions, model: Model, most: int, say: Say) -> list[Sample]:
    try:
        return samples_of(options.model, model.card, options.data, most)
    except UserError as error:
        if options.data is not None:
            raise
        say(f"note: no pictures to pick from: {error}")
        return []
