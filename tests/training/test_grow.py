"""Trainings that begin with smaller pictures."""

from pathlib import Path

import pytest
from tests.training.begun import begun

import convsight


@pytest.fixture
def larger_photos(photos: Path) -> Path:
    from PIL import Image

    for file in photos.glob("*/*.png"):
        Image.open(file).resize((32, 32)).save(file)
    return photos


@pytest.mark.parametrize(("net", "grows"), [("small", True), ("lecture3", False)])
def test_only_a_network_that_takes_any_size_begins_with_smaller_pictures(
    tmp_path: Path, larger_photos: Path, net: str, grows: bool
) -> None:
    run = convsight.train(larger_photos, net=net, epochs=2, run=f"{tmp_path}/a", quiet=True, export=False)
    _, chosen = run.settings()
    assert ("first_side" in chosen) is grows
    assert not grows or chosen["first_side"] == 24


def test_the_user_may_say_no(tmp_path: Path, larger_photos: Path) -> None:
    run = convsight.train(larger_photos, epochs=1, grow=False, run=f"{tmp_path}/a", quiet=True, export=False)
    assert "first_side" not in run.settings()[1]


@pytest.mark.parametrize(("choice", "first_side"), [({}, 44), ({"multi_scale": True}, None)])
def test_batches_with_sizes_of_their_own_are_left_as_they_are(
    tmp_path: Path, choice: dict[str, bool], first_side: int | None
) -> None:
    t = begun("shapes", tmp_path / "a", task="detection", size=64, epochs=1, **choice)
    assert t.plan.choices.first_side == first_side
    assert t.clock.is_cheap is (first_side is not None)
