"""Drawn videos and what is true of them."""

from pathlib import Path

import numpy as np
import pytest

from convsight.images import decode_image
from convsight.runtime.sources import read_sources
from convsight.tracking import judge, read_mot
from convsight.tracking.moving_shapes import MovingShapes, write_frames, write_video

VIDEO = MovingShapes(seed=3, length=20)


def test_one_seed_is_one_video() -> None:
    one, again, other = (MovingShapes(seed, 20).frame(7) for seed in (3, 3, 4))
    assert (one.pixels == again.pixels).all()
    assert one.truth.boxes.xyxy.tolist() == again.truth.boxes.xyxy.tolist()
    assert not (one.pixels == other.pixels).all()
    with pytest.raises(ValueError, match="frame 21"):
        VIDEO.frame(21)


def test_boxes_hold_the_pixels_of_their_shapes() -> None:
    lone = MovingShapes(seed=5, length=9, shapes=1, size=(120, 80))
    for number in (1, 9):
        scene = lone.frame(number)
        assert scene.pixels.shape == (80, 120, 3)
        left, top, right, bottom = scene.truth.boxes.xyxy[0]
        away = np.ones((80, 120), bool)
        away[int(top) : int(np.ceil(bottom)), int(left) : int(np.ceil(right))] = False
        other = lone.frame(10 - number).truth.boxes.xyxy[0]
        away[int(other[1]) : int(np.ceil(other[3])), int(other[0]) : int(np.ceil(other[2]))] = False
        assert scene.pixels[away].std(axis=0).max() < 60  # the background alone
        inside = scene.pixels[int(top) + 4 : int(bottom) - 4, int(left) + 4 : int(right) - 4].reshape(-1, 3)
        assert np.median(np.abs(inside - np.median(inside, axis=0))) <= 6  # one colour and grain


def test_shapes_move_a_little_cross_and_come_again() -> None:
    long = MovingShapes(seed=2, length=150)
    scenes = [long.frame(number) for number in range(1, 151)]
    places: dict[int, tuple[int, np.ndarray]] = {}
    thresholds = 1.0
    for scene in scenes:
        thresholds = min(thresholds, float(scene.visibility.min()))
        assert (scene.truth.boxes.difficult == (scene.visibility < 0.3)).all()
        for track, share in zip(scene.truth.ids.tolist(), scene.visibility.tolist(), strict=True):
            left, top, right, bottom = scene.truth.boxes.xyxy[scene.truth.ids.tolist().index(track)]
            assert 0 <= left < right <= 96
            assert 0 <= top < bottom <= 96
            middle = np.array([(left + right) / 2, (top + bottom) / 2])
            if share > 0.99 and track in places and places[track][0] == scene.truth.frame - 1:
                assert np.linalg.norm(middle - places[track][1]) < 6
            if share > 0.99:
                places[track] = (scene.truth.frame, middle)
    assert thresholds < 0.3
    assert len(places) == 4


def test_frames_and_target_are_written(tmp_path: Path) -> None:
    write_frames(VIDEO, tmp_path / "clip")
    assert len(list((tmp_path / "clip").glob("*.png"))) == 20
    assert (np.asarray(decode_image(tmp_path / "clip" / "000007.png")) == VIDEO.frame(7).pixels).all()
    truth = read_mot(tmp_path / "clip" / "gt.txt")
    assert set(truth.frames.tolist()) == set(range(1, 21))
    assert judge(truth, truth.select(truth.scores > 0)).hota.hota == pytest.approx(1.0)
    first = VIDEO.frame(1)
    np.testing.assert_allclose(truth.visibility[truth.frames == 1], first.visibility, atol=1e-4)
    assert truth.classes[truth.frames == 1].tolist() == (first.truth.boxes.labels + 1).tolist()


def test_a_video_and_target_are_written(tmp_path: Path) -> None:
    write_video(VIDEO, tmp_path / "clip.mp4", tmp_path / "gt.txt")
    frames = [np.asarray(item.load(), np.float64) for item in read_sources([tmp_path / "clip.mp4"])]
    assert len(frames) == 20
    for number in (1, 20):
        assert np.abs(frames[number - 1] - VIDEO.frame(number).pixels).mean() < 12
    assert set(read_mot(tmp_path / "gt.txt").frames.tolist()) == set(range(1, 21))
