"""Pictures to pick from: of a data set with its truth, or any pictures."""

import re
from pathlib import Path

import pytest
from PIL import Image
from tests.runtime.sources.test_video import write_video
from tests.serve.live import image

from convsight.errors import UserError
from convsight.inputs import ImageInput
from convsight.model_files import read_card
from convsight.run import find_weights_file
from convsight.serve.explore.samples import samples_of
from convsight.serve.explore.whole_data import whole_data


def test_those_that_the_run_was_judged_on(trained: Path) -> None:
    card = read_card(find_weights_file(trained))
    samples = samples_of(str(trained), card, None)
    assert len(samples) == 24
    assert {each.truth for each in samples} <= set(card.target.names)
    assert isinstance(card.input, ImageInput)
    assert samples[0].file(card.input, 1).startswith(b"\x89PNG")


def test_pictures_of_which_nothing_is_known(trained: Path, tmp_path: Path) -> None:
    card = read_card(find_weights_file(trained))
    (tmp_path / "a.png").write_bytes(image(1))
    Image.new("RGB", (9, 9)).save(tmp_path / "b.jpg")
    samples = samples_of(str(trained), card, str(tmp_path))
    assert [(Path(each.item.name).name, each.truth) for each in samples] == [("a.png", None), ("b.jpg", None)]
    assert isinstance(card.input, ImageInput)
    assert samples[0].file(card.input, 1) == image(1)
    with pytest.raises(UserError):
        samples_of(str(trained), card, str(tmp_path / "nothing"))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("{folder}/clip.mp4", "clip.mp4 is a video; save some of its frames"),
        ("{folder}/*", "clip.mp4 is a video; save some of its frames"),
        ("rtsp://127.0.0.1:9/camera", "rtsp://127.0.0.1:9/camera is a video"),
        ("-", "reads - once; name a folder or files"),
    ],
)
def test_what_would_be_held_whole_or_is_there_once_is_refused(
    trained: Path, tmp_path: Path, data: str, words: str
) -> None:
    card = read_card(find_weights_file(trained))
    write_video(tmp_path / "clip.mp4")
    (tmp_path / "a.png").write_bytes(image(1))
    for find in (samples_of, whole_data):
        with pytest.raises(UserError, match=re.escape(words)):
            find(str(trained), card, data.replace("{folder}", str(tmp_path)))
