"""The code on the pages of documentation runs as it stands there."""

import doctest
import inspect
import re
import shlex
import subprocess
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from shutil import copytree, which
from typing import Any

import pytest
from PIL import Image
from tests.serve.live import Live, live
from typer import BadParameter
from typer.main import get_command

import convsight
from convsight.cli import app
from convsight.errors import UserError
from convsight.export.verb import export
from convsight.progress import Silent
from convsight.run import Run
from convsight.serve.admission import Admission
from convsight.serve.app import create_app
from convsight.serve.server_metrics import ServerMetrics
from convsight.serve.settings import ServeSettings
from convsight.train_options import augment_app, rate_app, train_app

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGE = DOCS / "deploy.md"
SERVE = DOCS / "serve.md"
OWN = DOCS / "own.md"
UsageError: Any = BadParameter.__base__  # typer has no name for it
ADDRESS = "http://127.0.0.1:8000"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^## (.*)$", re.MULTILINE)
# A command in a block or in a table.
CALL = re.compile(r"^    (?:.*(?:\| |\s-- |\) ))?convsight ([a-z].*)$|^\|.*`convsight ([a-z][^`]*)`", re.MULTILINE)


def blocks(page: Path) -> Iterator[object]:
    """The blocks of a page, each with the heading above it as its name."""
    text = page.read_text(encoding="utf-8")
    for number, block in enumerate(BLOCK.finditer(text)):
        heading = HEADING.findall(text, 0, block.start())[-1]
        yield pytest.param(block[1], id=f"{number}: {heading}")


