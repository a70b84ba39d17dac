"""`convsight predict`: sources to answers, and answers to where the user wants them."""

import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from convsight.errors import UserError
from convsight.printing import PRINTERS, while_read
from convsight.progress import Listener
from convsight.results import Drawable, Tabular, Thresholded, require
from convsight.runtime.answer import Answer
from convsight.runtime.drawings import Drawings
from convsight.runtime.engines import engine_for
from convsight.runtime.find import find_deployed
from convsight.runtime.model import Model
from convsight.runtime.out import AnswersFile
from convsight.runtime.sources import Item, read_sources
from convsight.tasks import reader_of
from convsight.tasks.reader import Reader, columns_of


@dataclass(frozen=True)
class Question:
    """Which pictures a model shall answer, and what is wanted of the answers.

    With `reject_below`, an answer less sure (0..1) is told as unsure; into `draw` each picture is saved with its result
    drawn on it. Of videos every `every`-th frame is answered.
    """

    model: str
    sources: Sequence[str]
    reject_below: float | None = None
    draw: Path | None = None
    every: int = 1
    workers: int = 2
    max_megapixels: float = 100.0
    engine: str | None = None
    precision: str | None = None


def print_answers(asked: Question, output: str, listener: Listener, coco_ids: Path | None = None) -> int:
    """Print the answers as they come; returns how many pictures have none."""
    if coco_ids and output != "coco":
        raise UserError("--coco-ids goes with --format coco")
    printer = _coco_printer(coco_ids, asked.reject_below) if output == "coco" else PRINTERS[output]
    model, items, drawings, columns = _prepared(asked, listener, f"--format {output}" if output == "csv" else None)
    with (
        while_read(),
        _counting_beside(listener) as advance,
        closing(_answers(asked, model, items, drawings, advance)) as answers,
    ):
        return printer(answers, columns)
    return 0  # the reader left, and with it the question what failed


def _coco_printer(
    ids: Path | None, reject_below: float | None
) -> Callable[[Generator[Answer, None, None], tuple[str, ...]], int]:
    from convsight.runtime.coco_results import Ids, coco_printer, read_ids  # noqa: PLC0415  only who asks waits for it

    return coco_printer(read_ids(ids) if ids else Ids(), reject_below or 0.0)


def save_answers(asked: Question, path: Path, listener: Listener) -> int:
    """Append the answers to a file, after those that it has; returns how many pictures have none."""
    model, items, drawings, columns = _prepared(asked, listener, f"--out {path}" if path.suffix != ".jsonl" else None)
    identity = {
        "model": model.card.source().fingerprint(),
        "engine": model.engine.words,
        "reject_below": asked.reject_below,
    }
    with AnswersFile(path, columns, identity) as file:
        try:
            file.skip(items)
            if file.pictures:
                listener.say(f"{file.pictures:,} pictures are answered already; going on after them")
            with (
                listener.counting("answering", None) as advance,
                closing(_answers(asked, model, items, drawings, advance, file)) as answers,
            ):
                for answer in answers:
                    file.add(answer)
            file.finish()
        except KeyboardInterrupt:
            listener.say(
                f"stopped; the same command goes on after the {file.kept:,} pictures that are answered and recorded"
            )
            raise
    unread = f", {file.bad:,} of them could not be read" if file.bad else ""
    listener.say(f"{file.pictures:,} pictures are answered in {path}{unread}")
    return file.bad


def _prepared(
    asked: Question, listener: Listener, table: str | None
) -> tuple[Model, Iterator[Item], Drawings | None, tuple[str, ...]]:
    """Everything that can be wrong is found here, the cheap first: the model is read last, its card before.

    `table` is the option that asks for rows of a table, if one does; their columns are there wherever there are rows.
    """
    if asked.reject_below is not None and not 0 <= asked.reject_below <= 1:
        raise UserError(f"--reject-below {asked.reject_below}: give a probability from 0 to 1")
    items = read_sources(asked.sources, asked.every)
    file, card = find_deployed(asked.model, asked.engine, asked.precision)
    reader = reader_of(card)
    _check_capabilities(asked, reader)
    columns = columns_of(reader, table or "", "choose JSON") if table or issubclass(reader.result, Tabular) else ()
    drawings = Drawings(asked.draw, asked.sources, asked.max_megapixels) if asked.draw else None
    model = Model(card, engine_for(file, card, asked.engine, asked.precision))
    listener.say(model.words)
    return model, items, drawings, columns


def _check_capabilities(asked: Question, reader: Reader) -> None:
    """Raise `UserError` where something is asked of the predictions that they cannot do."""
    for wanted, capability, option in (
        (asked.reject_below, Thresholded, "--reject-below"),
        (asked.draw, Drawable, "--draw"),
    ):
        if wanted is not None:
            require(reader.result, capability, option, reader.card.task)


def _answers(
    asked: Question,
    model: Model,
    items: Iterator[Item],
    drawings: Drawings | None,
    advance: Callable[[int], None],
    file: AnswersFile | None = None,
) -> Generator[Answer, None, None]:
    """The answers as they are told; a job that goes on in `file` must end as an unbroken one would."""
    found = model.predict_many(
        items,
        workers=asked.workers,
        max_megapixels=asked.max_megapixels,
        keep=drawings is not None,
        steady=file is not None,
    )
    for position, answer in enumerate(found, (file.pictures if file else 0) + 1):
        told = answer
        if asked.reject_below is not None and isinstance(answer.result, Thresholded):
            told = replace(answer, result=answer.result.at_least(asked.reject_below))
        if drawings:
            drawings.draw(position, told)
        yield told
        advance(1)


def _counting_beside(listener: Listener) -> AbstractContextManager[Callable[[int], None]]:
    # On the terminal that the answers are printed to, a bar would only be in their way.
    return nullcontext(lambda done: None) if sys.stdout.isatty() else listener.counting("answering", None)
