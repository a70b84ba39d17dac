"""`convsight audit`: its words, its JSON, its exit codes."""

import json
from pathlib import Path
from shutil import copy

from tests.command import within
from tests.datasets.audit.findings import MakeImage

from convsight.datasets import cut_splits, read_dataset, splits_csv
from convsight.run import Run
from convsight.settings import TrainSettings


def test_a_clean_set(clean: Path) -> None:
    done = within("audit", clean)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "nothing found"
    assert "sizes: smallest 48 x 48" in done.stdout


def test_remarks_alone_are_no_failure(clean: Path, image: MakeImage) -> None:
    image(1000).convert("L").save(clean / "train" / "cat" / "grey.png")
    done = within("audit", clean, "--workers", "0")
    assert done.returncode == 0, done.stderr
    assert "remark: 1 image grey among colour ones\n  train/cat/grey.png" in done.stdout
    assert done.stdout.splitlines()[-1] == "verdict: nothing wrong; 1 finding to look at"


def test_ten_cases_are_named_and_json_holds_all(clean: Path) -> None:
    for number in range(12):
        copy(clean / "train" / "cat" / f"{number}.png", clean / "test" / "cat" / f"leak{number}.png")
        copy(clean / "train" / "dog" / f"{number}.png", clean / "test" / "dog" / f"leak{number}.png")
    done = within("audit", clean)
    assert done.returncode == 1, done.stderr
    assert "train/cat/0.png (train), test/cat/leak0.png (test)" in done.stdout
    assert done.stdout.count("leak") == 11  # ten cases, and the verdict
    assert "and 14 more" in done.stdout
    assert done.stdout.splitlines()[-1] == "verdict: wrong (leaks)"
    as_json = within("audit", clean, "--format", "json")
    assert as_json.returncode == 1
    document = json.loads(as_json.stdout)
    keys = {"version", "data", "pictures", "splits", "counts", "sizes", "notes", "findings", "wrong"}
    assert set(document) == keys
    assert document["wrong"] is True
    assert len(document["findings"][0]["entries"]) == 24
    first = document["findings"][0]["entries"][0]["pictures"][0]
    assert first == {"split": "train", "name": "train/cat/0.png", "truth": "cat"}


def test_the_splits_of_a_run(clean: Path, tmp_path: Path) -> None:
    data = clean / "train"
    for number in range(20):
        copy(data / "cat" / f"{number}.png", data / "cat" / f"again{number}.png")
    dataset = cut_splits(read_dataset(data), 0.2, 0.2, seed=0)
    run = Run.create(f"{tmp_path}/run", "pets")
    run.save_settings(TrainSettings.of(data=str(data)), {})
    run.splits_file.write_text(splits_csv(dataset))
    assert within("audit", data).returncode == 0
    done = within("audit", data, "--splits-of", run.path, "--format", "json")
    assert done.returncode == 1, done.stderr
    document = json.loads(done.stdout)
    assert list(document["counts"]) == ["train", "val", "test"]
    assert document["findings"][0]["kind"] == "leaks"
    (data / "cat" / "0.png").unlink()
    changed = within("audit", data, "--splits-of", run.path)
    assert changed.returncode == 2
    assert "cat/0.png" in changed.stderr


def test_bad_input(tmp_path: Path, clean: Path) -> None:
    missing = within("audit", tmp_path / "nowhere")
    assert missing.returncode == 2
    assert "nowhere" in missing.stderr
    no_run = within("audit", clean, "--splits-of", tmp_path / "nowhere")
    assert no_run.returncode == 2
    assert "not a run folder" in no_run.stderr
