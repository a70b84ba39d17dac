"""Images that a network was trained or chosen on are told as such, wherever they lie and whatever they are called."""

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image
from tests.training.heard import Heard

import convsight
from convsight.run import Run
from convsight.runtime.evaluate import evaluate


class Trained(NamedTuple):
    """A run on class folders of noise, and the names of its images by split."""

    run: Run
    photos: Path
    names: dict[str, list[str]]

    def copied(self, folder: Path, names: Iterable[str]) -> Path:
        """Images in class folders at `folder`, in another format and under other names."""
        for number, name in enumerate(names):
            label = name.split("/")[0]
            (folder / label).mkdir(parents=True, exist_ok=True)
            Image.open(self.photos / name).save(folder / label / f"copy-{number}.bmp")
        return folder


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    root = tmp_path_factory.mktemp("seen")
    random = np.random.default_rng(0)
    for name, level in (("dark", 80), ("bright", 170)):
        (root / "photos" / name).mkdir(parents=True)
        for index in range(20):
            noise = random.integers(-80, 80, (20, 24, 3)) + level
            Image.fromarray(noise.astype(np.uint8)).save(root / "photos" / name / f"{index}.png")
    choices = {"net": "lecture3", "size": 14, "epochs": 1, "export": False, "quiet": True}
    run = convsight.train(root / "photos", run=root / "run", **choices)  # type: ignore[arg-type]
    names: dict[str, list[str]] = {}
    for row in csv.DictReader(run.splits().splitlines()):
        names.setdefault(row["split"], []).append(row["picture"])
    return Trained(run, root / "photos", names)


def prefixes(metrics: Iterable[str]) -> set[str]:
    return {name.split("/")[0] for name in metrics}


@pytest.mark.parametrize(("split", "words"), [("train", "trained on"), ("val", "decided which epoch is the best")])
def test_metrics_are_named_after_what_the_images_were_to_the_run(
    trained: Trained, tmp_path: Path, split: str, words: str
) -> None:
    heard = Heard()
    copies = trained.copied(tmp_path / "new", trained.names[split])
    found = evaluate(trained.run.path, copies, heard)
    count = len(trained.names[split])
    assert prefixes(found.metrics) == {split}
    assert found.parts == {split: count}
    assert any(f"{count} of {count} images are, pixel for pixel, what the run was" in line for line in heard.said)
    assert any(words in line for line in heard.said)


def test_images_that_were_held_back_are_a_test(trained: Trained, tmp_path: Path) -> None:
    heard = Heard()
    found = evaluate(trained.run.path, trained.copied(tmp_path / "new", trained.names["test"]), heard)
    assert found.parts == {"test": len(trained.names["test"])}
    assert found.metrics["test/accuracy"] == trained.run.metrics["test/accuracy"]
    assert not any("note" in line for line in heard.said)


def test_what_is_mixed_is_judged_apart(trained: Trained, tmp_path: Path) -> None:
    seen = [*trained.names["train"][:3], *trained.names["train"][-2:], *trained.names["val"]]
    found = evaluate(
        trained.run.path, trained.copied(tmp_path / "all", [*seen, *trained.names["test"]]), heard := Heard()
    )
    assert found.parts == {"test": len(trained.names["test"]), "train": 5, "val": len(trained.names["val"])}
    assert found.images == sum(found.parts.values())
    assert found.metrics["test/accuracy"] == trained.run.metrics["test/accuracy"]
    assert found.metrics["val/accuracy"].value == trained.run.metrics["val/accuracy"].value
    assert any(f"5 of {found.images} images are, pixel for pixel, what the run was trained on; told as train" in line
               for line in heard.said)  # fmt: skip


def test_a_run_that_stored_no_digests_says_nothing(trained: Trained, tmp_path: Path) -> None:
    older = tmp_path / "older"
    older.mkdir()
    for name in ("settings.toml", "model.safetensors"):
        (older / name).write_bytes((trained.run.path / name).read_bytes())
    rows = [line.rsplit(",", 1)[0] for line in trained.run.splits().splitlines()]
    (older / "splits.csv").write_text("\n".join(rows) + "\n")
    copies = trained.copied(tmp_path / "new", trained.names["train"])
    heard = Heard()
    assert prefixes(evaluate(older, copies, heard).metrics) == {"test"}
    assert prefixes(evaluate(trained.run.model_file, copies, heard).metrics) == {"test"}
    assert not any("note" in line for line in heard.said)


def test_a_model_file_knows_the_whole_data_it_was_trained_on(trained: Trained) -> None:
    assert prefixes(evaluate(trained.run.model_file, trained.photos, Heard()).metrics) == {"train"}


def test_without_a_test_val_is_judged_and_that_is_said(trained: Trained, tmp_path: Path) -> None:
    from convsight.settings import TrainSettings
    from convsight.training.train import train

    heard = Heard()
    settings = TrainSettings.of(
        data=str(trained.photos), net="lecture3", size=14, epochs=1, export=False, test_fraction=0, run=f"{tmp_path}/r"
    )
    run = train(settings, heard)
    assert run.card.data["pictures"] == {"train": 36, "val": 4}
    assert prefixes(run.metrics) == {"val"}
    assert "val/baseline/majority/accuracy" in run.metrics
    assert any("there is no test: val, which chooses the best epoch, serves as one" in line for line in heard.said)
    found = evaluate(run.path, None, Heard())
    assert found.metrics["val/accuracy"] == run.metrics["val/accuracy"]
