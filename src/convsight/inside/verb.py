"""`convsight explain` with --features, --filters and --excite: what is inside a network, as sheets and numbers."""

from collections.abc import Sequence
from pathlib import Path

from convsight.errors import UserError
from convsight.explain.explain import of_whole_pictures
from convsight.images import ImageError
from convsight.inside.exciting_sheet import show_exciting
from convsight.inside.feature_maps import feature_maps
from convsight.inside.feature_sheet import feature_sheet
from convsight.inside.filter_sheet import show_filters
from convsight.inside.sheet_options import SheetOptions, tell, write_sheet
from convsight.progress import Listener
from convsight.runtime.original import original_picture
from convsight.runtime.output_folder import OutputFolder
from convsight.runtime.sources import read_sources
from convsight.words import counted, visible

_UNREAD, _STOPPED = 2, 130  # exit codes
_SUFFIXES = ("features.png", "features.json")


def look_inside(
    options: SheetOptions, pictures: Sequence[str], filters: bool, excite: str | None, output: str, listener: Listener
) -> int:
    """Make the sheet of `filters`, of what to `excite`, or else of features; returns the exit code.

    It is 2 where a picture could not be read, and 130 after Ctrl-C. Raises `UserError` where no picture is named.
    """
    if filters:
        return 0 if show_filters(options, output, listener) else _STOPPED
    if excite:
        show_exciting(options, excite, output, listener)
        return 0
    if not pictures:
        raise UserError("--features: name the pictures whose maps are shown")
    return _UNREAD if show_features(options, pictures, output, listener) else 0


def show_features(options: SheetOptions, pictures: Sequence[str], output: str, listener: Listener) -> int:
    """A sheet of the maps of every layer for each picture; returns how many pictures could not be read.

    Nothing is asked about the answer, so that pictures in which a detector finds nothing are shown too.
    """
    network = options.open()
    spec = of_whole_pictures(network.card.input)
    items = read_sources(pictures, options.every, spec.is_file)
    folder = OutputFolder(options.out, "--out", pictures)
    unread = 0
    for item in items:
        try:
            content = item.load()
            array = spec.load(content, options.max_megapixels, item.name).array
        except ImageError as error:
            listener.say(f"{item.name}: {error}")
            unread += 1
            continue
        layers = feature_maps(network, array, options.channels, options.layer)
        title = (
            f"{Path(item.name).name} inside {network.card.net}: the strongest maps of each layer, low to high. "
            "Each map has a scale of its own, black its smallest value and white its largest; numbers are channels."
        )
        sheet = feature_sheet(layers, original_picture(spec, content, options.max_megapixels), title)
        place = folder.free(item.name, _SUFFIXES)
        file = place.with_name(f"{place.name}.{_SUFFIXES[0]}")
        document = {"picture": item.name, "layers": [each.to_json() for each in layers], "sheet": str(file)}
        write_sheet(file, sheet, document)
        tell(output, document, f"{visible(item.name)}: {counted(len(layers), 'layer')}: {file}")
    return unread
