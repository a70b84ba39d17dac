"""Labels of a data set that are doubted, from images to the run's file."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import convsight
from convsight.datasets import cut_splits, read_dataset, splits_csv
from convsight.errors import UserError
from convsight.progress import Silent
from convsight.report.doubts import read_doubts
from convsight.run import Run
from convsight.settings import TrainSettings
from convsight.tasks import task_of
from convsight.tasks.capabilities import doubting
from convsight.training import doubtful


@pytest.fixture
def stripes(tmp_path: Path) -> Path:
    """Images of horizontal and vertical stripes, of which one of each has the other's label, and one is no image."""
    chance = np.random.default_rng(0)
    for number in range(40):
        upright = number % 2
        lines = np.tile((np.arange(32) // 4 % 2 * 160)[:, None, None], (1, 32, 3))
        pixels = lines + chance.integers(0, 90, (32, 32, 3))
        label = "upright" if upright != (number in {6, 17}) else "level"
        (tmp_path / "data" / label).mkdir(parents=True, exist_ok=True)
        turned = pixels.transpose(1, 0, 2) if upright else pixels
        Image.fromarray(turned.astype(np.uint8)).save(tmp_path / "data" / label / f"{number}.png")
    (tmp_path / "data" / "level" / "broken.png").write_text("no image")
    return tmp_path / "data"


def test_of_many_images_the_features_are_means_over_places(
    stripes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONVSIGHT_FEATURES", str(tmp_path / "features"))
    monkeypatch.setattr(doubtful, "_principal", lambda values: values)
    dataset, task = read_dataset(stripes), task_of("classification")
    for most, numbers in ((41, 9 * 1280), (40, 1280)):  # of 41 images, one of which cannot be read
        monkeypatch.setattr(doubtful, "_MOST_WITH_CELLS", most)
        assert doubtful.pretrained_features(task, dataset, Silent(), side=96).values.shape == (40, numbers)


def test_planted_labels_are_found_and_kept_for_the_page_of_a_run(
    stripes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONVSIGHT_FEATURES", str(tmp_path / "features"))
    dataset = cut_splits(read_dataset(stripes), 0.2, 0.2, seed=0)
    run = Run.create(f"{tmp_path}/run", "stripes")
    run.save_settings(TrainSettings.of(data=str(stripes)), {})
    run.splits_file.write_text(splits_csv(dataset))
    found = convsight.audit(stripes, splits_of=run.path, doubtful=True, quiet=True)
    finding = found.findings[-1]
    assert (finding.kind, finding.level) == ("doubtful-labels", "suspicion")
    assert {entry.images[0].name for entry in finding.entries} == {"level/17.png", "upright/6.png"}
    assert all(entry.note.startswith(f"labelled {entry.images[0].truth} (0.") for entry in finding.entries)
    assert finding.words.startswith("2 labels doubted")
    kept = read_doubts(run)
    assert kept is not None
    assert kept.looked_at == 40  # and not the one that is no image
    where = {name: split for split, each in dataset.splits.items() for name in each.names}
    assert {(each.name, each.split) for each in kept.labels} == {
        (name, where[name]) for name in ("level/17.png", "upright/6.png")
    }
    # Features are kept; where nothing is doubted, that is said.
    assert list((tmp_path / "features").glob("*/*.npy"))
    for label, number, right in (("level", 17, "upright"), ("upright", 6, "level")):
        shutil.move(stripes / label / f"{number}.png", stripes / right / f"{number}.png")
    again = convsight.audit(stripes, doubtful=True, quiet=True)
    assert "none of 40 labels is doubted" in again.notes


def test_numbers_are_not_doubted() -> None:
    with pytest.raises(UserError, match="labels of regression are not doubted here"):
        doubting(task_of("regression"), "regression")
