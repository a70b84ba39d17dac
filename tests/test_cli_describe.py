"""The verb `describe`."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import convsight
from convsight.cli import app
from convsight.errors import UserError


def run(*arguments: str) -> str:
    found = CliRunner().invoke(app, ["describe", *arguments], catch_exceptions=False)
    assert found.exit_code == 0
    return found.stdout


def test_json_is_one_document() -> None:
    document = json.loads(run("vgg16", "--format", "json"))
    assert document["total"]["parameters"] == 138_357_544
    assert document["total"]["flops"] == 2 * document["total"]["multiply_adds"]
    assert document["layers"][0]["output_formula"] == "224 + 2*1 - 3 + 1 = 224"


def test_the_table_shows_formulas_and_totals() -> None:
    text = run("lecture3", "--batch", "16")
    for part in ("50,890", "(3*3*1 + 1)*16", "floor((26 - 3)/2) + 1 = 12", "training on 16 images in float32: peak"):
        assert part in text


def test_a_run_is_described_as_it_was_trained(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_folder = f"{tmp_path}/runs/lecture3"  # called as its network is
    trained = convsight.train(photos, net="lecture3", size=14, epochs=1, run=run_folder, quiet=True, export=False)
    document = json.loads(run(str(trained.path), "--format", "json"))
    assert document["input"] == [14, 14, 3]
    assert document["layers"][-1]["output"] == [2]
    assert document == json.loads(run(str(trained.model_file), "--format", "json"))
    monkeypatch.chdir(tmp_path)
    assert document == json.loads(run("lecture3", "--format", "json"))


def test_other_inputs_and_classes() -> None:
    document = json.loads(run("resnet18", "--input", "96x64x13", "--classes", "7", "--format", "json"))
    assert document["input"] == [96, 64, 13]
    assert document["layers"][-1]["output"] == [7]


KERAS = Path(__file__).parent / "nets" / "keras" / "fixtures"


@pytest.mark.parametrize(
    ("net", "volume"),
    [
        (str(KERAS / "lecture.keras"), [11, 12, 1]),
        (str(KERAS / "one_axis.keras"), [22, 3]),
        ("input 64x2 | conv 4 5 relu | globalavg | dense 3", [64, 2]),
        ("conv 4 3x3x3 | flatten | dense 2", None),
    ],
)
def test_networks_of_ones_own_in_any_dimension(net: str, volume: list[int] | None) -> None:
    given = [] if volume else ["--input", "6x7x8x2"]
    document = json.loads(run(net, *given, "--format", "json"))
    assert document["input"] == (volume or [6, 7, 8, 2])
    assert document["total"]["parameters"] == sum(layer["parameters"] for layer in document["layers"]) > 0


def test_files_are_written_whole(tmp_path: Path) -> None:
    run("lecture1", "--format", "svg", "--out", f"{tmp_path}/net.svg")
    run("lecture1", "--format", "html", "--out", f"{tmp_path}/net.html")
    assert (tmp_path / "net.svg").read_text().startswith("<svg")
    assert (tmp_path / "net.html").read_text().endswith("</html>\n")


def test_a_comparison(tmp_path: Path) -> None:
    names = ["squeezenet1_1", "resnet18", "lecture1"]
    document = json.loads(run("--compare", *names, "--format", "json", "--out", f"{tmp_path}/chart.png"))
    rows = {row["net"]: row for row in document["nets"]}
    assert rows["resnet18"]["accuracy"] == pytest.approx(0.69758)
    assert "torchvision" in rows["resnet18"]["accuracy_source"]
    assert rows["lecture1"]["accuracy"] is None
    assert (tmp_path / "chart.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_a_comparison_with_measurement() -> None:
    rows = json.loads(run("--compare", "lecture1", "lecture3", "--measure", "--format", "json"))["nets"]
    assert all(row["images_per_s"] > 0 and row["peak_bytes"] >= 0 for row in rows)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["resnet81"], "unknown net 'resnet81'; did you mean resnet18"),
        (["lecture1", "--input", "28"], "--input 28: give the sides and then the channels, such as 224x224x3"),
        (["lecture1", "--input", "0x28x3"], "--input 0x28x3: give the sides"),
        (["alexnet", "--input", "32x32x3"], "pooling over a 1x1 volume; the input must be at least 63x63"),
        (["lecture1", "lecture2"], "describe takes one net and got 2; to see them side by side: --compare"),
        (["--compare", "lecture1"], "--compare needs two networks or more"),
        (["--compare", "lecture1", "lecture2", "--out", "x.txt"], "--out x.txt: the chart's name must end in .png"),
        (["lecture1", "--out", "x.txt"], "--out x.txt: a table goes to standard output"),
        (["resnet18", "--input", "16x32x32x3"], "resnet18 takes images: give height x width x channels instead of"),
        (["lecture1", "--input", "2x2x1"], "lecture1 needs images of at least 7 px; 2 was asked"),
        (["vit_b_16", "--input", "100x100x3"], "vit_b_16 needs images whose sides are multiples of 16 px"),
        (
            ["resnet18", "--input", "32x32x3", "--batch", "1"],
            "cannot be trained on 1 image at once",
        ),
        (["lecture1", "--measure"], "--measure goes with --compare"),
        (["--compare", "lecture1", "lecture2", "--batch", "4"], "--batch describes the training of one net"),
        ([" "], "name a net, a run or a model file"),
        (["nowhere/model.safetensors"], "unknown net 'nowhere/model.safetensors'"),
    ],
)
def test_bad_input_is_named(arguments: list[str], message: str) -> None:
    with pytest.raises(UserError) as caught:
        CliRunner().invoke(app, ["describe", *arguments], catch_exceptions=False)
    assert message in str(caught.value)
