"""What a training leaves for people: its judgement, and the page about it; what fails there fails no training."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from PIL import Image

from convsight.datasets import Dataset
from convsight.pages.pictures import small
from convsight.progress import Listener
from convsight.report.judgement import Drawn, Verdict, judged_file, judgement_of, write_judgement
from convsight.report.report import report_file, write_report
from convsight.run import Run
from convsight.runtime.mistakes import MistakeCollector
from convsight.tasks.reader import Metrics
from convsight.training.advice import Advice
from convsight.training.state import Training

_SIDE, _MOST_PANELS = 300, 3  # px of a drawn mistake


def keep_judgement(
    t: Training,
    split: str,
    metrics: Metrics,
    wrong: MistakeCollector,
    worst: Mapping[int, Image.Image],
    names: Sequence[str],
    advice: Advice,
    listener: Listener,
) -> None:
    """Write `judged.json`: what is wrong about the images of `split`, called `names`, the `worst` of them drawn."""
    with _left_out("what is known of its mistakes", listener):
        judged_file(t.run).unlink(missing_ok=True)
        classes, how = t.plan.card.target.names, t.reader.result.wrong
        verdict = Verdict(advice.verdict, advice.text)
        drawn = {position: _drawn(picture) for position, picture in worst.items()}
        write_judgement(t.run, judgement_of(split, metrics, wrong, names, classes, how, verdict, drawn))


def report_trained(run: Run, dataset: Dataset, listener: Listener) -> None:
    """Write `report.html` of a finished `run`, whose data as they were cut are `dataset`."""
    with _left_out("the report", listener):
        report_file(run).unlink(missing_ok=True)
        place, _ = write_report(run, dataset=dataset)
        listener.say(f"the report: {place}")


def _drawn(picture: Image.Image) -> Drawn:
    """A drawn mistake; several panels beside each other are kept as large as one alone would be."""
    panels = picture.width // max(1, picture.height)
    return Drawn(small(picture, _SIDE * max(1, min(panels, _MOST_PANELS))), panels > 1)


@contextmanager
def _left_out(what: str, listener: Listener) -> Iterator[None]:
    """Say in one line why `what` is left out, where it fails: whatever it is, the network is trained and kept."""
    try:
        yield
    except Exception as error:
        said = str(error).splitlines() or [type(error).__name__]
        listener.say(f"{what} was left out: {said[0]}")
