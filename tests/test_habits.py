"""Names that users of other tools bring along."""

import re

import pytest
from tests.command import within
from typer.main import get_command

from convsight.cli import app
from convsight.errors import UserError
from convsight.habits import HABITS, check_habits, net_of_habit
from convsight.settings import TrainSettings
from convsight.tasks.choices import train_settings
from convsight.train_options import train_app


def options_of(verb: str) -> set[str]:
    command = get_command(train_app()) if verb == "train" else get_command(app).commands[verb]  # type: ignore[attr-defined]
    return {option for parameter in command.params for option in parameter.opts if option.startswith("--")}


@pytest.mark.parametrize("verb", HABITS)
def test_what_is_named_is_there_and_what_is_there_is_no_habit(verb: str) -> None:
    options = options_of(verb)
    for habit, here in HABITS[verb].items():
        assert f"--{habit}" not in options
        named = re.findall(r"--[a-z0-9-]+", here.partition("convsight train")[0])
        assert set(named) <= options, habit


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "photos", "--imgsz", "64"], "there is no option --imgsz; it is --size"),
        (["train", "photos", "--model=resnet18"], "--model; it is --net"),
        (["train", "photos", "--batch_size", "8"], "--batch-size; it is --batch"),
        (["train", "photos", "--lr0", "1"], "--lr0; it is --lr"),
        (["train", "photos", "--project", "a", "--name", "b"], "--project; it is --run"),
        (["train", "--data", "photos"], "--data tells where"),
        (["train", "photos", "--freeze-layers", "10"], "--freeze-layers; it is --freeze"),
        (["predict", "runs/a", "a.jpg", "--conf", "0.3"], "--conf; it is --reject-below"),
        (["evaluate", "--weights", "a.pt"], "--weights; it is what stands first"),
        (["export", "runs/a", "--fp16"], "--fp16; it is --half"),
        (["predict", "runs/a", "a.jpg", "--heatmap"], "--heatmap; it is a verb of its own: convsight explain"),
        (["explain", "runs/a", "a.jpg", "--cam"], "--cam; it is --method gradcam"),
        (["explain", "runs/a", "a.jpg", "--class-idx", "3"], "--class-idx; it is --target, a class's name"),
        (["gradcam", "runs/a", "a.jpg"], "there is no verb gradcam; it is convsight explain"),
    ],
)
def test_the_message_names_ours(arguments: list[str], message: str) -> None:
    done = within(*arguments)
    assert done.returncode == 2
    assert re.search(f"^error: .*{message}", done.stderr)


def test_what_is_no_option_is_left_alone() -> None:
    check_habits([])
    check_habits(["serve", "--model"])
    check_habits(["predict", "runs/a", "--", "--conf"])
    check_habits(["train", "photos", "--batch", "8", "model"])


@pytest.mark.parametrize(("name", "ours"), [("imgsz", "size"), ("lr0", "lr"), ("batch_size", "batch"), ("name", "run")])
def test_settings_from_python_by_habit(name: str, ours: str) -> None:
    with pytest.raises(UserError, match=f"unknown setting '{name}'; here it is {ours}$"):
        train_settings(data="photos", **{name: 1})


def test_every_setting_that_is_named_is_one() -> None:
    from convsight.habits import habit_of_setting
    from convsight.tasks.choices import own_names

    named = {habit_of_setting(name) for name in HABITS["train"]} - {""}
    assert named <= set(TrainSettings.model_fields) | set(own_names()) | {"config"}


def test_yolos_by_their_names_elsewhere() -> None:
    for words in (
        ["train", "digits", "--net", "yolov8n"],
        ["train", "shapes", "--net", "yolov8n.pt"],
        ["nets", "yolo11"],
    ):
        done = within(*words)
        assert done.returncode == 2
        assert "yolo-n" in done.stderr, words
    assert net_of_habit("timm/yolo-n") == ""


@pytest.mark.parametrize("task", ["pose", "depth"])
def test_a_kind_of_question_that_is_not_there_yet_says_what_is(task: str) -> None:
    for words in (["train", "digits", "--task", task], ["train", "digits", f"--task={task}", "--help"]):
        done = within(*words)
        if "--help" not in words:
            assert done.returncode == 2
            known = "classification, multilabel, detection, segmentation, instances, panoptic and regression"
            assert f"there is no task '{task}' yet; there are {known}" in done.stderr
    assert "did you mean detection" in within("train", "digits", "--task", "detecton").stderr
    for theirs, ours in (("instance-segmentation", "instances"), ("semantic-segmentation", "segmentation")):
        assert f"here it is {ours}" in within("train", "digits", "--task", theirs).stderr


def test_a_device_by_its_number() -> None:
    with pytest.raises(UserError, match=r"device='0': give auto, .*the GPU of that number is cuda:0"):
        TrainSettings.of(data="photos", device="0")
    with pytest.raises(UserError, match=r"device='tpu': give auto, cpu, cuda, cuda:1 or mps$"):
        TrainSettings.of(data="photos", device="tpu")


def test_version_and_help_in_short() -> None:
    import convsight

    assert within("--version").stdout == f"convsight {convsight.__version__}\n"
    for words in ([], ["train"], ["predict"], ["runs"]):
        assert within(*words, "-h").stdout == within(*words, "--help").stdout != ""
