"""`convsight track` from a video to tracks, drawings and numbers, with a model that knows the video."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image
from tests.runtime.sources.streams import http_stream
from tests.tracking.watcher import watching
from typer.testing import CliRunner

from convsight.cli import app
from convsight.errors import UserError
from convsight.images import decode_image
from convsight.run import Run
from convsight.runtime.model import Model, load
from convsight.runtime.sources import read_sources
from convsight.tracking import judge, read_mot, verb
from convsight.tracking.moving_shapes import MovingShapes, write_frames, write_video
from convsight.tracking.tracks_file import TracksFile

VIDEO = MovingShapes(seed=10, length=40)  # shapes hide each other up to 0.85


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clip")
    write_frames(VIDEO, folder / "frames")
    write_video(VIDEO, folder / "clip.mp4", folder / "gt.txt")
    return folder


@pytest.fixture(scope="module")
def model() -> Model:
    return watching(VIDEO)


Track = Callable[..., Any]


@pytest.fixture
def track(model: Model, monkeypatch: pytest.MonkeyPatch) -> Track:
    monkeypatch.setattr(verb, "load", lambda *arguments: model)

    def call(*arguments: str | Path) -> Any:
        return CliRunner().invoke(app, ["track", "model", *map(str, arguments)], catch_exceptions=False)

    return call


def lines(found: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in found.stdout.splitlines()]


@pytest.mark.parametrize("source", ["frames", "frames/*.png", "clip.mp4"])
def test_tracks_of_a_video_or_its_frames(clip: Path, track: Track, source: str) -> None:
    found = track(clip / source, "--truth", clip / "gt.txt", "--format", "json")
    assert found.exit_code == 0
    *frames, last = lines(found)
    assert [frame["frame"] for frame in frames] == list(range(1, 41))
    assert {line["version"] for line in (*frames, last)} == {1}
    assert frames[0]["tracks"] == []
    assert {key for frame in frames for each in frame["tracks"] for key in each} == {"id", "name", "score", "xyxy"}
    metrics = last["metrics"]
    assert metrics["HOTA"] > 0.75
    assert metrics["IDF1"] > 0.9
    assert metrics["switches"] <= 1


def test_the_file_of_tracks_holds_what_is_printed(clip: Path, track: Track, tmp_path: Path) -> None:
    out = tmp_path / "new" / "tracks.txt"
    found = track(clip / "frames", "--out", out, "--truth", clip / "gt.txt", "--format", "json")
    [metrics] = lines(found)
    printed = lines(track(clip / "frames", "--format", "json"))
    table = read_mot(out)
    assert [(int(f), int(i)) for f, i in zip(table.frames, table.ids, strict=True)] == sorted(
        (frame["frame"], each["id"]) for frame in printed for each in frame["tracks"]
    )
    judged = judge(read_mot(clip / "gt.txt"), table).to_json()
    assert judged == pytest.approx(metrics["metrics"], abs=1e-3)
    assert not list(out.parent.glob("*.part"))


def test_tables_are_words(clip: Path, track: Track) -> None:
    found = track(clip / "frames", "--truth", clip / "gt.txt")
    assert "frame 1: nothing tracked\n" in found.stdout
    assert "#1 " in found.stdout.splitlines()[1]
    assert "HOTA" in found.stdout
    assert found.stderr == "watcher, run by watcher in float32\n"


def test_every_so_many_frames_keep_their_numbers(clip: Path, track: Track) -> None:
    for source in ("frames", "clip.mp4"):
        found = track(clip / source, "--every", 3, "--truth", clip / "gt.txt", "--format", "json")
        *frames, last = lines(found)
        assert [frame["frame"] for frame in frames] == list(range(1, 41, 3))
        assert last["metrics"]["HOTA"] > 0.6  # by the truth of these frames alone


def test_a_higher_score_follows_fewer(clip: Path, track: Track) -> None:
    def count(*more: str) -> int:
        return sum(len(frame["tracks"]) for frame in lines(track(clip / "frames", "--format", "json", *more)))

    assert count("--min-score", "0.95") == 0 < count()


def test_frames_are_drawn_as_images_and_as_a_video(clip: Path, track: Track, tmp_path: Path) -> None:
    found = track(clip / "clip.mp4", "--draw", tmp_path / "drawn", "--video", tmp_path / "out.mp4", "--every", 2)
    assert found.exit_code == 0
    drawn = sorted(path.name for path in (tmp_path / "drawn").iterdir())
    assert len(drawn) == 20
    assert drawn[1] == "000003-clip.mp4#frame=2.jpg"
    frames = [np.asarray(item.load(), np.float64) for item in read_sources([tmp_path / "out.mp4"])]
    assert len(frames) == 20
    image = np.asarray(decode_image(tmp_path / "drawn" / drawn[9]), np.float64)
    assert np.abs(frames[9] - image).mean() < 15
    assert np.abs(image - VIDEO.frame(19).pixels).mean() > 5


def test_a_video_cut_short_is_followed_as_far_as_it_goes(clip: Path, track: Track, tmp_path: Path) -> None:
    short = tmp_path / "short.mp4"
    with (
        av.open(str(clip / "clip.mp4")) as source,
        av.open(str(short), "w", options={"movflags": "faststart"}) as target,
    ):
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    short.write_bytes(short.read_bytes()[: short.stat().st_size * 6 // 10])
    out = tmp_path / "tracks.txt"
    found = track(short, "--out", out, "--truth", clip / "gt.txt", "--format", "json")
    assert found.exit_code == 2
    assert "warning: frame" in found.stderr
    assert "short" in found.stderr
    last = int(read_mot(out).frames.max())
    assert 5 < last < 40
    assert lines(found)[-1]["metrics"]["HOTA"] > 0.7  # by the frames that were read


def test_a_frame_that_cannot_be_read_is_told_and_time_goes_on(clip: Path, track: Track, tmp_path: Path) -> None:
    write_frames(VIDEO, tmp_path / "frames")
    (tmp_path / "frames" / "000020.png").write_bytes(b"no image")
    found = track(tmp_path / "frames", "--format", "json", "--draw", tmp_path / "drawn")
    assert found.exit_code == 2
    frames = lines(found)
    assert "000020.png" in frames[19]["error"]
    before, after = ({each["id"] for each in frames[place]["tracks"]} for place in (18, 20))
    assert before & after
    assert len(list((tmp_path / "drawn").iterdir())) == 39


@pytest.mark.parametrize("content", ["empty", "sound"])
def test_a_video_without_frames(track: Track, tmp_path: Path, content: str) -> None:
    video = tmp_path / "none.mp4"
    if content == "empty":
        video.touch()
    else:
        with av.open(str(video), "w") as container:
            stream: Any = container.add_stream("aac", rate=8000)
            sound = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.float32), format="fltp", layout="mono")
            sound.sample_rate = 8000
            container.mux(stream.encode(sound))
            container.mux(stream.encode())
    with pytest.raises(UserError, match=r"none\.mp4"):
        track(video, "--out", tmp_path / "tracks.txt")
    assert not list(tmp_path.glob("tracks*"))


def test_frames_without_any_box(track: Track, tmp_path: Path) -> None:
    for number in range(5):
        noise = np.random.default_rng(number).integers(0, 255, (96, 96, 3), np.uint8)
        (tmp_path / "frames").mkdir(exist_ok=True)
        Image.fromarray(noise).save(tmp_path / "frames" / f"{number}.png")
    found = track(tmp_path / "frames", "--out", tmp_path / "tracks.txt")
    assert found.exit_code == 0
    assert (tmp_path / "tracks.txt").read_text() == ""


def test_images_of_different_sizes(track: Track, tmp_path: Path) -> None:
    (tmp_path / "frames").mkdir()
    for number in range(1, 11):
        side = 96 if number < 6 else 192
        image = Image.fromarray(VIDEO.frame(number).pixels).resize((side, side), Image.Resampling.NEAREST)
        image.save(tmp_path / "frames" / f"{number}.png")
    arguments = ("--draw", tmp_path / "drawn", "--video", tmp_path / "out.mp4", "--format", "json")
    found = track(tmp_path / "frames", *arguments)
    assert found.exit_code == 0
    frames = lines(found)
    assert max(each["xyxy"][2] for each in frames[4]["tracks"]) <= 97
    assert max(each["xyxy"][2] for each in frames[8]["tracks"]) > 97
    assert [np.asarray(item.load()).shape for item in read_sources([tmp_path / "out.mp4"])] == [(96, 96, 3)] * 10
    assert {decode_image(path).size for path in (tmp_path / "drawn").iterdir()} == {(96, 96), (192, 192)}


def test_a_model_of_labels_is_refused(
    clip: Path, exported_run: Run, track: Track, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(verb, "load", lambda *arguments: load(exported_run.path))
    with pytest.raises(
        UserError, match="model: predictions of classification are no boxes, and only boxes can be followed"
    ):
        track(clip / "frames", "--out", tmp_path / "tracks.txt", "--draw", tmp_path / "drawn")
    assert not list(tmp_path.iterdir())


def test_what_was_tracked_before_a_stop_is_kept(
    clip: Path, track: Track, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    add = TracksFile.add

    def stop(self: TracksFile, frame: Any) -> None:
        if frame.number == 30:
            raise KeyboardInterrupt
        add(self, frame)

    monkeypatch.setattr(TracksFile, "add", stop)
    out, video = tmp_path / "tracks.txt", tmp_path / "out.mp4"
    found = track(clip / "frames", "--out", out, "--video", video)
    assert found.exit_code == 130
    assert f"stopped after frame 30; what came before is in {out}.part and {video}.part" in found.stderr
    assert int(read_mot(tmp_path / "tracks.txt.part").frames.max()) == 29
    assert not out.exists()
    (tmp_path / "out.mp4.part").rename(tmp_path / "part.mp4")
    assert len(list(read_sources([tmp_path / "part.mp4"]))) == 29


def test_nothing_given_is_written_over(clip: Path, track: Track, tmp_path: Path) -> None:
    video, truth = clip / "clip.mp4", clip / "gt.txt"
    for arguments, words in (
        (("--out", truth, "--truth", truth), "--out .*gt.txt is the truth"),
        (("--video", video), r"--video .*clip\.mp4 is the source"),
        (("--video", tmp_path / "out.avi"), r"\.mp4"),
        (("--min-score", 2), "--min-score 2"),
        (("--truth", tmp_path / "nowhere.txt"), "nowhere"),
        (("--every", 0), "--every 0"),
    ):
        with pytest.raises(UserError, match=words):
            track(video, *arguments)
    with pytest.raises(UserError, match="lies in"):
        track(clip / "frames", "--draw", clip / "frames" / "drawn")


def test_a_target_of_another_video_is_noticed(clip: Path, track: Track, tmp_path: Path) -> None:
    (tmp_path / "gt.txt").write_text("100,1,0,0,5,5\n")
    with pytest.raises(UserError, match="has no box on the frames that were read"):
        track(clip / "frames", "--truth", tmp_path / "gt.txt")
    (tmp_path / "gt.txt").write_text("1,1,0,0,5,5,1,77,1\n")
    found = track(clip / "frames", "--truth", tmp_path / "gt.txt")
    assert "warning: the classes in" in found.stderr


def test_a_stream_and_a_film_by_draw(clip: Path, track: Track, tmp_path: Path) -> None:
    with http_stream(clip / "clip.mp4", "video/mp4") as address:
        found = track(f"{address}/camera", "--format", "json", "--draw", tmp_path / "film.mp4")
    assert found.exit_code == 0
    assert [frame["frame"] for frame in lines(found)] == list(range(1, 41))
    assert len(list(read_sources([tmp_path / "film.mp4"]))) == 40
    with pytest.raises(UserError, match=r"cannot read camera:99: .*no camera 99"):
        track("--camera", "99", "--out", tmp_path / "tracks.txt")
    for wrong in ([], [clip / "clip.mp4", "--camera", "0"]):
        with pytest.raises(UserError, match="name one source"):
            track(*wrong)


def test_frames_beside_what_a_system_made(track: Track, tmp_path: Path) -> None:
    write_frames(VIDEO, tmp_path / "frames [1]")
    (tmp_path / "frames [1]" / "@eaDir").mkdir()
    (tmp_path / "frames [1]" / "@eaDir" / "000001.png").write_bytes(b"no image")
    found = track(tmp_path / "frames [1]", "--format", "json")
    assert (found.exit_code, len(lines(found))) == (0, 40)
    assert "left out, since a system or file server made them: 1 folder" in found.stderr
