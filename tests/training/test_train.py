"""Training as a whole, on data small enough to train for real."""

import csv
import re
import tomllib
import traceback
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.numpy import load_file
from tests.training.begun import begun
from tests.training.heard import Heard
from tests.training.stopping import PressesCtrlC

import convsight
from convsight.errors import UserError
from convsight.progress import Silent
from convsight.run import Run
from convsight.settings import TrainSettings
from convsight.tasks.choices import train_settings
from convsight.train_options import train_app
from convsight.training.ending import remove_older
from convsight.training.resume import resume
from convsight.training.stopped import how_to_go_on
from convsight.training.train import train

FAST: dict[str, Any] = {"net": "lecture3", "size": 14, "quiet": True, "export": False}


def weights(run: Run) -> dict[str, NDArray[Any]]:
    return load_file(run.model_file)


def assert_same_bits(first: Run, second: Run) -> None:
    ours, theirs = weights(first), weights(second)
    assert ours.keys() == theirs.keys()
    for name, values in ours.items():
        np.testing.assert_array_equal(values, theirs[name], err_msg=name)


def test_digits_are_learnt_and_everything_is_in_the_run_folder(tmp_path: Path) -> None:
    run = convsight.train("digits", epochs=6, run=f"{tmp_path}/digits", size=16, quiet=True, export=False)
    accuracy = run.metrics["test/accuracy"]
    assert accuracy.value > 0.95
    assert accuracy.low < accuracy.value < accuracy.high
    assert accuracy.value > run.metrics["test/baseline/majority/accuracy"].value + 0.5
    assert {path.name for path in run.path.iterdir()} == {
        "settings.toml", "splits.csv", "metrics.csv", "model.safetensors", "checkpoint", "log.txt",
        "curves.png", "confusion.png", "reliability.png", "varied.png", "mistakes.png",
        "judged.json", "report.html",
    }  # fmt: skip
    rows = list(csv.DictReader((run.path / "metrics.csv").read_text().splitlines()))
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4", "5", "6"]
    settings = tomllib.loads((run.path / "settings.toml").read_text())
    assert settings["settings"]["epochs"] == 6
    assert settings["chosen"]["batch"] == 32
    card = run.card
    assert card.training["finished"] is True
    assert card.input.channels == 1
    best = max(rows, key=lambda row: (float(row["val/accuracy"]), -float(row["val/log_loss"])))
    assert card.training["best_epoch"] == int(best["epoch"])
    waited = [float(row["waited"]) for row in rows]
    assert all(0 <= share < 1 for share in waited)
    assert card.training["waited_share"] == pytest.approx(sum(waited[1:]) / 5, abs=1e-4)


