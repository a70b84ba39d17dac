"""Judging answers that another tool made: the same numbers as for a network, without any model."""

from dataclasses import dataclass
from pathlib import Path

from convsight.datasets import Dataset, Split
from convsight.datasets.answers.answers import Answers, GivenAnswers
from convsight.datasets.checks import check_judgeable
from convsight.errors import UserError
from convsight.files import write_atomic
from convsight.metrics import named
from convsight.progress import Listener
from convsight.runtime.evaluate import Evaluation, judged_split
from convsight.runtime.mistakes import MistakeCollector, mistakes_table
from convsight.tasks.adoption import data_for
from convsight.tasks.answered import answered_by
from convsight.tasks.reader import remarks_of
from convsight.words import counted, first_few


@dataclass(frozen=True)
class AnswerOptions:
    """What a user may choose: see `evaluate_answers`."""

    task: str | None = None
    split: str | None = None
    ids: Path | None = None
    min_score: float = 0.25
    mistakes: Path | None = None


def evaluate_answers(
    answers: str | Path, truth: str | Path | Dataset, listener: Listener, options: AnswerOptions | None = None
) -> Evaluation:
    """Metrics of the answers in a file or folder on the data at `truth`, named `test/...` or after the judged split.

    A COCO results .json answers with boxes, masks or segments, a folder of PNG files with a class for every pixel, a
    .csv with a class, labels, probabilities or numbers for each image: see `datasets.answers`. The `task` of the
    options makes of the truth what it can tell besides, such as masks of COCO's outlines; `ids` is a COCO annotation
    file with the ids of images and categories, `min_score` the score from which things count as found, `mistakes` a
    .csv for what is answered wrong.

    An image without an answer counts as one of which nothing was said, and how many there are is said. Raises
    `UserError` for unknown images and classes, answers given twice, masks of another size, and what cannot be read.
    """
    options = options or AnswerOptions()
    path = Path(answers)
    if not path.exists():
        raise UserError(f"no such file or folder of answers: {str(answers)!r}")
    if options.mistakes is not None and options.mistakes.suffix.lower() != ".csv":
        raise UserError(f"--mistakes {options.mistakes}: of answers it is a table; name a .csv file")
    dataset = data_for(truth, options.task)
    for note in dataset.notes:
        listener.say(f"note: {note}")
    split = dataset.split(options.split) if options.split else judged_split(dataset)
    check_judgeable(dataset.source, split)
    kind = answered_by(options.task or dataset.task, dataset.source)
    given = GivenAnswers(path, dataset, split, options.ids, options.min_score)
    found = kind.answers(given)
    _tell(found, split, listener)
    metrics, wrong = kind.judging(given), MistakeCollector()
    with listener.counting("judging", len(split)) as advance:
        for position in range(len(split)):
            target, result = split.targets[position], found.result(position)
            metrics.update(target, result)
            wrong.take(position, target, result)
            advance(1)
    name = "test" if split.name == "all" else split.name
    for remark in remarks_of(metrics):
        listener.say(f"note: {remark}")
    if options.mistakes is not None:
        write_atomic(options.mistakes, mistakes_table(wrong, split.names, [name] * len(split)))
        listener.say(f"{len(wrong.mistakes):,} of {len(split):,} images {kind.result.wrong}: {options.mistakes}")
    told = {each: value for each, value in metrics.compute().items() if each.split("/")[0] not in found.without}
    return Evaluation(dataset.source, len(split), named(name, told), metrics.described(), {name: len(split)})


def _tell(found: Answers, split: Split, listener: Listener) -> None:
    for note in found.notes:
        listener.say(f"note: {note}")
    if found.missing:
        names = first_few([split.names[position] for position in found.missing])
        listener.say(
            f"note: {len(found.missing):,} of {counted(len(split), 'image')} have no answer, and count as "
            f"{found.counts_as}: {names}"
        )
