"""The light half in an environment that has nothing but what the light install brings: no PyTorch."""

import json
import re
import subprocess
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest
from tests.serve.live import image, started

import convsight
from convsight.run import Run


def needed(name: str, found: dict[str, Distribution]) -> None:
    """Collect a distribution and, without extras, what it requires."""
    key = re.sub(r"[-_.]+", "-", name).lower()
    if key in found:
        return
    try:
        found[key] = distribution(name)
    except PackageNotFoundError:
        return  # for another platform or Python
    for requirement in found[key].requires or []:
        if "extra ==" not in requirement:
            needed(re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0], found)


@pytest.fixture(scope="module")
def light(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of links to the packages of the light install alone."""
    found: dict[str, Distribution] = {}
    needed("convsight", found)
    return linked(tmp_path_factory.mktemp("light"), found)


@pytest.fixture(scope="module")
def without_openvino(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same where OpenVINO has no build: ONNX Runtime instead."""
    found: dict[str, Distribution] = {}
    needed("convsight", found)
    needed("onnxruntime", found)
    for name in [name for name in found if name.startswith("openvino")]:
        del found[name]
    return linked(tmp_path_factory.mktemp("without_openvino"), found)


def linked(site: Path, found: dict[str, Distribution]) -> Path:
    """Fill `site` with links to the packages of the distributions."""
    for dist in found.values():
        for file in dist.files or []:
            top = Path(file.parts[0])
            if not str(file).startswith("..") and not (site / top).exists():
                (site / top).symlink_to(Path(str(dist.locate_file(str(top)))))
    (site / "convsight").unlink(missing_ok=True)
    (site / "convsight").symlink_to(Path(convsight.__file__).parent)
    return site


def command(site: Path, code: str) -> list[str]:
    # Isolated and without site-packages, so that only the links can be imported.
    start = f"import sys; sys.path.insert(0, {str(site)!r}); "
    return [sys.executable, "-I", "-S", "-c", start + code]


def run_light(site: Path, code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(site, code), capture_output=True, text=True, check=False)


def test_the_environment_has_no_pytorch(light: Path) -> None:
    for package in ("torch", "torchvision", "sklearn", "matplotlib"):
        assert "ModuleNotFoundError" in run_light(light, f"import {package}").stderr


def test_images_data_cards_and_metrics_work(light: Path, photos: Path, photos_run: Run) -> None:
    code = f"""
import json
from pathlib import Path
import numpy as np
from convsight.datasets import ImageStore, cut_splits, fingerprint, read_dataset
from convsight.run import Run
from convsight.results import Label
from convsight.tasks import reader_of
run = Run(Path({str(photos_run.path)!r}))
card = run.card
dataset = read_dataset({str(photos)!r})
fitted, bad = ImageStore.read(dataset.splits['all'], card.input)
metrics = reader_of(card).metrics()
for target in dataset.splits['all'].targets:
    metrics.update(target, Label(card.target.names, np.array([0.4, 0.6])))
print(json.dumps([fitted.take(np.arange(20)).shape, fingerprint(dataset), metrics.compute()['accuracy'].value]))
"""
    done = run_light(light, code)
    assert done.returncode == 0, done.stderr
    shape, found, accuracy = json.loads(done.stdout)
    assert shape == [20, 16, 16, 3]
    assert found == photos_run.card.data["fingerprint"]
    assert accuracy == 0.5


def test_tracks_and_masks_are_judged_without_pytorch(light: Path) -> None:
    code = """
import numpy as np
from convsight.metrics.pixels.boundaries import boundary_f1
from convsight.metrics.pixels.science_bowl import science_bowl_precision
from convsight.metrics.pixels.surfaces import surface_distances_by_class
from convsight.tasks.instances.light.metrics import InstanceMetrics
from convsight.tasks.panoptic.light.metrics import PanopticMetrics
from convsight.tracking import MotTable, judge
table = MotTable.of_rows([(1, 1, 0, 0, 10, 10), (2, 1, 1, 0, 10, 10)])
maps = np.eye(9, dtype=np.uint8)
print(judge(table, table).hota.hota, boundary_f1(maps, maps, 2).min(), surface_distances_by_class(maps, maps, 2).max())
"""
    done = run_light(light, code)
    assert done.stdout.split() == ["1.0", "1.0", "0.0"], done.stderr


def verb(arguments: list[str]) -> str:
    return f"sys.argv = ['convsight', *{arguments!r}]; from convsight.cli import main; main()"


def test_the_list_of_networks_and_the_filters_need_no_pytorch(light: Path, photos: Path, tmp_path: Path) -> None:
    done = run_light(light, verb(["nets", "vgg16", "--format", "json"]))
    assert '"parameters": 138357544' in done.stdout, done.stderr
    image = next((photos / "dark").iterdir())
    done = run_light(light, verb(["filters", str(image), "--kernel", "sobel-x", "--out", f"{tmp_path}/f.png"]))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "f.png").exists()


