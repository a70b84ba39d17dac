"""`convsight predict`: sources to predictions, and predictions to where the user wants them."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from convsight.card import Card
from convsight.errors import UserError
from convsight.printing import while_read
from convsight.progress import Listener, counting_beside_output
from convsight.results import Boxes, Tabular, Thresholded, require
from convsight.runtime.drawings import Drawings, DrawnVideo
from convsight.runtime.find_network import NetworkName, find_network
from convsight.runtime.model import Model
from convsight.runtime.out import PredictionsFile
from convsight.runtime.prediction import Prediction
from convsight.runtime.print_predictions import PRINTERS, Printer, print_spreadsheet
from convsight.runtime.result_files import ResultFiles
from convsight.runtime.sources import Item, read_sources
from convsight.runtime.sources.folders import LeftOut
from convsight.runtime.sources.resolve import video_named
from convsight.runtime.sources.video import open_video
from convsight.runtime.sources.video_source import VideoSource
from convsight.runtime.video_file import VIDEO, VideoFile
from convsight.tasks import reader_of
from convsight.tasks.reader import columns_of, require_drawing, require_files
from convsight.words import counted


@dataclass(frozen=True)
class PredictOptions:
    """Which images a model shall predict, and what is wanted of the predictions.

    With `reject_below`, a prediction less sure (0..1) is reported as unsure; into `draw` each image is saved with its
    result drawn on it, or as the frames of that .mp4 file, into `files` the files that results bring. Of videos every
    `every`-th frame is predicted. CSV `for_spreadsheets` holds no text that such a program would run.
    """

    network: NetworkName
    sources: Sequence[str | VideoSource]
    reject_below: float | None = None
    draw: Path | None = None
    files: Path | None = None
    every: int = 1
    workers: int = 2
    max_megapixels: float = 100.0
    for_spreadsheets: bool = False


def print_predictions(options: PredictOptions, output: str, listener: Listener, coco_ids: Path | None = None) -> int:
    """Print the predictions as they come; returns how many images have none."""
    if coco_ids and output != "coco":
        raise UserError("--coco-ids goes with --format coco")
    if options.for_spreadsheets and output != "csv":
        raise UserError("--for-spreadsheets goes with --format csv, or with --out and a .csv")
    printer = _coco_printer(coco_ids, options.reject_below) if output == "coco" else PRINTERS[output]
    printer = print_spreadsheet if options.for_spreadsheets else printer
    prepared = _prepared(options, f"--format {output}", output in _TABLES, listener)
    with (
        while_read(),
        prepared.film or nullcontext(),
        counting_beside_output(listener, "predicting") as advance,
        closing(_predictions(options, prepared, listener, advance)) as predictions,
    ):
        failed = printer(predictions, prepared.columns)
        prepared.say_left_out(listener)
        return failed
    return 0  # the reader left, and with it the question what failed


def _coco_printer(ids: Path | None, reject_below: float | None) -> Printer:
    from convsight.datasets.boxes.coco_ids import Ids, read_ids  # noqa: PLC0415  only who asks waits for it
    from convsight.runtime.coco_results import coco_printer  # noqa: PLC0415

    return coco_printer(read_ids(ids) if ids else Ids(), reject_below or 0.0)


def save_predictions(options: PredictOptions, path: Path, listener: Listener) -> int:
    """Append the predictions to a file, after those that it has; returns how many images have none."""
    if options.draw and options.draw.suffix.lower() == VIDEO:
        raise UserError(f"--draw {options.draw}: a video cannot go on as --out does; draw into a folder")
    if options.for_spreadsheets and path.suffix != ".csv":
        raise UserError("--for-spreadsheets goes with --format csv, or with --out and a .csv")
    prepared = _prepared(options, f"--out {path}", path.suffix in _TABLES, listener)
    model = prepared.model
    identity = {
        "model": model.card.source().fingerprint(),
        "engine": model.engine.words,
        "reject_below": options.reject_below,
    }
    with PredictionsFile(path, prepared.columns, identity, spreadsheet=options.for_spreadsheets) as file:
        try:
            file.skip(prepared.items)
            if file.images:
                listener.say(f"{counted(file.images, 'image')} predicted already; going on from there")
            with (
                listener.counting("predicting", None) as advance,
                closing(_predictions(options, prepared, listener, advance, file)) as predictions,
            ):
                for prediction in predictions:
                    file.add(prediction)
            file.finish()
        except KeyboardInterrupt:
            listener.say(
                f"stopped; the same command goes on after the {counted(file.kept, 'image')} predicted and recorded"
            )
            raise
    prepared.say_left_out(listener)
    unread = f", {file.bad:,} of them could not be read" if file.bad else ""
    listener.say(f"{counted(file.images, 'image')} predicted in {path}{unread}")
    return file.bad


class _Prepared(NamedTuple):
    """What predictions come from; `columns` where results are rows, `savers` are told the place of each.

    `film` is open while there are predictions; `left_out` knows the folders that were passed over.
    """

    model: Model
    items: Iterator[Item]
    columns: tuple[str, ...]
    savers: tuple[Callable[[int, Prediction], None], ...]
    film: VideoFile | None
    left_out: LeftOut

    def say_left_out(self, listener: Listener) -> None:
        """Tell of the folders that were passed over."""
        if self.left_out.words:
            listener.say(f"note: {self.left_out.words}")


_TABLES = ("csv", ".csv", ".parquet")  # formats whose predictions are rows


def _prepared(options: PredictOptions, form: str, table: bool, listener: Listener) -> _Prepared:
    """Everything that can be wrong is found here, the cheap first: the model is read last, its card before.

    `form` is the option that says how predictions are reported, `table` whether that is as rows.
    """
    if options.reject_below is not None and not 0 <= options.reject_below <= 1:
        raise UserError(f"--reject-below {options.reject_below}: give a probability from 0 to 1")
    found = find_network(options.network)
    card = found.card
    left_out, film = LeftOut(), None
    limits = options.max_megapixels, card.input
    named = [source for source in options.sources if isinstance(source, str)]
    savers: list[Callable[[int, Prediction], None]] = []
    if options.draw and options.draw.suffix.lower() == VIDEO:
        columns = _checked(options, card, form, table)
        items, rate = open_video(_only_video(options), options.every)
        film = VideoFile(options.draw, rate, "--draw")
        savers.append(DrawnVideo(film, *limits).draw)
    else:
        items = read_sources(options.sources, options.every, card.input.is_file, left_out, card.input.is_whole)
        columns = _checked(options, card, form, table)
        savers += [Drawings(options.draw, named, *limits).draw] if options.draw else []
    if options.files:
        savers.append(ResultFiles(options.files, named, card.input).save)
    model = Model(card, found.engine())
    for note in found.notes:
        listener.say(f"note: {note}")
    listener.say(model.words)
    return _Prepared(model, items, columns, tuple(savers), film, left_out)


def _only_video(options: PredictOptions) -> VideoSource:
    """The one video that is predicted; raises `UserError` where there is anything else."""
    [source, *others] = options.sources
    found = video_named(source)
    if others or found is None:
        raise UserError(f"--draw {options.draw}: only the frames of one video become one; name a folder to draw into")
    if isinstance(source, str) and options.draw and options.draw.resolve() == Path(source).resolve():
        raise UserError(f"--draw {options.draw} is the source; write elsewhere")
    return found


def _checked(options: PredictOptions, card: Card, form: str, table: bool) -> tuple[str, ...]:
    """The columns of the predictions, if they are rows; raises `UserError` where what is asked for cannot be done."""
    reader = reader_of(card)
    if options.reject_below is not None:
        require(reader.result, Thresholded, "--reject-below", card.task)
    if options.files is not None:
        require_files(reader, "--files")
    if options.draw:
        require_drawing(reader, "--draw")
    if form == "--format coco" and not issubclass(reader.result, Boxes):
        raise UserError(f"{form}: predictions of {card.task} are no boxes; choose --format json")
    if not table and not issubclass(reader.result, Tabular):
        return ()
    return columns_of(reader, form, "choose --format json, or a .jsonl")


def _predictions(
    options: PredictOptions,
    prepared: _Prepared,
    listener: Listener,
    advance: Callable[[int], None],
    file: PredictionsFile | None = None,
) -> Generator[Prediction, None, None]:
    """The predictions as they are reported; a job that goes on in `file` must end as an unbroken one would."""
    found = prepared.model.predict_many(
        prepared.items,
        workers=options.workers,
        max_megapixels=options.max_megapixels,
        keep=options.draw is not None or options.files is not None,
        steady=file is not None,
    )
    for position, prediction in enumerate(found, (file.images if file else 0) + 1):
        reported = prediction
        if prediction.remark:
            listener.say(f"note: {prediction.file}: {prediction.remark}")
        if options.reject_below is not None and isinstance(prediction.result, Thresholded):
            reported = replace(prediction, result=prediction.result.at_least(options.reject_below))
        for save in prepared.savers:
            save(position, reported)
        yield reported
        advance(1)
