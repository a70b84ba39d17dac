"""The image: what its file copies and installs is there, and its health check asks where the server listens."""

import json
import os
import re
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tests.serve.live import Live

from convsight.serve.settings import ServeSettings

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "Containerfile").read_text(encoding="utf-8").replace("\\\n", "")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def instructions(name: str) -> list[str]:
    """What follows `name`, wherever it stands in the Containerfile."""
    return re.findall(rf"^{name} +(.*)$", TEXT, re.MULTILINE)


def in_the_image(lines: Iterable[str]) -> list[Requirement]:
    """Those of the requirements that hold for the Python and the system of the image."""
    [base] = instructions("FROM")
    python = base.removeprefix("python:").removesuffix("-slim")
    image = {"python_version": python, "python_full_version": f"{python}.0", "platform_machine": "x86_64"}
    image |= {"sys_platform": "linux", "platform_system": "Linux"}
    found = map(Requirement, lines)
    return [requirement for requirement in found if requirement.marker is None or requirement.marker.evaluate(image)]


def pins() -> dict[str, str]:
    """The versions that light.txt installs in the image, by name."""
    found: dict[str, str] = {}
    for requirement in in_the_image((ROOT / "requirements" / "light.txt").read_text(encoding="utf-8").splitlines()):
        [exactly] = requirement.specifier
        assert exactly.operator == "==", requirement
        found[canonicalize_name(requirement.name)] = exactly.version
    return found


def health(**environment: str) -> int:
    """The exit code of the health check."""
    [check] = instructions("HEALTHCHECK")
    python, *arguments = json.loads(check.partition("CMD")[2])
    assert python == "python"
    environment = os.environ | {"http_proxy": "http://127.0.0.1:9", "no_proxy": ""} | environment
    return subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, check=False).returncode


def test_every_file_that_is_copied_exists() -> None:
    sources = [source for words in instructions("COPY") for source in words.split()[:-1]]
    assert "requirements/light.txt" in sources
    assert [source for source in sources if not (ROOT / source).exists()] == []


def test_what_is_installed_is_all_that_the_light_half_needs_and_no_pytorch() -> None:
    found = pins()
    needed = in_the_image(PROJECT["dependencies"])
    assert "openvino" in {requirement.name for requirement in needed}
    for requirement in needed:
        assert requirement.specifier.contains(found[canonicalize_name(requirement.name)]), requirement
    training = {canonicalize_name(Requirement(line).name) for line in PROJECT["optional-dependencies"]["train"]}
    assert "torch" in training
    assert not training & found.keys()


def test_the_port_of_the_image_is_the_one_of_the_settings() -> None:
    port = ServeSettings().port
    assert f"CONVSIGHT_PORT={port}" in instructions("ENV")
    assert instructions("EXPOSE") == [str(port)]


def test_the_health_check_asks_the_port_of_the_environment(server: Live) -> None:
    assert health(CONVSIGHT_PORT=str(server.address[1])) == 0
    with socket.create_server(("127.0.0.1", 0)) as other:
        free = other.getsockname()[1]
    assert health(CONVSIGHT_PORT=str(free)) == 1
