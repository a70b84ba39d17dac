"""The kernels of a first layer as a sheet, and the channels of a layer by what silencing them costs, as a table."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

from convsight.figures.contact_sheet import Cell, contact_sheet
from convsight.inputs import as_image
from convsight.inside.kernels import FirstLayer, kernel_picture
from convsight.inside.real_pictures import RealPictures
from convsight.inside.run_by_layers import Stop, stop_called, stops_of
from convsight.inside.sheet_options import SheetOptions, new_sheet, tell, write_sheet
from convsight.inside.silencing import Ranking, Silencing, place_of
from convsight.printing import print_fitting
from convsight.progress import Listener
from convsight.run import Run
from convsight.settings import TrainSettings
from convsight.words import visible

_KERNEL_COLUMNS = 8


def show_filters(options: SheetOptions, output: str, listener: Listener) -> bool:
    """Kernels of the first layer, and channels ranked; returns whether all were silenced, not so after Ctrl-C."""
    network = options.open()
    spec = as_image(network.card.input, "--filters")
    stops = stops_of(network, network.planes(np.zeros((1, *spec.array_shape), spec.dtype)))
    first = None if options.layer else FirstLayer(network, stops, spec.planes_shape[0])
    stop = first.stop if first else stop_called(stops, options.layer or "")
    pictures, folder = options.real(network, 100, listener), options.folder()
    place = options.layer or place_of(stop, stops)
    settings = _settings(options.network.name, network.card.task, pictures.source)
    ranking = Silencing(network, stop, place, pictures.examples, settings).ranking(listener)
    document = _ranking_json(ranking, stop, pictures)
    file = new_sheet(folder, f"filters.{stop.name}")
    if first is not None:
        write_sheet(file, _kernel_sheet(first, ranking, network.card.net), {**document, "sheet": str(file)})
        document["sheet"] = str(file)
    else:
        write_sheet(file.with_suffix(".json"), None, document)
    if output == "table":
        _print_ranking(ranking)
    tell(output, document, f"{_words_of(ranking, pictures)}\n{file if first else file.with_suffix('.json')}")
    return ranking.whole


def _kernel_sheet(first: FirstLayer, ranking: Ranking, net: str) -> Image.Image:
    """The kernels, those first whose channels cost most; without a word those that were not silenced."""
    ranked = [each.channel for each in ranking.channels]
    lost = {each.channel: ranking.metric.text(each.lost.value, 3) for each in ranking.channels}
    order = [*ranked, *(channel for channel in range(len(first.kernels)) if channel not in lost)]
    cells = [Cell(kernel_picture(first.kernels[channel]), f"{channel}: {lost.get(channel, '')}") for channel in order]
    title = (
        f"Kernels of {first.stop.name}, the first layer of {net}; each has a scale of its own, 0 is mid grey. Below: "
        f"the channel, and the {ranking.metric.name} lost when it is silent"
    )
    return contact_sheet(cells, _KERNEL_COLUMNS, title)


def _print_ranking(ranking: Ranking) -> None:
    console = Console(highlight=False, markup=False, emoji=False)
    title = f"channels of {ranking.place}: {ranking.metric.name} {ranking.metric.text(abs(ranking.value))} with all"
    table = Table("channel", "lost when silent", "95 % interval", "answers move by", "expected", title=visible(title))
    for each in ranking.channels:
        low, high = (ranking.metric.text(end) for end in (each.lost.low, each.lost.high))
        lost = ranking.metric.text(each.lost.value)
        table.add_row(str(each.channel), lost, f"{low} .. {high}", f"{each.moved:.4f}", f"{each.expected.value:.3g}")
    print_fitting(console, [table])


def _words_of(ranking: Ranking, pictures: RealPictures) -> str:
    agreement = ranking.agreement
    both = "no rank correlation can be said" if agreement is None else f"their rank correlation is {agreement:.2f}"
    done = "" if ranking.whole else f"; only {len(ranking.channels)} of {ranking.of} channels were silenced"
    return (
        f"means over {ranking.pictures} pictures of {pictures.source}; expected is a Taylor estimate of the change of "
        f"the loss; {both}{done}"
    )


def _ranking_json(ranking: Ranking, stop: Stop, pictures: RealPictures) -> dict[str, Any]:
    return {
        "layer": stop.name,
        "silenced_in": ranking.place,
        "metric": ranking.metric.name,
        "with_all": abs(ranking.value),
        "data": pictures.source,
        "pictures": ranking.pictures,
        "whole": ranking.whole,
        "rank_correlation": ranking.agreement,
        "channels": [each.to_json() for each in ranking.channels],
    }


def _settings(model: str | Path, task: str, source: str) -> TrainSettings:
    """The settings that the run was trained with, for its loss; the usual ones of a network that has no run."""
    run = Run.of_network(model)
    return TrainSettings.of(data=source, task=task) if run is None else run.settings()[0]
