"""All pictures of a data set: known by their answers, cut as the training cut them, or pictures alone."""

from pathlib import Path

import pytest
from tests.serve.live import image

from convsight.errors import UserError
from convsight.model_files import read_card
from convsight.run import Run, find_weights_file
from convsight.serve.explore.whole_data import judged_data, whole_data


def test_what_the_run_was_trained_on_is_cut_as_for_that_where_it_is_named(photos_run: Run) -> None:
    card = read_card(find_weights_file(photos_run.path))
    places = str(photos_run.path), card
    for find in (judged_data, whole_data):
        own, named = find(*places, None), find(*places, f"{photos_run.path}-data")
        assert [(each.sample.item.name, each.part) for each in named.pictures] == [
            (each.sample.item.name, each.part) for each in own.pictures
        ]
    parts = {each.part for each in whole_data(*places, f"{photos_run.path}-data").pictures}
    assert {"train", "val"} <= parts
    assert judged_data(*places, f"{photos_run.path}-data").count < 20


def test_other_data_are_judged_as_they_are_and_else_it_is_told_why_not(photos_run: Run, tmp_path: Path) -> None:
    places = str(photos_run.path), read_card(find_weights_file(photos_run.path))
    for folder in ("dark", "bright"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.png").write_bytes(image(1))
    found = judged_data(*places, str(tmp_path))
    assert found.count == 2
    (tmp_path / "bright").rename(tmp_path / "cat")
    with pytest.raises(UserError, match=r"name data with their answers \(.*cat"):
        judged_data(*places, str(tmp_path))
    assert [each.truth for each in whole_data(*places, str(tmp_path)).pictures] == [None, None]
