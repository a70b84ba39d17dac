"""The contracts between rooms: complete, and red where one is broken."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import grimp
import pytest
from tools import house

ROOT = Path(__file__).resolve().parents[1]
CONTRACTS: list[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
    "contracts"
]
LAYERS, LIGHT, MAPPING = CONTRACTS


def _rooms() -> set[str]:
    found = {
        path.stem
        for path in (ROOT / "src/convsight").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").is_file()
    }
    return found - {"__init__"}


def test_every_room_is_of_one_half() -> None:
    light = {name.removeprefix("convsight.") for name in LIGHT["source_modules"]}
    heavy = {name.removeprefix("convsight.") for name in LIGHT["forbidden_modules"] if name.startswith("convsight.")}
    assert not light & heavy
    # Tasks have both halves, told apart by folder.
    assert {name for name in light | heavy if "." not in name} == _rooms() - {"tasks", "__main__"}


def test_no_task_knows_another() -> None:
    graph = grimp.build_graph("convsight", exclude_type_checking_imports=True)
    tasks = {path.parent.parent.name for path in (ROOT / "src/convsight/tasks").glob("*/light/__init__.py")}
    assert tasks >= {"classification", "detection"}
    for task in tasks:
        package = f"convsight.tasks.{task}"
        for module in {package, *graph.find_descendants(package)}:
            for imported in graph.find_modules_directly_imported_by(module):
                parts = imported.split(".")
                assert parts[1:2] != ["tasks"] or parts[2] not in tasks - {task}, f"{module} imports {imported}"


@pytest.mark.parametrize(
    ("file", "line", "broken"),
    [
        ("tasks/detection/light/planted.py", "import torch", LIGHT["name"]),
        ("metrics/planted.py", "import torch", LIGHT["name"]),
        ("images/planted.py", "from convsight import datasets", LAYERS["name"]),
        ("nets/planted.py", "from convsight.tasks import TASKS", LAYERS["name"]),
        ("serve/planted.py", "from convsight import hub", LAYERS["name"]),
        ("planted.py", "", LAYERS["name"]),  # a room that nobody has placed
        ("tasks/__init__.py", "from convsight.tasks import contract", MAPPING["name"]),
        ("tasks/__init__.py", "from convsight.tasks.planted import light", MAPPING["name"]),
    ],
)
def test_a_contract_that_is_broken_is_told(tmp_path: Path, file: str, line: str, broken: str) -> None:
    shutil.copytree(ROOT / "src/convsight", tmp_path / "src/convsight", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "src/convsight/tasks/classification/light", tmp_path / "src/convsight/tasks/planted/light")
    (tmp_path / "src/convsight/tasks/planted/__init__.py").touch()  # a task that nobody has listed
    with open(tmp_path / "src/convsight" / file, "a", encoding="utf-8") as planted:
        planted.write(f"\n{line}\n")
    done = _lint(tmp_path)
    assert done.returncode == 1, done.stdout
    assert f"{broken} BROKEN" in done.stdout.replace("\n", " ")


def test_as_they_stand_all_are_kept() -> None:
    done = _lint(ROOT)
    assert done.returncode == 0, done.stdout


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    code = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command()"
    path = str(folder / "src")
    environment = {"PYTHONPATH": path, "COLUMNS": "400", "PATH": ""}
    command = [sys.executable, "-c", code, "--no-cache"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_image_of_the_house_is_of_the_code_as_it_is() -> None:
    drawn = house.svg(house.layers(), house.reduced(house.imports()), house.training_half())
    assert (ROOT / "docs/house.svg").read_text(encoding="utf-8") == drawn, "make docs draws it anew"
