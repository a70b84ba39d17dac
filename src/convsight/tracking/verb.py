"""`convsight track`: a video to tracks, and tracks to where the user wants them."""

from collections.abc import Callable
from contextlib import ExitStack, closing, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from convsight.errors import UserError
from convsight.files import beside
from convsight.inputs import InputSpec
from convsight.printing import while_read
from convsight.progress import Listener
from convsight.results import Boxes
from convsight.runtime.drawings import Drawings
from convsight.runtime.model import Model, load
from convsight.runtime.original import original_picture
from convsight.runtime.sources.video_source import VideoSource
from convsight.runtime.video_file import VideoFile
from convsight.tracking.frames import Frames, read_frames
from convsight.tracking.mot import MotTable, read_mot
from convsight.tracking.print_tracks import Format, print_frame, print_judged
from convsight.tracking.tracked_frame import TrackedFrame, tracked_frames
from convsight.tracking.tracker import Tracker
from convsight.tracking.tracking_metrics import TrackingMetrics, judge
from convsight.tracking.tracks import Tracked
from convsight.tracking.tracks_file import TracksFile
from convsight.tracking.trails import Trails

Sink = Callable[[TrackedFrame], object]


@dataclass(frozen=True)
class TrackOptions:
    """What shall be followed, and what is wanted of it.

    `out` becomes MOT text, `draw` a folder and `video` an MP4 file of drawn frames; tracks are judged by `truth`. Every
    `every`-th frame is looked at. `min_score` (0..1) is the score from which a box begins a track, where it is not to
    be the model's own.
    """

    model: str
    source: str | VideoSource
    out: Path | None = None
    draw: Path | None = None
    video: Path | None = None
    truth: Path | None = None
    every: int = 1
    min_score: float | None = None
    workers: int = 2
    max_megapixels: float = 100.0
    engine: str | None = None
    precision: str | None = None


def track(options: TrackOptions, output: Format, listener: Listener) -> int:
    """Follow things through a video; returns how many frames could not be read.

    Frames are printed where no `out` is given; what `truth` says of the tracks is always.
    """
    truth = _truth(options)
    frames = read_frames(options.source, options.every)
    video = VideoFile(options.video, frames.rate) if options.video else None
    tracker = Tracker(frames.rate)
    model = load(options.model, options.engine, options.precision)
    _check_boxes(options, model)
    named = [options.source] if isinstance(options.source, str) else []
    drawings = Drawings(options.draw, named, options.max_megapixels) if options.draw else None
    listener.say(model.words)
    followed = _Followed(listener, keep=truth is not None)
    with while_read(), ExitStack() as stack:
        sinks: list[Sink] = [followed.add]
        if options.out:
            sinks.append(stack.enter_context(TracksFile(options.out)).add)
        else:
            sinks.append(partial(print_frame, output=output))
        if drawings or video:
            film = stack.enter_context(video) if video else None
            sinks.append(_Painter(options, drawings, film, model.card.input).add)
        try:
            _follow(options, model, frames, tracker, sinks, listener)
        except KeyboardInterrupt:
            listener.say(_stopped(options, followed.last))
            raise
        followed.check(str(options.source))
    if frames.left_out:
        listener.say(f"note: {frames.left_out}")
    if truth is not None:
        print_judged(_judged(options, truth, followed, listener), output)
    return followed.bad


def _check_boxes(options: TrackOptions, model: Model) -> None:
    if not issubclass(model.reader.result, Boxes):
        raise UserError(
            f"{options.model}: predictions of {model.card.task} are no boxes, and only boxes can be followed; "
            "give a model that finds things, or ask this one with `convsight predict`"
        )


def _truth(options: TrackOptions) -> MotTable | None:
    """The truth, if asked for; what can be wrong with the other options is found here, too."""
    if options.min_score is not None and not 0 <= options.min_score <= 1:
        raise UserError(f"--min-score {options.min_score}: give a score from 0 to 1")
    taken = {Path(options.source).resolve(): "the source"} if isinstance(options.source, str) else {}
    if options.truth:
        taken[options.truth.resolve()] = "the truth"
    for option, path in (("--out", options.out), ("--video", options.video)):
        if path is None:
            continue
        if path.resolve() in taken:
            raise UserError(f"{option} {path} is {taken[path.resolve()]}; write elsewhere")
        if path.is_dir():
            raise UserError(f"{option} {path} is a folder; name a file")
        taken[path.resolve()] = f"what {option} writes"
    return read_mot(options.truth) if options.truth else None


