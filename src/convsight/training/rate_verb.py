"""`convsight lr-find`: the search, its figure, and what is said of it."""

from pathlib import Path

from convsight.errors import UserError
from convsight.figures.figure_file import save_figure
from convsight.figures.rate_figure import rate_figure
from convsight.files import write_atomic
from convsight.printing import json_document
from convsight.progress import Terminal
from convsight.settings import TrainSettings
from convsight.training.lr_find import RateSearch, at_first, find_rate, least_before_rise


def find_and_tell(
    settings: TrainSettings, figure_file: Path, output: str, *, lowest: float, highest: float, steps: int
) -> None:
    """Find a rate, draw the search to `figure_file`, write its numbers beside it, and print what follows.

    Raises `UserError` where a file cannot be written, before anything is tried.
    """
    if figure_file.suffix.lower() != ".png":
        raise UserError(f"--out {figure_file}: the figure is a .png")
    if not figure_file.parent.is_dir():
        raise UserError(f"--out {figure_file}: there is no folder {figure_file.parent}")
    found = find_rate(settings, Terminal(), lowest=lowest, highest=highest, steps=steps)
    numbers_file = figure_file.with_suffix(".json")
    document = json_document(found.to_json())
    write_atomic(numbers_file, document)
    if found.rates:
        title = f"{settings.data}: {found.optimizer}, batches of {found.batch}"
        figure = rate_figure(
            found.rates, found.losses, found.smoothed, least_before_rise(found.smoothed), found.suggested, title
        )
        save_figure(figure, figure_file)
    print(document if output == "json" else in_words(found, figure_file, numbers_file))


def in_words(found: RateSearch, figure_file: Path, numbers_file: Path) -> str:
    """What was found, how, and what can be done with it."""
    tried = f"{len(found.rates)} rates tried with {found.optimizer}, batches of {found.batch}; {found.ended}"
    files = f"the losses are drawn in {figure_file}, their numbers are in {numbers_file}"
    if found.suggested is None:
        return f"{tried}\nno rate lowered the loss clearly: try more --steps, or look at the data\n{files}"
    least = least_before_rise(found.smoothed)
    return (
        f"{tried}\n"
        f"suggested: --lr {found.suggested:g}, a tenth of the rate at which the smoothed loss is least before it rises "
        f"({found.rates[least]:.2g}, loss {found.smoothed[least]:.3g} after {at_first(found.smoothed):.3g} at first)\n"
        f"it falls fastest at {found.steepest:g}; without --lr a training takes {found.default:g}\n"
        f"{files}"
    )
