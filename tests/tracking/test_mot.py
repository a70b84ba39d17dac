"""Files of tracks, ours and those of MOTChallenge."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convsight.errors import UserError
from convsight.results import Boxes
from convsight.tracking import MotTable, Tracked, mot_lines, read_mot


def read(folder: Path, text: str) -> MotTable:
    (folder / "gt.txt").write_text(text)
    return read_mot(folder / "gt.txt")


def test_lines_of_any_length_are_read(tmp_path: Path) -> None:
    table = read(
        tmp_path, "\ufeff2,1,10,20,30,40\n\n1, 3, 1.5, 2, 3, 4, 0, 7, 0.25\n2,2,5,5,5,5,0.5,-1,-1,-1\r\n3,1,0,0,1,1,\n"
    )
    assert table.frames.tolist() == [1, 2, 2, 3]
    assert table.ids.tolist() == [3, 1, 2, 1]
    assert table.xyxy[:2].tolist() == [[1.5, 2, 4.5, 6], [10, 20, 40, 60]]
    assert table.scores.tolist() == [0, 1, 0.5, 1]
    assert table.classes.tolist() == [7, -1, -1, -1]
    assert table.visibility.tolist() == [0.25, -1, -1, -1]


def test_frames_are_put_in_order_and_keep_that_of_their_lines() -> None:
    table = MotTable.of_rows([(2 - number % 2, number, 0, 0, 1, 1) for number in range(1, 101)])
    assert table.ids.tolist() == [*range(1, 101, 2), *range(2, 101, 2)]


def test_a_file_without_lines_is_one_without_tracks(tmp_path: Path) -> None:
    assert len(read(tmp_path, "")) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        "frame,id,left,top,width,height",
        "1,1,0,0,5",
        "0,1,0,0,5,5",
        "1.5,1,0,0,5,5",
        "1,1.5,0,0,5,5",
        "1,1,0,0,-5,5",
        "1,1,nan,0,5,5",
        "1,1,0,0,inf,5",
        "1 1 0 0 5 5",
    ],
)
def test_what_is_no_box_is_named_with_its_line(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(UserError, match=r"gt\.txt, line 2: .* is no box; a line is"):
        read(tmp_path, f"1,1,0,0,5,5\n{wrong}\n")


def test_an_id_is_on_a_frame_once(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"gt\.txt, line 3: id 4 is on frame 1 already, in line 1"):
        read(tmp_path, "1,4,0,0,5,5\n2,4,0,0,5,5\n1,4,9,9,5,5\n")


def test_what_is_no_text_is_said(tmp_path: Path) -> None:
    (tmp_path / "gt.txt").write_bytes(b"\x89PNG\xff")
    with pytest.raises(UserError, match=r"cannot read .*gt\.txt: it is no text"):
        read_mot(tmp_path / "gt.txt")
    with pytest.raises(UserError, match="nowhere"):
        read_mot(tmp_path / "nowhere.txt")


sides = st.integers(0, 2_000_000).map(lambda thousandths: thousandths / 1000)
frames = st.lists(
    st.tuples(
        sides,
        sides,
        sides,
        sides,
        st.integers(0, 2),
        st.integers(1, 100).map(lambda hundredths: hundredths / 100),
        st.booleans(),
    ),
    max_size=4,
)


@settings(deadline=None, max_examples=50)
@given(st.lists(frames, max_size=4))
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, video: list[list[tuple[float, ...]]]
) -> None:
    tracked = []
    for number, rows in enumerate(video, 1):
        xyxy = [(left, top, left + width, top + height) for left, top, width, height, *_ in rows]
        boxes = Boxes.of(
            ("a", "b", "c"),
            (9, 9),
            xyxy,
            [row[4] for row in rows],
            scores=[row[5] for row in rows],
            difficult=[row[6] for row in rows],
            columns={"track": np.arange(len(rows), 0, -1)},
        )
        tracked.append(Tracked(number, boxes))
    file = tmp_path_factory.mktemp("mot") / "tracks.txt"
    file.write_text("".join(map(mot_lines, tracked)))
    found, expected = read_mot(file), MotTable.of(tracked)
    for name in ("frames", "ids", "classes", "visibility"):
        assert getattr(found, name).tolist() == getattr(expected, name).tolist()
    np.testing.assert_allclose(found.xyxy, expected.xyxy, atol=1.1e-4)
    np.testing.assert_allclose(found.scores, expected.scores, atol=5.1e-5)
    assert (found.scores == 0).tolist() == [bool(row[6]) for rows in video for row in rows]


def test_tracks_are_checked_when_made() -> None:
    two = Boxes.of(("a",), (9, 9), [(0, 0, 1, 1), (1, 1, 2, 2)], 0)
    for frame, ids in ((0, [1, 2]), (1, [1]), (1, [1, 1]), (1, [0, 1])):
        with pytest.raises(ValueError, match=r"frames are|ids|2 boxes but track"):
            Tracked(frame, two.with_columns(track=np.array(ids)))
    with pytest.raises(ValueError, match="ids of their tracks"):
        Tracked(1, two)
