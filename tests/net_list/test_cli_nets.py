"""`convsight nets` as a real process."""

import csv
import io
import json
import os
import subprocess
import sys

import pytest

from convsight.net_list.listed import listed_nets


def run_nets(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "convsight", "nets", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, **environment}, timeout=240, check=False
    )


def test_a_table_without_a_pattern() -> None:
    done = run_nets()
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split() == [
        "net",
        "parameters",
        "multiply-adds",
        "input",
        "top-1",
        "%",
        "task",
        "licence",
        "weights",
        "about",
    ]
    assert [line.split()[0] for line in lines[1:]] == list(listed_nets())
    vgg16 = next(line for line in lines if line.startswith("vgg16 "))
    for part in ("138 M", "15.5 G", "224 px", "71.6", "BSD-3-Clause", "torchvision IMAGENET1K_V1", "3x3 convolutions"):
        assert part in vgg16


def test_json_holds_every_fact() -> None:
    found = json.loads(run_nets("vgg1?", "--format", "json").stdout)
    assert [net["name"] for net in found] == ["vgg11", "vgg13", "vgg16", "vgg19"]
    assert found[2]["parameters"] == 138_357_544
    assert found[2]["accuracy"] == 0.71592
    assert found[2]["source"].startswith("Simonyan")
    assert (found[2]["classes"], found[2]["task"]) == (1000, "")


def test_networks_of_a_task_stand_under_its_name() -> None:
    found = json.loads(run_nets("yolo", "--format", "json").stdout)
    assert [(net["name"], net["task"], net["classes"]) for net in found] == [
        ("yolo-n", "detection", 80),
        ("yolo-s", "detection", 80),
        ("yolo-m", "detection", 80),
    ]
    row = next(line for line in run_nets("ssdlite").stdout.splitlines() if line.startswith("ssdlite "))
    assert "320 px" in row
    assert " detection " in row


def test_csv_is_one_row_a_network() -> None:
    rows = list(csv.DictReader(io.StringIO(run_nets("lecture", "--format", "csv").stdout)))
    assert [(row["name"], row["parameters"], row["weights"]) for row in rows] == [
        ("lecture1", "52010", "none"),
        ("lecture2", "52010", "none"),
        ("lecture3", "50890", "none"),
    ]


def test_an_unknown_name_ends_with_2_and_the_nearest() -> None:
    done = run_nets("resnet81")
    assert done.returncode == 2
    assert "did you mean resnet18" in done.stderr
    assert done.stdout == ""


@pytest.mark.slow
def test_timm_is_listed_by_its_prefix() -> None:
    done = run_nets("timm/test_resnet", "--format", "json")
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(done.stdout)
    assert found["parameters"] > 100_000
    assert found["weights_licence"] == "apache-2.0"


def test_no_heavy_import_for_the_catalogue() -> None:
    code = (
        "import sys; from convsight.cli import app; app(['nets', 'resnet'], standalone_mode=False); "
        "print([m for m in ('torch', 'numpy', 'torchvision') if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