def _follow(
    options: TrackOptions, model: Model, frames: Frames, tracker: Tracker, sinks: list[Sink], listener: Listener
) -> None:
    """Hand every frame to every sink."""
    keep = options.draw is not None or options.video is not None
    # Where frames are printed, a bar would only be in their way.
    counting = listener.counting("tracking", None) if options.out else nullcontext(lambda done: None)
    with (
        counting as advance,
        closing(
            model.predict_many(frames.items, workers=options.workers, max_megapixels=options.max_megapixels, keep=keep)
        ) as predictions,
    ):
        for frame in tracked_frames(predictions, tracker, every=options.every, min_score=options.min_score):
            for sink in sinks:
                sink(frame)
            advance(1)


class _Followed:
    """What is known of the frames so far: those that were read, their tracks if these are kept, and the bad ones."""

    def __init__(self, listener: Listener, keep: bool) -> None:
        self._listener = listener
        self._keep = keep
        self._reason: str | None = None
        self.frames: list[int] = []
        self.tracked: list[Tracked] = []
        self.bad = 0

    @property
    def last(self) -> int:
        """The last frame that was read; 0 where none was."""
        return self.frames[-1] if self.frames else 0

    def add(self, frame: TrackedFrame) -> None:
        """Take in the next frame; what is wrong with it is reported."""
        if frame.tracked is None:
            self.bad += 1
            self._reason = self._reason or frame.error
            self._listener.say(f"warning: frame {frame.number}: {frame.error}")
            return
        if frame.remark:
            self._listener.say(f"note: frame {frame.number}: {frame.file}: {frame.remark}")
        self.frames.append(frame.number)
        if self._keep:
            self.tracked.append(frame.tracked)

    def check(self, source: str) -> None:
        """Raise `UserError` where no frame at all could be read."""
        if not self.frames:
            raise UserError(self._reason or f"{source} holds no frames; give another video, or a folder of images")


class _Painter:
    """Draws tracks and trails, for a folder of images, a video, or both."""

    def __init__(
        self, options: TrackOptions, drawings: Drawings | None, video: VideoFile | None, spec: InputSpec
    ) -> None:
        self._drawings, self._video = drawings, video
        self._max_megapixels, self._spec = options.max_megapixels, spec
        self._trails = Trails()

    def add(self, frame: TrackedFrame) -> None:
        """Draw the next frame; one that could not be read is left out."""
        if frame.tracked is None or frame.image is None:
            return
        image = original_picture(self._spec, frame.image, self._max_megapixels)
        drawn = self._trails.draw(image, frame.tracked)
        if self._drawings:
            self._drawings.save(drawn, frame.number, frame.file)
        if self._video:
            self._video.add(drawn)


def _judged(options: TrackOptions, truth: MotTable, followed: _Followed, listener: Listener) -> TrackingMetrics:
    found = MotTable.of(followed.tracked)
    if not np.isin(truth.frames[truth.scores > 0], followed.frames).any():
        raise UserError(f"{options.truth} has no box on the frames that were read; give the truth of {options.source}")
    true, told = (set(table.classes[table.classes > 0].tolist()) for table in (truth, found))
    if true and told and not true & told:
        listener.say(
            f"warning: the classes in {options.truth} are {sorted(true)}, those of the tracks {sorted(told)}: boxes of "
            "two classes never go together; number them as the model does, or leave the column out"
        )
    return judge(truth, found, followed.frames)


def _stopped(options: TrackOptions, last: int) -> str:
    parts = [str(beside(path, ".part")) for path in (options.out, options.video) if path and last]
    return f"stopped after frame {last}" + (f"; what came before is in {' and '.join(parts)}" if parts else "")
