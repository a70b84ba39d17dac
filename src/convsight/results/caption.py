"""Words above an image, on a taller canvas: nothing of the image is hidden, and every word can be read."""

from bisect import bisect_right
from collections.abc import Callable, Sequence

from PIL import Image, ImageDraw, ImageFont

_MIN_SIDE = 200  # pixels: of a smaller image little is seen, and beside it no word has room
_MIN_SIZE = 12  # pixels: letters smaller than that are a strain
_GROUND = "#303030"  # not black, as the edge of many images is


def with_caption(image: Image.Image, parts: Sequence[str]) -> Image.Image:
    """An image (RGB) of `image` with a bar above it that says `parts`, separated by commas.

    An image whose longer side has less than 200 pixels is enlarged by a whole factor, so that its pixels stay what
    they are. The canvas is at least 200 pixels wide. Letters shrink until the words fit one line; where they would be
    too small to read, the words go on in further lines.
    """
    shown = enlarged(image)
    width = max(shown.width, _MIN_SIDE)
    size, lines = _set(parts, width, min(width, shown.height))
    edge, step = size // 3, round(1.3 * size)
    drawn = Image.new("RGB", (width, shown.height + step * len(lines) + edge), _GROUND)
    drawn.paste(shown, ((width - shown.width) // 2, drawn.height - shown.height))
    pen, font = ImageDraw.Draw(drawn), ImageFont.load_default(size)
    for number, line in enumerate(lines):
        pen.text((edge, edge // 2 + number * step), line, fill="white", font=font)
    return drawn


def enlarged(image: Image.Image, least: int = _MIN_SIDE) -> Image.Image:
    """`image`; by a whole factor, so that its pixels stay what they are, where its longer side has less than `least`.

    >>> enlarged(Image.new("RGB", (30, 28))).size
    (210, 196)
    """
    factor = max(1, -(-least // max(image.size)))
    return image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)


def broken(parts: Sequence[str], fits: Callable[[str], bool]) -> list[str]:
    """`parts` as lines that fit: broken between parts, then between words; a word too long for a line is cut.

    >>> broken(["golden retriever 62.0%", "cat 20.0%", "dog 18.0%"], lambda line: len(line) <= 23)
    ['golden retriever 62.0%,', 'cat 20.0%, dog 18.0%']
    >>> broken(["golden retriever 62.0%", "rhinoceros 38.0%"], lambda line: len(line) <= 9)
    ['golden', 'retriever', '62.0%,', 'rhinocer…', '38.0%']
    """
    single_spaced = [" ".join(part.split()) for part in parts]
    lines: list[str] = []
    for part in [f"{part}," for part in single_spaced[:-1]] + single_spaced[-1:]:
        for piece in [part] if fits(part) else part.split():
            if lines and fits(f"{lines[-1]} {piece}"):
                lines[-1] += f" {piece}"
            else:
                lines.append(piece if fits(piece) else _cut(piece, fits))
    return lines


def _set(parts: Sequence[str], width: int, side: int) -> tuple[int, list[str]]:
    """The size of letters, and `parts` as lines, in a bar `width` wide above an image whose shorter side is `side`."""
    largest, smallest = max(_MIN_SIZE, side // 20), max(_MIN_SIZE, side // 36)
    line = ", ".join(" ".join(part.split()) for part in parts)
    size = min(largest, int(largest * width / max(1.0, ImageFont.load_default(largest).getlength(line))))
    # Lengths grow almost with the size, so that only a step or two is left to go.
    while size > smallest and not _fits(size, width)(line):
        size -= 1
    size = max(size, smallest)
    return size, broken(parts, _fits(size, width))


def _fits(size: int, width: int) -> Callable[[str], bool]:
    font, room = ImageFont.load_default(size), width - 2 * (size // 3)
    return lambda line: font.getlength(line) <= room


def _cut(word: str, fits: Callable[[str], bool]) -> str:
    """The most of `word` that fits with an ellipsis; at least one letter."""
    length = bisect_right(range(1, len(word)), False, key=lambda letters: not fits(f"{word[:letters]}…"))
    return f"{word[: max(1, length)]}…"