def test_data_is_audited_without_pytorch(light: Path, photos: Path) -> None:
    (photos / "dark" / "broken.png").touch()
    done = run_light(light, verb(["audit", str(photos), "--format", "json"]))
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["findings"][0]["kind"] == "unreadable"


def test_what_needs_pytorch_says_what_to_install(light: Path, photos: Path, photos_run: Run, tmp_path: Path) -> None:
    run = copytree(photos_run.path, tmp_path / "run", ignore=ignore_patterns("*.onnx"))
    for arguments in (["train", str(photos)], ["predict", str(run), str(photos)], ["describe", "vgg16"]):
        done = run_light(light, verb(arguments))
        assert done.returncode == 2, done.stderr
        assert 'pip install ".[train]" in the clone of convsight' in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("install", "engine"), [("light", "openvino"), ("without_openvino", "onnxruntime")])
def test_an_exported_network_predicts_and_is_judged(
    install: str, engine: str, photos: Path, photos_run: Run, request: pytest.FixtureRequest
) -> None:
    light, run = request.getfixturevalue(install), photos_run
    image = photos / "dark" / "0.png"
    expected = convsight.load(run.path, engine="torch").predict(image).to_json()["labels"]
    done = run_light(light, verb(["predict", str(run.path), str(image), "--format", "json", "--precision", "float32"]))
    found = json.loads(done.stdout)["labels"]
    assert [label["name"] for label in found] == [label["name"] for label in expected]
    assert found[0]["probability"] == pytest.approx(expected[0]["probability"], abs=1e-5)
    assert f"{engine} in float32" in done.stderr
    done = run_light(light, verb(["evaluate", str(run.path), "--format", "json"]))
    assert json.loads(done.stdout)["metrics"]["test/accuracy"]["value"] == run.metrics["test/accuracy"].value


def test_maps_by_answers_alone_need_no_pytorch(light: Path, photos: Path, photos_run: Run, tmp_path: Path) -> None:
    call = ["explain", str(photos_run.path), str(photos / "dark" / "0.png"), "--out", f"{tmp_path}/maps"]
    done = run_light(light, verb([*call, "--method", "occlusion,lime,rise", "--regions", "8", "--samples", "128"]))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "maps" / "0.sheet.png").exists()
    assert len(list((tmp_path / "maps").glob("*.npy"))) == 3
    done = run_light(light, verb([*call, "--method", "occlusion,gradcam"]))
    assert done.returncode == 2
    assert 'this needs torch, which only the training half brings: pip install ".[train]"' in done.stderr
    assert not (tmp_path / "maps" / "0-2.occlusion.png").exists()


@pytest.mark.parametrize(("install", "engine"), [("light", "openvino"), ("without_openvino", "onnxruntime")])
def test_an_exported_network_is_served(
    install: str, engine: str, exported_run: Run, request: pytest.FixtureRequest
) -> None:
    code = verb(["serve", f"digits={exported_run.path}", "--port", "0", "--precision", "float32"])
    with started(command(request.getfixturevalue(install), code)) as running:
        assert running.told == [f"digits: small, run by {engine} in float32"]
        predicted = running.post(image()).json()["answers"][0]["labels"]
    expected = convsight.load(exported_run.path, engine="torch").predict(image()).to_json()["labels"]
    assert [label["name"] for label in predicted] == [label["name"] for label in expected]


def test_networks_are_pushed_and_pulled(light: Path, photos_run: Run, tmp_path: Path) -> None:
    done = run_light(light, verb(["push", str(photos_run.path), f"{tmp_path}/pushed"]))
    assert done.returncode == 0, done.stderr
    done = run_light(light, verb(["pull", f"{tmp_path}/pushed", "--to", f"{tmp_path}/pulled"]))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "pulled" / "model.onnx").read_bytes() == photos_run.exported_file.read_bytes()
    done = run_light(light, verb(["pull", "hf://ada/shapes", "--to", f"{tmp_path}/x"]))
    assert 'pip install ".[hub]" in the clone of convsight' in done.stderr
    assert done.returncode == 2