@pytest.fixture(scope="module")
def seeded(few_digits: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Two epochs of a small network from the seed 5, without a worker; not to be changed."""
    place = tmp_path_factory.mktemp("seeded") / "run"
    return convsight.train(few_digits, epochs=2, run=place, workers=0, seed=5, **FAST)


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_the_same_seed_gives_the_same_bits_whatever_the_workers(
    few_digits: Path, seeded: Run, tmp_path: Path, workers: int
) -> None:
    again = convsight.train(few_digits, epochs=2, run=tmp_path / "a", workers=workers, seed=5, **FAST)
    assert_same_bits(seeded, again)


def test_another_seed_gives_other_weights(few_digits: Path, seeded: Run, tmp_path: Path) -> None:
    other = convsight.train(few_digits, epochs=2, run=tmp_path / "a", workers=0, seed=6, **FAST)
    assert any((weights(seeded)[name] != values).any() for name, values in weights(other).items())


@pytest.mark.parametrize(
    "optimizer", ["muon", *(pytest.param(name, marks=pytest.mark.slow) for name in ("adamw", "sgd"))]
)
def test_an_interrupted_run_resumes_to_the_same_bits(few_digits: Path, tmp_path: Path, optimizer: str) -> None:
    choices = {
        "data": str(few_digits),
        "net": "small",
        "size": 16,
        "epochs": 3,
        "optimizer": optimizer,
        "export": False,
    }
    whole = train(TrainSettings.of(run=f"{tmp_path}/whole", **choices), Silent())
    part = f"{tmp_path}/part"
    with pytest.raises(KeyboardInterrupt):
        train(TrainSettings.of(run=part, **choices), PressesCtrlC(epoch=2))
    assert Run.open(part).card.training["finished"] is False
    resumed = resume(part, {}, Silent())
    assert resumed.card.training["epochs"] == 3
    assert resumed.card.training["finished"] is True
    assert_same_bits(whole, resumed)


def test_an_interruption_keeps_the_best_and_sayshow_to_go_on(few_digits: Path, tmp_path: Path) -> None:
    listener = PressesCtrlC(epoch=2)
    with pytest.raises(KeyboardInterrupt):
        train(
            TrainSettings.of(
                data=str(few_digits), net="lecture3", size=14, epochs=5, run=f"{tmp_path}/part", export=False
            ),
            listener,
        )
    assert convsight.load(tmp_path / "part").predict(np.zeros((8, 8), np.uint8)).to_json()["labels"]
    assert f"convsight train --resume {tmp_path}/part" in listener.said[-1]


def test_an_interruption_before_the_first_step_leaves_nothing(few_digits: Path, tmp_path: Path) -> None:
    listener = PressesCtrlC(epoch=0, while_counting="baselines")
    settings = TrainSettings.of(
        data=str(few_digits), net="lecture3", size=14, epochs=5, run=f"{tmp_path}/a", export=False
    )
    with pytest.raises(KeyboardInterrupt):
        train(settings, listener)
    assert list(tmp_path.iterdir()) == []


def test_a_training_stopped_in_its_first_epoch_is_kept_and_goes_on(few_digits: Path, tmp_path: Path) -> None:
    choices = {"data": str(few_digits), "net": "lecture3", "size": 14, "epochs": 2, "export": False}
    listener, part = PressesCtrlC(epoch=1), Run(tmp_path / "part")
    with pytest.raises(KeyboardInterrupt):
        train(TrainSettings.of(run=str(part.path), **choices), listener)
    assert "stopped in epoch 1 after 1 of" in listener.said[-1]
    assert "no network is kept yet" in listener.said[-1]
    with pytest.raises(UserError, match="holds no model yet: its training was stopped before the first epoch ended"):
        _ = part.card
    heard = Heard()
    resumed = resume(part.path, {}, heard)
    assert any(
        said.startswith("resumed in epoch 1 after 1 of")
        and said.endswith("to the same weights as an unbroken training")
        for said in heard.said
    )
    assert_same_bits(train(TrainSettings.of(run=f"{tmp_path}/whole", **choices), Silent()), resumed)


def test_a_finished_run_can_be_trained_longer(few_digits: Path, tmp_path: Path) -> None:
    run = convsight.train(few_digits, epochs=1, run=f"{tmp_path}/a", **FAST)
    with pytest.raises(UserError, match="finished after 1 epoch; go on with more: --epochs"):
        resume(str(run.path), {}, Silent())
    longer = resume(str(run.path), {"epochs": 3}, Silent())
    assert longer.card.training["epochs"] == 3
    assert [row["epoch"] for row in csv.DictReader((run.path / "metrics.csv").read_text().splitlines())] == [
        "1",
        "2",
        "3",
    ]


def test_a_network_whose_layers_have_versions_is_kept_and_resumed(tmp_path: Path, photos: Path) -> None:
    run = convsight.train(photos, net="mnasnet0_5", size=32, epochs=1, run=f"{tmp_path}/a", quiet=True, export=False)
    assert resume(str(run.path), {"epochs": 2}, Silent()).card.training["epochs"] == 2


def test_changed_data_cannot_be_resumed(tmp_path: Path, photos: Path) -> None:
    run = convsight.train(photos, epochs=1, run=f"{tmp_path}/a", **FAST)
    Image.new("L", (20, 20), 77).save(next((photos / "bright").iterdir()))
    with pytest.raises(UserError, match="has changed since"):
        resume(str(run.path), {"epochs": 2}, Silent())


def test_early_stopping(few_digits: Path, tmp_path: Path) -> None:
    run = convsight.train(few_digits, epochs=50, patience=2, lr=1e-9, ema=0.0, run=f"{tmp_path}/a", **FAST)
    # Nothing moves at such a rate, so the first epoch stays the best.
    assert run.card.training["epochs"] == 3


@pytest.mark.slow  # of so few seconds a busy machine leaves too little to plan with
def test_minutes_end_on_time(tmp_path: Path) -> None:
    run = convsight.train("digits", minutes=0.1, run=f"{tmp_path}/a", **FAST)
    # The last rate of the schedule says that the plan was carried out, whatever the machine's speed; of one step, too.
    rows = list(csv.DictReader((run.path / "metrics.csv").read_text().splitlines()))
    _, chosen = run.settings()
    assert float(rows[-1]["lr"]) < 0.25 * chosen["lr"]


def test_a_name_taken_gets_a_number(few_digits: Path, tmp_path: Path) -> None:
    first = convsight.train(few_digits, epochs=1, run=f"{tmp_path}/a", **FAST)
    before = (first.path / "model.safetensors").read_bytes()
    second = convsight.train(few_digits, epochs=1, run=f"{tmp_path}/a", seed=9, **FAST)
    assert second.path == tmp_path / "a-2"
    assert (first.path / "model.safetensors").read_bytes() == before


def test_a_last_batch_of_one_image_is_no_obstacle(tmp_path: Path, photos: Path) -> None:
    # 18 training images in batches of 17 would leave one, of which batch normalisation behind a flattening has no
    # spread to learn from: PyTorch refuses it.
    for extra in range(6):
        (photos / "dark" / f"more{extra}.png").write_bytes((photos / "dark" / "0.png").read_bytes())
    run = convsight.train(
        photos,
        net="conv 4 3 relu | flatten | dense 8 | batchnorm | relu | dense 2",
        size=16,
        batch=17,
        epochs=1,
        run=f"{tmp_path}/a",
        quiet=True,
        export=False,
    )
    images = run.card.data["pictures"]["train"]
    assert images % 17 == 1


def test_unreadable_images_stop_the_training_or_are_left_out(tmp_path: Path, photos: Path) -> None:
    (photos / "dark" / "torn.png").write_bytes((photos / "dark" / "0.png").read_bytes()[:60])
    with pytest.raises(UserError, match=r"1 image cannot be read:\n.*torn.png.*\n.*--skip-unreadable"):
        convsight.train(photos, epochs=1, run=f"{tmp_path}/a", **FAST)
    assert not (tmp_path / "a").exists()
    run = convsight.train(photos, epochs=1, run=f"{tmp_path}/a", skip_unreadable=True, **FAST)
    assert sum(run.card.data["pictures"].values()) == 20
    resume(str(run.path), {"epochs": 2}, Silent())


@pytest.mark.parametrize("split", ["val", "test"])
def test_images_left_out_must_not_be_all_that_show_things(tmp_path: Path, split: str) -> None:
    rows = ["file,label,xmin,ymin,xmax,ymax,split"]
    for name, part in (("a", "train"), ("b", "train"), ("c", "val"), ("d", "val"), ("e", "test"), ("f", "test")):
        noise = np.random.default_rng(ord(name)).integers(0, 256, (32, 32, 3), np.uint8)
        Image.fromarray(noise).save(tmp_path / f"{name}.png")
        rows.append(f"{name}.png,cat,2,2,20,20,{part}" if name in "abce" else f"{name}.png,,,,,,{part}")
    (tmp_path / "boxes.csv").write_text("\n".join(rows))
    torn = tmp_path / {"val": "c.png", "test": "e.png"}[split]
    torn.write_bytes(torn.read_bytes()[:200])
    with pytest.raises(UserError, match=f"no image of the split '{split}' shows anything that is to be found"):
        convsight.train(tmp_path / "boxes.csv", epochs=1, skip_unreadable=True, run=f"{tmp_path}/a", quiet=True)
    assert not (tmp_path / "a").exists()


def test_steps_too_large_are_told_though_they_first_show_in_the_validation(tmp_path: Path, photos: Path) -> None:
    # A single step: its loss is finite, and so are the weights after it.
    with pytest.raises(UserError, match=r"ceased to answer in epoch 1: the steps are too large; try --lr .*lr-find"):
        convsight.train(photos, epochs=1, lr=1e15, run=f"{tmp_path}/a", **FAST)
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"task": "classification", "mosaic": 0.5}, "--mosaic is for detection, not for classification"),
        (
            {"task": "detection", "mirror": False},
            "--mirror is for classification, multilabel and segmentation, not for detection",
        ),
        (
            {"net": "yolo-n", "mirror": False},
            "--mirror is for classification, multilabel and segmentation, not for detection",
        ),
        ({"net": "lecture3", "mosaic": 0.5}, "--mosaic is for detection, not for classification"),
        ({"net": "yolo-n", "mosaic": 0.5}, "no-such-data"),
    ],
)
def test_a_setting_that_does_nothing_is_refused_before_data_are_read(choices: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        train(train_settings(data="no-such-data", **choices), Silent())


def test_a_run_stopped_while_it_is_judged_resumes_with_the_judging(few_digits: Path, tmp_path: Path) -> None:
    choices = {"data": str(few_digits), "epochs": 2, "net": "lecture3", "size": 14, "export": False}
    whole = train(TrainSettings.of(run=f"{tmp_path}/whole", **choices), Silent())
    with pytest.raises(KeyboardInterrupt):
        train(TrainSettings.of(run=f"{tmp_path}/part", **choices), PressesCtrlC(epoch=0, while_counting="judging"))
    part = Run.open(f"{tmp_path}/part")
    assert part.card.training["finished"] is False
    assert "test/accuracy" not in part.card.metrics
    resumed = resume(str(part.path), {}, Silent())
    assert resumed.card.training["finished"] is True
    assert resumed.card.training["epochs"] == 2
    assert_same_bits(whole, resumed)
    assert resumed.metrics["test/accuracy"] == whole.metrics["test/accuracy"]


def test_an_8_bit_graph_of_the_network_before_is_removed_and_that_is_said(tmp_path: Path) -> None:
    run, heard = Run(tmp_path), Heard()
    remove_older(run, heard)
    assert heard.said == []
    for file in (run.exported_file, run.int8_file):
        file.touch()
    remove_older(run, heard)
    assert list(tmp_path.iterdir()) == []
    (told,) = heard.said
    assert f"{run.int8_file} was of the network before and is removed" in told
    assert f"convsight export {tmp_path} --int8" in told


@pytest.mark.usefixtures("drawn_figures")
def test_a_run_trained_longer_in_vain_and_stopped_while_it_is_judged_resumes_too(tmp_path: Path, photos: Path) -> None:
    # No weight moves at such a rate, so the first epoch stays the best and its card stays as it is.
    run = convsight.train(photos, epochs=1, lr=1e-30, run=f"{tmp_path}/a", **FAST)
    with pytest.raises(KeyboardInterrupt):
        resume(str(run.path), {"epochs": 2}, PressesCtrlC(epoch=0, while_counting="judging"))
    assert (run.card.training["epochs"], run.card.training["finished"]) == (1, True)
    curves = (run.path / "curves.png").read_bytes()
    resumed = resume(str(run.path), {}, Silent())
    assert (resumed.card.training["epochs"], resumed.card.training["finished"]) == (2, True)
    assert (run.path / "curves.png").read_bytes() != curves
    with pytest.raises(UserError, match="finished after 2 epochs"):
        resume(str(run.path), {}, Silent())


def test_too_few_minutes_are_told_before_the_first_step_with_what_would_do(tmp_path: Path) -> None:
    heard = Heard()
    settings = TrainSettings.of(data="digits", net="lecture3", size=14, minutes=0.01, run=f"{tmp_path}/a", export=False)
    train(settings, heard)
    told = next(text for text in heard.said if text.startswith("note: --minutes 0.01 is too short"))
    assert re.search(r"and --minutes 0\.\d would do$", told)
    first = next(index for index, text in enumerate(heard.said) if text.startswith("epoch 1/1"))
    assert heard.said.index(told) < first


@pytest.mark.slow
def test_a_run_with_minutes_resumes_for_what_is_left_of_them(tmp_path: Path) -> None:
    settings = TrainSettings.of(
        data="digits", net="lecture3", size=14, minutes=0.15, run=f"{tmp_path}/part", export=False
    )
    with pytest.raises(KeyboardInterrupt):
        train(settings, PressesCtrlC(epoch=2))
    resumed = resume(f"{tmp_path}/part", {}, Silent())
    assert resumed.card.training["finished"] is True
    rows = list(csv.DictReader((resumed.path / "metrics.csv").read_text().splitlines()))
    epochs = [int(row["epoch"]) for row in rows]  # those that were validated: where that takes long, not each is
    assert epochs == sorted(set(epochs))
    assert resumed.card.training["epochs"] == epochs[-1]


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without that device")
def test_a_device_that_is_not_there_is_named_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--device cuda:3: there is no such device; there is cpu"):
        convsight.train("digits", epochs=1, device="cuda:3", run=f"{tmp_path}/a", **FAST)
    assert list(tmp_path.iterdir()) == []


def test_the_log_holds_what_was_said_from_the_first_word_to_the_advice(few_digits: Path, tmp_path: Path) -> None:
    listener = PressesCtrlC(epoch=0)
    run = train(
        TrainSettings.of(data=str(few_digits), net="lecture3", size=14, epochs=1, run=f"{tmp_path}/a", export=False),
        listener,
    )
    log = (run.path / "log.txt").read_text()
    assert "digits: 10 classes" in listener.said[0]
    places = [log.index(text) for text in listener.said]
    assert places == sorted(places)


def test_the_advice_holds_the_validation_score_against_a_baseline_on_the_same_images(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for split, counts in (("train", (90, 10)), ("val", (90, 10)), ("test", (20, 20))):
        for name, count in zip(("bad", "good"), counts, strict=True):
            folder = tmp_path / "noise" / split / name
            folder.mkdir(parents=True)
            for index in range(count):
                noise = random.integers(0, 255, (14, 14, 3)).astype(np.uint8)
                Image.fromarray(noise).save(folder / f"{index}.png")
    listener = PressesCtrlC(epoch=0)
    chosen: dict[str, Any] = {"net": "lecture3", "size": 14, "epochs": 3, "augment": "none", "export": False}
    train(TrainSettings.of(data=str(tmp_path / "noise"), run=f"{tmp_path}/a", **chosen), listener)
    (advice,) = [text for text in listener.said if "training images and" in text]
    assert "not shown to be better than the baseline of 0.900" in advice


def test_the_curves_show_the_numbers_of_the_card(tmp_path: Path) -> None:
    run = convsight.train("digits", epochs=3, run=f"{tmp_path}/a", precision="float32", **FAST)
    with (run.path / "metrics.csv").open() as file:
        (best,) = [row for row in csv.DictReader(file) if row["epoch"] == str(run.card.training["best_epoch"])]
    for name in ("accuracy", "log_loss", "calibration_error"):
        assert float(best[f"val/{name}"]) == pytest.approx(float(run.metrics[f"val/{name}"]), rel=0.01), name


def test_a_baseline_that_is_no_worse_is_told(tmp_path: Path, photos: Path) -> None:
    listener = PressesCtrlC(epoch=0)
    still: dict[str, Any] = {"net": "lecture3", "size": 14, "epochs": 1, "lr": 1e-9, "ema": 0.0, "export": False}
    train(TrainSettings.of(data=str(photos), run=f"{tmp_path}/a", **still), listener)
    told = [text for text in listener.said if "adds nothing" in text]
    assert any("'linear' reaches accuracy 1.000" in text for text in told), listener.said
    listener = PressesCtrlC(epoch=0)
    run = train(TrainSettings.of(data="digits", net="small", epochs=3, export=False, run=f"{tmp_path}/b"), listener)
    assert float(run.metrics["test/accuracy"]) > float(run.metrics["test/baseline/linear/accuracy"])
    assert not any("adds nothing" in text for text in listener.said)


def test_at_most_five_of_our_frames_from_the_verb_to_the_loss(
    few_digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torch.nn import functional

    stacks: list[list[str]] = []
    real = functional.cross_entropy

    def noted(*arguments: Any, **options: Any) -> Any:
        frames = traceback.extract_stack()
        stacks.append([frame.name for frame in frames if "src/convsight" in frame.filename.replace("\\", "/")])
        return real(*arguments, **options)

    monkeypatch.setattr(functional, "cross_entropy", noted)
    arguments = [
        str(few_digits),
        "--net",
        "lecture3",
        "--size",
        "14",
        "--epochs",
        "1",
        "--no-export",
        "--run",
        f"{tmp_path}/a",
    ]
    train_app()(arguments, standalone_mode=False)
    assert stacks[-1] == ["train", "train", "fit", "step", "class_loss"]


def test_a_process_that_is_not_the_first_knows_nothing_of_what_was_not_written(photos: Path, tmp_path: Path) -> None:
    t = begun(photos, tmp_path / "a", net="lecture3", size=14, epochs=1)
    t.processes = SimpleNamespace(is_first=False)  # type: ignore[assignment]
    t.epoch = t.step = 3
    said = how_to_go_on(t)
    assert said.startswith("stopped after epoch 3; the state that was written last is kept\n")
    assert said.endswith(f"convsight train --resume {tmp_path / 'a'}")
