"""What excites a channel or a class most, as a sheet: pictures by ascent, and real ones with what is seen of them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convsight.errors import UserError
from convsight.figures.contact_sheet import Cell, contact_sheet
from convsight.inputs import as_image
from convsight.inside.ascent import Ascended, AscentOptions, ascend
from convsight.inside.exciting import Excited, Sought, sought
from convsight.inside.open_network import OpenNetwork
from convsight.inside.real_pictures import RealPictures
from convsight.inside.sheet_options import SheetOptions, new_sheet, tell, write_sheet
from convsight.progress import Listener
from convsight.results.caption import enlarged
from convsight.runtime.original import original_picture

_SEEDS = 3  # pictures by ascent
_REAL = 6  # real pictures beside them
_SIDE = 200  # px of the longer side of a picture on a sheet


def show_exciting(options: SheetOptions, name: str, output: str, listener: Listener) -> None:
    """A sheet of what excites the channel or class called `name` most: pictures by ascent, and real ones."""
    network = options.open()
    spec = as_image(network.card.input, "--excite")
    wanted, how, folder = sought(network, name), AscentOptions(), options.folder()
    made = []
    with listener.counting("ascending", _SEEDS) as advance:
        for seed in range(options.seed, options.seed + _SEEDS):
            made.append(ascend(wanted.value, spec, seed, how))
            advance(1)
    cells = [
        Cell(_of_shares(each.picture), f"seed {each.seed}: {each.value:.3g} from {each.start:.3g}") for each in made
    ]
    pictures, excited = _really(options, network, wanted, listener)
    if pictures is not None:
        cells += _real_cells(pictures, excited, network, options)
    what = f"What excites {wanted.words} of {network.card.net} most: by ascent ({how.words})"
    title = f"{what}, and {len(excited)} pictures of {pictures.source}" if pictures else what
    file = new_sheet(folder, f"excites.{_file_name(name)}")
    document = {
        "about": wanted.words,
        "ascent": {**how.to_json(), "found": [_ascended_json(each) for each in made]},
        "pictures": [_excited_json(each, pictures.names) for each in excited] if pictures else [],
        "sheet": str(file),
    }
    write_sheet(file, contact_sheet(cells, _SEEDS, title), document)
    tell(output, document, f"{wanted.words}: {file}")


def _really(
    options: SheetOptions, network: OpenNetwork, wanted: Sought, listener: Listener
) -> tuple[RealPictures | None, list[Excited]]:
    """Real pictures and those of them that excite most; none, which is said, where no data are known."""
    try:
        pictures = options.real(network, 500, listener)
    except UserError as error:
        if options.data is not None:
            raise
        listener.say(f"no real pictures: {error}")
        return None, []
    return pictures, wanted.most(pictures.examples, _REAL, listener)


def _real_cells(
    pictures: RealPictures, excited: Sequence[Excited], network: OpenNetwork, options: SheetOptions
) -> list[Cell]:
    """Each picture with a frame around what the most excited cell sees, and that part cut out."""
    cells = []
    for each in excited:
        source = pictures.examples.images.source(each.index)
        image = original_picture(network.card.input, source, options.max_megapixels).convert("RGB")
        words = f"{each.value:.3g} {pictures.names[each.index]}"
        if each.box is None:
            cells.append(Cell(_small(image), words))
            continue
        left, top, right, bottom = whole_box(each.box, image.size)
        cells.append(
            Cell(_beside(_framed(image, (left, top, right, bottom)), image.crop((left, top, right, bottom))), words)
        )
    return cells


def whole_box(box: tuple[float, float, float, float], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The whole pixels of a picture of `size` (width, height) that `box` touches; at least one."""
    width, height = size
    left, top = min(int(box[0]), width - 1), min(int(box[1]), height - 1)
    return left, top, max(left + 1, min(width, int(np.ceil(box[2])))), max(top + 1, min(height, int(np.ceil(box[3]))))


def _framed(image: Image.Image, box: tuple[int, int, int, int]) -> Image.Image:
    """The picture, small, with a white and a black line around a part."""
    small = _small(image)
    pixels = np.array(small)
    scale = np.array([small.width / image.width, small.height / image.height] * 2)
    left, top, right, bottom = np.rint(np.array(box) * scale).astype(int).tolist()
    for inset, colour in ((0, 255), (1, 0)):
        part = pixels[top + inset : bottom - inset, left + inset : right - inset]
        if part.size:
            part[[0, -1]] = colour
            part[:, [0, -1]] = colour
    return Image.fromarray(pixels)


def _beside(one: Image.Image, other: Image.Image) -> Image.Image:
    right = _small(other)
    found = Image.new("RGB", (one.width + 4 + right.width, max(one.height, right.height)), "white")
    found.paste(one, (0, 0))
    found.paste(right, (one.width + 4, 0))
    return found


def _small(image: Image.Image) -> Image.Image:
    found = enlarged(image.convert("RGB"), _SIDE)
    found.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    return found


def _of_shares(picture: NDArray[np.float32]) -> Image.Image:
    """A picture (height, width, channels) of 0..1 in colours; of other channels than one and three their mean."""
    channels = picture if picture.shape[2] == 3 else picture.mean(axis=2, keepdims=True).repeat(3, axis=2)
    return _small(Image.fromarray(np.uint8(np.rint(255 * channels.clip(0, 1)))))


def _ascended_json(found: Ascended) -> dict[str, Any]:
    return {"seed": found.seed, "value": found.value, "start": found.start}


def _excited_json(found: Excited, names: Sequence[str]) -> dict[str, Any]:
    return {"picture": names[found.index], "value": found.value, "cell": found.cell, "box": found.box}


def _file_name(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in name)
