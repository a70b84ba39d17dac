"""`convsight predict RUN PICTURE --out MAP.tif`, or `.geojson`: one picture of any size, and where it lies kept."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convsight.card import Card
from convsight.errors import UserError
from convsight.files import beside
from convsight.images import BandsWanted, Georeference, ImageError, RowsWanted, georeference_of, image_size, opened_rows
from convsight.images.bands import require_rasterio
from convsight.inputs import ImageInput
from convsight.memory import available_memory_bytes
from convsight.progress import Listener
from convsight.results import ClassMap, Result
from convsight.results.class_map import pixel_counts
from convsight.runtime.blended import HeldRows, Rows, Strip, Tiles, blended_strips
from convsight.runtime.engine import Engine
from convsight.runtime.find_network import NetworkName, find_network
from convsight.runtime.maps import GEOJSON
from convsight.runtime.maps.draft import MapDraft
from convsight.runtime.maps.geojson_file import write_geojson
from convsight.runtime.maps.geotiff_file import MapBands, block_rows, write_geotiff
from convsight.runtime.model import Model
from convsight.runtime.sources.video_source import VideoSource
from convsight.tasks import reader_of
from convsight.tasks.reader import blendable
from convsight.words import first_few

_COPIES = 3  # of a row of tiles that are in memory at once, counted in float32


@dataclass(frozen=True)
class MapOptions:
    """One picture, in `sources`, and what is wanted of its map.

    Pixels less sure than `reject_below` (0..1) have no class. With `probabilities` a second GeoTIFF holds those of
    every class, as bytes; with `own_crs` outlines have the coordinates of the picture, not longitude and latitude.
    """

    network: NetworkName
    sources: Sequence[str | VideoSource]
    reject_below: float | None = None
    probabilities: bool = False
    own_crs: bool = False
    max_megapixels: float = 100.0


def save_map(options: MapOptions, path: Path, beside: Mapping[str, object], listener: Listener) -> None:
    """Predict the picture, write its map to `path`, and say what it shows.

    A TIFF is read, predicted and written row by row where the network takes tiles, so that its size hardly matters. The
    same call goes on where one was stopped. Options `beside` it, by name, do nothing here.

    Raises `UserError` for what cannot be done, `ImageError` for a bad picture.
    """
    picture = _checked(options, path, beside)
    require_rasterio()
    found = find_network(options.network)
    reader = reader_of(found.card)
    if not issubclass(reader.result, ClassMap):
        raise UserError(f"--out {path}: predictions of {found.card.task} are no map; give a .csv or .jsonl")
    blendable(reader)
    where = georeference_of(picture)
    with ExitStack() as held:
        source = _opened(held, found.card, picture, options, found.engine)
        for note in found.notes:
            listener.say(f"note: {note}")
        listener.say(source.model.words)
        draft = held.enter_context(_draft(source, options, path, picture))
        if draft.is_finished:
            listener.say(f"{path} is there already, whole")
            return
        _predict(source, options, draft, listener)
        _write(source, options, draft, where, listener)


def _checked(options: MapOptions, path: Path, beside: Mapping[str, object]) -> Path:
    """The picture; raises `UserError` for what can be told to be wrong before anything is read."""
    if options.probabilities and _is_geojson(path):
        raise UserError("--probabilities goes with --out and a .tif")
    if options.own_crs and not _is_geojson(path):
        raise UserError("--own-crs goes with --out and a .geojson; a .tif has the coordinates of the picture anyway")
    if options.reject_below is not None and not 0 <= options.reject_below <= 1:
        raise UserError(f"--reject-below {options.reject_below}: give a probability from 0 to 1")
    if idle := [name for name, value in beside.items() if value]:
        raise UserError(f"--out {path}: {idle[0]} does nothing beside a map; leave it out")
    source, *others = options.sources
    if others or not isinstance(source, str) or not Path(source).is_file():
        named = first_few([str(each) for each in options.sources])
        raise UserError(f"--out {path}: a map is of one picture in a file, not of {named}; give a .csv or .jsonl")
    if Path(source).resolve() == path.resolve():
        raise UserError(f"--out {path} is the picture; write elsewhere")
    return Path(source)


def _is_geojson(path: Path) -> bool:
    return path.suffix.lower() == GEOJSON


class _Source(NamedTuple):
    """What a map comes from: a network, and a picture as rows, or whole where that has no tiles."""

    model: Model
    size: tuple[int, int]
    rows: Rows | None
    picture: Path

    @property
    def tiles(self) -> Tiles | None:
        """How the picture is cut."""
        spec = self.model.card.input
        return Tiles(spec, self.size) if self.rows and isinstance(spec, ImageInput) else None


def _opened(held: ExitStack, card: Card, picture: Path, options: MapOptions, engine: Callable[[], Engine]) -> _Source:
    """Raises `ImageError` where the picture can be read neither row by row nor as a whole."""
    spec = card.input
    if not isinstance(spec, ImageInput) or not spec.is_tiled:
        if options.probabilities:
            raise UserError("--probabilities are of networks that take tiles: convsight train DATA --tile 256")
        size = image_size(picture)
        if size is None:
            raise ImageError(f"{picture} is no image that can be read")
        return _Source(Model(card, engine()), size, None, picture)
    wanted = RowsWanted(None if spec.is_rgb else BandsWanted(spec.channels, spec.dtype), spec.low)
    rows: Rows
    try:
        rows = held.enter_context(opened_rows(picture, wanted))
    except ImageError as error:
        try:
            rows = HeldRows(*spec.load(picture, options.max_megapixels)[:2])
        except ImageError as as_a_whole:
            raise ImageError(f"{as_a_whole}; nor is it read row by row, without that limit: {error}") from error
    _check_memory(card, Tiles(spec, rows.size), picture)
    return _Source(Model(card, engine()), rows.size, rows, picture)


def _check_memory(card: Card, tiles: Tiles, picture: Path) -> None:
    """Raise `UserError` where rows of tiles are too wide for the memory there is."""
    needed = 4 * _COPIES * len(card.target.names) * tiles.spec.height * tiles.across.cells
    if needed > (free := available_memory_bytes()):
        raise UserError(
            f"{picture}: a row of tiles of {len(card.target.names)} classes takes {needed / 2**30:.1f} GiB, and "
            f"{free / 2**30:.1f} are free; cut the picture into narrower ones: gdal_translate -srcwin"
        )


def _draft(source: _Source, options: MapOptions, path: Path, picture: Path) -> MapDraft:
    card, engine, status = source.model.card, source.model.engine, picture.stat()
    identity = {
        "model": card.source().fingerprint(),
        "engine": engine.words,
        "reject_below": options.reject_below,
        "probabilities": options.probabilities,
        "own_crs": options.own_crs,
        "picture": [*source.size, status.st_size, status.st_mtime_ns],
    }
    classes = len(card.target.names)
    kind = np.dtype(np.uint8 if _unknown(source) < 256 else np.uint16)
    return MapDraft(path, source.size[0], kind, classes if options.probabilities else 0, identity)


def _unknown(source: _Source) -> int:
    """The index of pixels without a class."""
    return int(getattr(source.model.card.target, "unknown", 255))


def _predict(source: _Source, options: MapOptions, draft: MapDraft, listener: Listener) -> None:
    """Predict what is missing of the draft."""
    rows = 1 if source.tiles is None else len(source.tiles.down)
    if draft.done:
        listener.say(f"{draft.done:,} of {rows:,} rows of tiles are predicted already; going on from there")
    try:
        with listener.counting("predicting rows of tiles", rows) as advance:
            advance(draft.done)
            for found, strip in _found(source, draft.done) if draft.done < rows else ():
                kept = found if options.reject_below is None else found.at_least(options.reject_below)
                draft.add(kept.indices, strip.values if strip and options.probabilities else None)
                advance(1)
            draft.record()
    except KeyboardInterrupt:
        with suppress(OSError):
            draft.record()
        listener.say(f"stopped; the same command goes on after {draft.done:,} of {rows:,} rows of tiles")
        raise


def _found(source: _Source, first: int) -> Iterator[tuple[ClassMap, Strip | None]]:
    """The maps of the rows of tiles from `first` on, with the values they were read from."""
    reader, tiles = source.model.reader, source.tiles
    if tiles is None or source.rows is None:
        yield _map(source.model.predict(source.picture)), None
        return
    reads = blendable(reader)
    for strip in blended_strips(source.model.engine, reads.blended, source.rows, tiles, first):
        yield _map(reads.strip(strip.values)), strip


def _map(found: Result) -> ClassMap:
    assert isinstance(found, ClassMap)  # as the reader said
    return found


def _write(
    source: _Source, options: MapOptions, draft: MapDraft, where: Georeference | None, listener: Listener
) -> None:
    """Make the files of the draft."""
    target, (width, height) = source.model.card.target, source.size
    counts = np.zeros(len(target.names), np.int64)

    def indices(top: int, bottom: int) -> NDArray[Any]:
        found = draft.read(top, bottom)[0]
        counts[:] += pixel_counts(found, len(counts))
        return found[None]

    unknown = _unknown(source)
    bands = MapBands(
        source.size, 1, "uint8" if unknown < 256 else "uint16", unknown, getattr(target, "colours", ()), target.names
    )
    is_geojson = _is_geojson(draft.path)
    raster = beside(draft.path, ".map.tif") if is_geojson else draft.path
    blocks = sum(1 for _ in block_rows(height))
    with listener.counting("writing", blocks * (2 if options.probabilities else 1)) as advance:
        if options.probabilities:
            shares = MapBands(source.size, len(target.names), "uint8", names=target.names, scale=1 / 255)
            place = draft.path.with_name(f"{draft.path.stem}.probabilities{draft.path.suffix}")
            write_geotiff(place, shares, where, lambda top, bottom: draft.read(top, bottom)[1].swapaxes(0, 1), advance)
        write_geotiff(raster, bands, where, indices, advance)
    if is_geojson:
        try:
            regions = write_geojson(
                draft.path,
                raster,
                target.names,
                own_crs=options.own_crs,
                tell=lambda words: listener.say(f"coordinates: {words}"),
            )
        finally:
            raster.unlink(missing_ok=True)
        listener.say(f"{regions:,} regions in {draft.path}")
    draft.finish()
    shown = [
        f"{count / (width * height):.1%} {name}" for name, count in zip(target.names, counts, strict=True) if count
    ]
    listener.say(f"{draft.path}: {', '.join(shown) or 'no class'}; {width:,} x {height:,} px")
