"""`VideoFile`: drawn frames as an MP4 file, by PyAV (FFmpeg)."""

from fractions import Fraction
from pathlib import Path
from typing import Any, Self

from PIL import Image, ImageOps

from convsight.errors import UserError
from convsight.files import beside, put_in_place
from convsight.runtime.out.writer_lock import WriterLock
from convsight.runtime.sources.video import require_av

VIDEO = ".mp4"  # the suffix of what is written

_SLOWEST = 0.1  # frames a second: of a very large --every, none would be left


class VideoFile:
    """A video that is in its place once it is whole; until then, and after a stop, it is `NAME.mp4.part`.

    Its size is that of the first frame, to even numbers; frames of other sizes are fitted into it on black.
    """

    def __init__(self, path: Path, rate: float, option: str = "--video") -> None:
        """For `rate` frames a second; `option` names the file. Raises `UserError` where that cannot be.

        That is for another suffix, for a folder, and where PyAV is not installed.
        """
        if path.suffix.lower() != VIDEO:
            raise UserError(f"{option} {path}: videos are written as {VIDEO}; give such a name")
        if path.is_dir():
            raise UserError(f"{option} {path} is a folder; name a file")
        self._av = require_av()
        self._path = path
        self._part = beside(path, ".part")
        self._rate = Fraction(max(rate, _SLOWEST)).limit_denominator(10_000)
        self._container: Any = None
        self._stream: Any = None
        self._lock: WriterLock | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *details: object) -> None:
        try:
            if self._container is not None:
                self._container.mux(self._stream.encode())
                self._container.close()
                if kind is None:
                    put_in_place(self._part, self._path)
        except OSError as error:
            raise self._unwritable(error) from error
        finally:
            if self._lock:
                self._lock.release()

    def add(self, image: Image.Image) -> None:
        """Write the next frame (RGB). Raises `UserError` where that cannot be, or another process writes the file."""
        try:
            if self._container is None:
                self._begin(image.size)
            frame = self._av.VideoFrame.from_image(self._fitted(image))
            self._container.mux(self._stream.encode(frame))
        except OSError as error:  # FFmpeg's own errors of files are such, too
            raise self._unwritable(error) from error

    def _begin(self, size: tuple[int, int]) -> None:
        self._lock = WriterLock(self._path)
        self._container = self._av.open(f"file:{self._part}", "w", format="mp4")
        # What browsers play, where this FFmpeg has it.
        codec = "libx264" if "libx264" in self._av.codecs_available else "mpeg4"
        self._stream = self._container.add_stream(codec, rate=self._rate)
        self._stream.width, self._stream.height = (side + side % 2 for side in size)
        self._stream.pix_fmt = "yuv420p"

    def _fitted(self, image: Image.Image) -> Image.Image:
        size = (self._stream.width, self._stream.height)
        if image.size == size:
            return image
        # By an odd row or column they may differ and still be of one size.
        small = all(0 <= whole - side <= 1 for whole, side in zip(size, image.size, strict=True))
        return _padded(image if small else ImageOps.contain(image, size), size)

    def _unwritable(self, error: OSError) -> UserError:
        return UserError(f"cannot write {self._path}: {error.strerror or error}; free some space, or write elsewhere")


def _padded(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The image in the middle of a black one of `size`."""
    whole = Image.new("RGB", size)
    whole.paste(image, ((size[0] - image.width) // 2, (size[1] - image.height) // 2))
    return whole