@pytest.fixture(scope="module")
def folder(exported_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the pages speak of: `runs/digits`, exported in three ways, `cat.jpg`, turned by its EXIF orientation, and
    `photos`."""
    place = tmp_path_factory.mktemp("docs")
    run = Path(copytree(exported_run.path, place / "runs" / "digits"))
    for to, file in (("openvino", "model.xml"), ("torch", "model.pt2")):
        export(
            str(run),
            to,
            int8=False,
            half=False,
            data=None,
            out=run / file,
            max_loss=0.5,
            max_megapixels=100.0,
            listener=Silent(),
        )
    # So small that convsight decodes it whole, as the lines of the page do; of large ones it decodes a reduced scale.
    image = Image.effect_mandelbrot((60, 45), (-2.2, -1.4, 1.0, 1.4), 100).convert("RGB")
    orientation = Image.Exif()
    orientation[0x0112] = 6  # a quarter turn
    image.save(place / "cat.jpg", exif=orientation)
    (place / "photos").mkdir()
    image.save(place / "photos" / "turned.png")
    (place / "photos" / "bad.png").write_bytes(b"no image")
    return place


@pytest.mark.parametrize("block", [*blocks(PAGE)])
def test_a_block_runs_and_answers_as_convsight_does(block: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    space: dict[str, object] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what other packages say of themselves
        exec(compile(block, str(PAGE), "exec"), space)
    if isinstance(space.get("prediction"), str):
        expected = convsight.load("runs/digits", engine="torch").predict("cat.jpg").to_json()["labels"][0]
        assert space["prediction"] == expected["name"]
        assert space["probabilities"].max() == pytest.approx(expected["probability"], abs=1e-3)  # type: ignore[attr-defined]


@pytest.mark.slow
@pytest.mark.parametrize("block", [*blocks(OWN)])
def test_a_training_with_own_objects_runs_as_written(
    block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    space: dict[str, Any] = {"__name__": "own"}
    exec(compile(block, str(OWN), "exec"), space)
    assert space["run"].card.training["epochs"] == 3
    probabilities = [space[name].to_json()["labels"][0]["probability"] for name in ("prediction", "same")]
    assert probabilities[0] == pytest.approx(probabilities[1], abs=5e-3)
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["1", "2"]


def run_examples(*functions: Callable[..., object]) -> None:
    """Run the examples of docstrings one after the other, in this folder; they are skipped where there is none."""
    names = {name: getattr(convsight, name) for name in convsight.__all__} | {"convsight": convsight}
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS, verbose=False)
    for function in functions:
        source = inspect.getdoc(function) or ""
        test = doctest.DocTestParser().get_doctest(source, names, function.__name__, None, 0)
        assert test.examples, function
        for example in test.examples:
            example.options.pop(doctest.SKIP, None)
        words: list[str] = []
        assert runner.run(test, out=words.append, clear_globs=False).failed == 0, "".join(words)


def test_the_example_of_a_function_answers_as_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    run_examples(
        convsight.audit,
        convsight.load,
        convsight.evaluate,
        convsight.explain,
        convsight.rank_explanations,
        convsight.describe,
        convsight.export,
    )


@pytest.mark.slow
def test_the_example_of_a_training_answers_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run_examples(convsight.train, convsight.resume, convsight.train_several, convsight.resume_several)


def test_an_example_that_answers_otherwise_is_seen() -> None:
    def wrong() -> None:
        """Two.

        >>> 1 + 2  # doctest: +SKIP
        2
        """

    with pytest.raises(AssertionError, match="Expected:"):
        run_examples(wrong)


def commands(text: str) -> Iterator[list[str]]:
    """The words of a page's calls of `convsight`, in code alone or behind other programs, and in tables."""
    for in_code, in_table in CALL.findall(text):
        words = shlex.split(in_code or in_table, comments=True)
        yield words[: words.index(">")] if ">" in words else words


@cache
def verbs() -> dict[str, Any]:
    """The verbs with all their options, those that are read when they are called too."""
    found = dict(get_command(app).commands)  # type: ignore[attr-defined]
    late = {"train": train_app, "lr-find": rate_app, "augment": augment_app}
    return found | {verb: get_command(made()) for verb, made in late.items()}


def refusal(words: list[str]) -> str:
    """Why the command line would refuse these words before it looks at any data; empty where it would not."""
    verb, *rest = words
    if verb not in verbs():
        return f"{verb}: no such verb"
    try:
        verbs()[verb].make_context(verb, rest)
    except (UsageError, UserError) as error:
        return f"{' '.join(words)}: {error}"
    return ""


@pytest.mark.parametrize("page", [DOCS.parent / "README.md", *sorted(DOCS.glob("*.md"))], ids=lambda page: page.name)
def test_the_commands_of_readme_and_pages_are_understood(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    told = [*commands(text)]
    assert len(told) >= text.count("\n    convsight ")
    assert [*filter(None, map(refusal, told))] == []


def test_a_command_of_readme_that_would_be_refused_is_seen() -> None:
    lines = (
        "convsight trian a",
        "find . | convsight predict a - --fromat csv  # b",
        "convsight export a --to onxx > b",
    )
    page = "\n".join([*(f"    {line}" for line in lines), "| a | `convsight runs --fast` |"])
    told = [refusal(words).split(":")[0] for words in commands(page)]
    assert told == ["trian", "predict a - --fromat csv", "export a --to onxx", "runs --fast"]


def test_the_page_has_the_blocks_that_it_promises() -> None:
    text = PAGE.read_text(encoding="utf-8")
    plain = [block for block in BLOCK.findall(text) if "prediction = classes[" in block]
    assert len(plain) == 3
    assert not any("convsight." in block for block in plain)
    assert text.count("```python") == len(BLOCK.findall(text)) >= 8


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Live]:
    """The server that the page about serving asks, on another port."""
    with live(folder / "runs" / "digits") as running:
        yield running


@pytest.mark.parametrize("block", [*blocks(SERVE)])
def test_a_client_is_answered_as_convsight_answers(
    block: str, folder: Path, server: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ADDRESS in block
    monkeypatch.chdir(folder)
    space: dict[str, object] = {}
    exec(compile(block.replace(ADDRESS, server.url), str(SERVE), "exec"), space)
    predictions = space["predictions"]
    assert isinstance(predictions, list)
    expected = convsight.load("runs/digits").predict("cat.jpg").to_json()["labels"]
    assert {label["name"]: label["probability"] for label in predictions[0]["labels"]} == pytest.approx(
        {label["name"]: label["probability"] for label in expected}, abs=1e-6
    )
    assert [prediction["file"] for prediction in predictions if "error" in prediction] == ["bad.png"][
        : len(predictions) - 1
    ]


@pytest.mark.skipif(which("curl") is None, reason="there is no curl here")
def test_the_curl_lines_are_answered(folder: Path, server: Live) -> None:
    lines = re.findall(rf"^    (curl .*{ADDRESS}/predict)$", SERVE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(lines) == 3
    for line in lines:
        command = line.replace(ADDRESS, server.url) + " --silent --fail"
        done = subprocess.run(command, shell=True, cwd=folder, capture_output=True, check=True)
        assert b'"labels"' in done.stdout
        assert b'"error"' not in done.stdout


@pytest.mark.skipif(which("curl") is None, reason="there is no curl here")
def test_the_curl_line_for_a_drawn_image_saves_one(folder: Path, server: Live) -> None:
    [line] = re.findall(
        rf"^    (curl .*{ADDRESS}/predict -o drawn.png)$", SERVE.read_text(encoding="utf-8"), re.MULTILINE
    )
    command = line.replace(ADDRESS, server.url) + " --silent --fail"
    subprocess.run(command, shell=True, cwd=folder, check=True)
    with Image.open(folder / "drawn.png") as drawn:
        assert drawn.format == "PNG"
        assert drawn.height > drawn.width  # upright


def test_the_page_about_serving_has_every_option_status_and_metric() -> None:
    text = SERVE.read_text(encoding="utf-8")
    for name, field in ServeSettings.model_fields.items():
        option = "--token-file" if name == "token" else "--" + name.replace("_", "-")
        default = {"token": "none", "workers": "one a core"}.get(name, str(field.default))
        assert f"| `{option}` | {default} |" in text
    document = create_app({}, ServeSettings()).openapi()
    statuses = {status for path in document["paths"].values() for one in path.values() for status in one["responses"]}
    told = set(re.findall(r"\d{3}", " ".join(re.findall(r"^\| ([\d, ]+) \|", text, re.MULTILINE))))
    assert statuses - {"4XX"} <= told
    types = re.findall(r"# TYPE (\S+) (\S+)", ServerMetrics(Admission(1, 1)).text().decode())
    for name, kind in types:
        assert name.endswith("_created") or f"| `{name}` | {kind} |" in text
