"""Networks pushed and pulled: as folders, and through huggingface_hub's real client to a hub on this machine."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import ModelCard, ModelCardData
from PIL import Image
from tests.hub.loopback import COMMIT, Loopback
from tests.metrics.distances import DistanceReader, distance_card

import convsight
from convsight.card import Card
from convsight.errors import UserError
from convsight.hub.known_files import KNOWN, check_folder, check_size
from convsight.hub.model_card import model_card
from convsight.hub.private_paths import check_private
from convsight.hub.pull import pull
from convsight.hub.push import push
from convsight.hub.repository import Repository, find_repository
from convsight.metrics import Measured
from convsight.model_files import read_card
from convsight.progress import Silent
from convsight.run import Run
from convsight.targets import Classes

FILES = ("README.md", "config.json", "model.onnx", "model.safetensors")


@pytest.fixture(scope="module")
def pushed(exported_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as `push` writes it; not to be changed."""
    folder = tmp_path_factory.mktemp("pushed") / "digits"
    push(exported_run.path, str(folder), Silent(), licence="apache-2.0")
    return folder


@pytest.fixture
def copy(pushed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(pushed, tmp_path / "copy"))


@pytest.fixture
def hub() -> Iterator[Loopback]:
    with Loopback() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def cli(*arguments: str | Path, hub: str, home: Path) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))}
    # A token of nobody: the hub on this machine asks for none, the client does before it uploads.
    environment = kept | {"HF_ENDPOINT": hub, "HF_HOME": str(home / "hf"), "HF_TOKEN": "hf_nobody"}
    command = [sys.executable, "-m", "convsight", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=home, env=environment, timeout=240, check=False)


def test_what_is_pushed_are_four_files_that_answer_the_same(pushed: Path, exported_run: Run, photos: Path) -> None:
    assert tuple(sorted(file.name for file in pushed.iterdir())) == FILES
    expected = convsight.load(exported_run.path).predict(photos / "dark" / "0.png")
    found = convsight.load(pushed).predict(photos / "dark" / "0.png")
    assert found.to_json() == expected.to_json()
    assert found.difference(convsight.load(pushed, engine="torch").predict(photos / "dark" / "0.png")).same == 1


def test_nothing_says_where_it_was_made(pushed: Path, exported_run: Run) -> None:
    for file in pushed.iterdir():
        content = file.read_bytes()
        for place in (exported_run.path, Path.home(), Path(convsight.__file__).parent):
            assert str(place).encode() + b"/" not in content, file
        assert str(exported_run.path).encode() not in content


def test_the_hub_understands_the_front_matter(pushed: Path, exported_run: Run) -> None:
    text = (pushed / "README.md").read_text()
    data = ModelCard(text).data
    assert isinstance(data, ModelCardData)
    assert (data.license, data.library_name, data.pipeline_tag) == ("apache-2.0", "convsight", "image-classification")
    assert data.eval_results is not None
    values = {f"{each.dataset_split}/{each.metric_type}": each.metric_value for each in data.eval_results}
    assert values["test/accuracy"] == exported_run.metrics["test/accuracy"].value
    assert "test/recall/0" not in values
    measured = exported_run.metrics["test/accuracy"]
    assert f"| test/accuracy | {measured.value:.4f} | {measured.low:.4f} to {measured.high:.4f} |" in text
    for part in ("test/baseline/majority/accuracy", exported_run.card.data["fingerprint"], "16 x 16 px"):
        assert part in text
    assert text.count("| holds |") >= 3


def test_the_code_in_the_page_runs(pushed: Path, exported_run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(pushed.parent)
    Image.new("RGB", (40, 30), "grey").save("cat.jpg")
    blocks = (pushed / "README.md").read_text().split("```python\n")[1:]
    names = {}
    for block in blocks:
        space: dict[str, object] = {}
        exec(block.split("```")[0], space)
        names.update(space)
    assert len(blocks) == 2
    expected = convsight.load(exported_run.path).predict("cat.jpg").to_json()["labels"][0]["name"]
    assert names["classes"][names["best"]] == expected  # type: ignore[index]


def test_the_config_holds_the_card_and_the_names(pushed: Path, exported_run: Run) -> None:
    document = json.loads((pushed / "config.json").read_text())
    assert document["id2label"] == {str(index): str(index) for index in range(10)}
    assert document["label2id"]["3"] == 3
    assert document["input"]["height"] == 16
    assert check_folder(pushed, pushed).card == exported_run.card


def test_odd_names_stay_text(exported_run: Run) -> None:
    odd = ("a|b", "<b>\n---\nlicense: x", "`code`", "猫")
    card = exported_run.card.model_copy(update={"target": Classes(names=odd), "data": {"name": 'da"ta\u0085: x\n- y'}})
    text = model_card(card, None, "odd\nname: [", None, None)
    data = ModelCard(text).data.to_dict()  # type: ignore[no-untyped-call]
    assert set(data) == {"library_name", "pipeline_tag", "tags", "metrics", "model-index"}
    assert data["model-index"][0]["name"] == "odd name: ["
    assert r"a\|b, \<b\> --- license: x, \`code\`, 猫" in text
    assert "No licence is named" in text


def test_a_pulled_folder_is_taken_by_every_verb(pushed: Path, tmp_path: Path, photos: Path) -> None:
    (photos / "bad").mkdir()
    found = pull(str(pushed), tmp_path / "got")
    assert tuple(sorted(file.name for file in found.folder.iterdir())) == FILES
    done = cli("predict", "got", photos / "dark", "--format", "json", hub="http://127.0.0.1:1", home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 10
    push(found.folder, str(tmp_path / "again"), Silent())
    assert (tmp_path / "again" / "model.onnx").is_file()


def test_only_known_files_are_taken(copy: Path, tmp_path: Path) -> None:
    for name in ("model.py", "pytorch_model.bin", "weights.pkl", "config.py"):
        (copy / name).write_bytes(b"import os")
    found = pull(str(copy), tmp_path / "got")
    assert tuple(sorted(file.name for file in found.folder.iterdir())) == FILES


def spoil_pickle(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"\x80\x04\x95" + b"0" * 100)


def spoil_cut(folder: Path) -> None:
    file = folder / "model.onnx"
    file.write_bytes(file.read_bytes()[:1000])


def spoil_config(folder: Path) -> None:
    file = folder / "config.json"
    file.write_text(file.read_text().replace('"seed": 0', '"seed": 1'))


def spoil_json(folder: Path) -> None:
    (folder / "config.json").write_text("[" * 100_000)


def spoil_list(folder: Path) -> None:
    (folder / "config.json").write_text("[]")


def spoil_all(folder: Path) -> None:
    for name in KNOWN[2:]:
        (folder / name).unlink()


def spoil_empty(folder: Path) -> None:
    (folder / "README.md").write_text("")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (spoil_pickle, "is a pickle"),
        (spoil_cut, "cut short"),
        (spoil_config, "config.json tells of another network"),
        (spoil_json, "config.json is not JSON"),
        (spoil_list, "config.json holds no card"),
        (spoil_all, "no model.safetensors and no model.onnx"),
        (spoil_empty, "README.md has 0 bytes"),
    ],
)
def test_what_is_spoilt_is_refused_and_leaves_nothing(copy: Path, tmp_path: Path, spoil: object, words: str) -> None:
    spoil(copy)  # type: ignore[operator]
    with pytest.raises(UserError, match=words):
        pull(str(copy), tmp_path / "got")
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]


def test_a_link_out_of_a_folder_is_not_followed(copy: Path, tmp_path: Path) -> None:
    outside = tmp_path / "diary.md"
    outside.write_text("dear diary")
    (copy / "README.md").unlink()
    (copy / "README.md").symlink_to("../diary.md")
    with pytest.raises(UserError, match=r"README\.md is a link to a file outside of it"):
        pull(str(copy), tmp_path / "theirs")
    assert not (tmp_path / "theirs").exists()
    (copy / "text").write_text("of the network")
    (copy / "README.md").unlink()
    (copy / "README.md").symlink_to("text")
    (tmp_path / "link").symlink_to(copy)
    folder = pull(str(tmp_path / "link"), tmp_path / "theirs").folder
    assert (folder / "README.md").read_text() == "of the network"
    assert not (folder / "README.md").is_symlink()


def test_sizes_that_no_such_file_has() -> None:
    check_size("model.onnx", 1_000_000_000, "x")
    with pytest.raises(UserError, match=r"config\.json has 1,000,000,000 bytes"):
        check_size("config.json", 1_000_000_000, "x")


def test_a_graph_of_another_network_is_left_out(copy: Path, tmp_path: Path) -> None:
    from convsight.export.torch_engine import load_network, save_network

    file = copy / "model.safetensors"
    other = read_card(file).model_copy(update={"training": {"epoch": 99}})
    save_network(file, load_network(file), other)
    with pytest.raises(UserError, match="another network"):
        pull(str(copy), tmp_path / "got")
    assert push(copy, str(tmp_path / "new"), Silent()).files == ("README.md", "config.json", "model.safetensors")


def test_what_is_there_is_never_overwritten(
    pushed: Path, copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for work in (lambda: push(pushed, str(copy), Silent()), lambda: pull(str(pushed), copy)):
        with pytest.raises(UserError, match="not an empty folder"):
            work()
    (tmp_path / "empty").mkdir()
    with monkeypatch.context() as inside:
        inside.chdir(tmp_path / "empty")
        with pytest.raises(UserError, match="the folder this command runs in"):
            pull(str(pushed), Path())
    assert pull(str(pushed), tmp_path / "empty").folder == tmp_path / "empty"


@pytest.mark.parametrize(
    "text", ["/home/ada/w.pt", "weights of ~/x/w.pt", r"C:\Users\ada", r"\\server\share", "file:///tmp/x", "D:/x/y"]
)
def test_cards_that_name_a_place_are_not_published(exported_run: Run, text: str) -> None:
    card = exported_run.card.model_copy(update={"training": {"weights": text}})
    with pytest.raises(UserError, match=r"training\.weights"):
        check_private(card)


def test_a_run_that_names_a_place_is_not_pushed(copy: Path, tmp_path: Path) -> None:
    from convsight.export.torch_engine import load_network, save_network

    file = copy / "model.safetensors"
    named = read_card(file).model_copy(update={"training": {"weights": "/home/ada/w.pt"}})
    save_network(file, load_network(file), named)
    with pytest.raises(UserError, match="is not published"):
        push(copy, str(tmp_path / "new"), Silent())
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]


@pytest.mark.parametrize(
    "text", ["timm https://host.org/a/b/c.pth (mit)", "w.pt (SHA-256 ab/cd)", "timm/convnext", "conv 8 3x3 | dense 3"]
)
def test_other_words_are_published(exported_run: Run, text: str) -> None:
    check_private(exported_run.card.model_copy(update={"training": {"weights": text}, "net": text}))


def test_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_repository("ada/net") == find_repository("hf://ada/net") == Repository("ada", "net")
    for folder in ("./ada/net", "/ada/net", "net", "a/b/c", "../net", "ada/", "ada net/x"):
        assert isinstance(find_repository(folder), Path)
    (tmp_path / "ada").mkdir()
    assert find_repository("ada/net") == Path("ada/net")
    assert find_repository("hf://ada/net") == Repository("ada", "net")
    for wrong in ("hf://ada", "hf://a/b/c", ""):
        with pytest.raises(UserError):
            find_repository(wrong)


def test_through_the_hub_and_back(pushed: Path, exported_run: Run, hub: Loopback, tmp_path: Path) -> None:
    done = cli("push", exported_run.path, "ada/digits", "--format", "json", hub=hub.address, home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["place"] == f"{hub.address}/ada/digits"
    assert tuple(sorted(hub.repositories["ada/digits"])) == FILES
    assert hub.repositories["ada/digits"]["model.onnx"] == (pushed / "model.onnx").read_bytes()
    assert private(hub.made[-1])
    hub.repositories["ada/digits"]["evil.py"] = b"import os"
    hub.repositories["ada/digits"]["pytorch_model.bin"] = b"\x80\x04"
    hub.asked.clear()
    done = cli("pull", "ada/digits", "--revision", "v1", "--format", "json", hub=hub.address, home=tmp_path)
    assert done.returncode == 0, done.stderr
    told = {"version": 1, "folder": str(Path("runs/digits")), "commit": COMMIT, "net": "small"}
    assert json.loads(done.stdout) == told
    assert tuple(sorted(file.name for file in (tmp_path / "runs" / "digits").iterdir())) == FILES
    assert (tmp_path / "runs/digits/model.safetensors").read_bytes() == exported_run.model_file.read_bytes()
    assert not any("evil" in asked or ".bin" in asked for asked in hub.asked)
    assert all("/ada/digits" in asked for asked in hub.asked), hub.asked
    done = cli("push", "runs/digits", "ada/second", "--public", hub=hub.address, home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert not private(hub.made[-1])


def private(made: dict[str, object]) -> bool:
    """Whether a repository was asked to be private, in the words of the client's older and newer versions."""
    return made.get("private") is True or made.get("visibility") == "private"


@pytest.mark.slow
def test_what_the_hub_refuses_is_one_message(hub: Loopback, tmp_path: Path) -> None:
    hub.repositories["ada/large"] = {"config.json": b"0" * 100_000_001}
    hub.repositories["ada/other"] = {"model.bin": b"0"}
    for place, words in {
        "ada/nothing": "404",
        "ada/large": "config.json has 100,000,001 bytes",
        "ada/other": "no model.safetensors and no model.onnx",
    }.items():
        done = cli("pull", place, hub=hub.address, home=tmp_path)
        assert done.returncode == 2
        assert words in done.stderr
        assert "Traceback" not in done.stderr
        assert not list((tmp_path / "runs").iterdir())
    assert not any("resolve" in asked for asked in hub.asked)


def test_without_a_network_it_says_so(pushed: Path, tmp_path: Path) -> None:
    for verb in (("pull", "ada/digits"), ("push", pushed, "ada/digits")):
        done = cli(*verb, hub="http://127.0.0.1:9", home=tmp_path)
        assert done.returncode == 2
        assert "is there a network?" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nowhere/at/all",), "neither OWNER/NAME nor a folder"),
        ((".", "--revision", "v1"), "--revision v1: the folder"),
    ],
)
def test_bad_pulls(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    done = cli("pull", *arguments, hub="http://127.0.0.1:9", home=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr


def test_bad_pushes(exported_run: Run, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--license MIT licence"):
        push(exported_run.path, str(tmp_path / "x"), Silent(), licence="MIT licence")
    with pytest.raises(UserError, match="is an exported file"):
        push(exported_run.exported_file, str(tmp_path / "x"), Silent())
    assert not list(tmp_path.iterdir())


def test_a_network_without_metrics_has_a_page(exported_run: Run) -> None:
    card: Card = exported_run.card.model_copy(update={"metrics": {}, "data": {}, "versions": {}})
    assert "None were measured" in model_card(card, None, "x", None, "mit")


def test_numbers_that_are_no_shares_stand_in_their_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("convsight.hub.model_card.reader_of", DistanceReader)
    whole, part = Measured(3.21234, 2.9, 3.5), Measured(0.5, 0.5, 0.5)
    metrics = {"test/rmse": whole, "test/baseline/mean/rmse": Measured(12.4, 12.4, 12.4), "test/rmse/near": part}
    text = model_card(distance_card().model_copy(update={"metrics": metrics}), None, "x", None, "mit")
    assert "| test/rmse | 3.212 m | 2.900 to 3.500 |" in text
    assert "| test/baseline/mean/rmse | 12.400 m |  |" in text
    assert "| test: near | 0.500 m |" in text
    data = ModelCard(text).data.to_dict()  # type: ignore[no-untyped-call]
    (found,) = data["model-index"][0]["results"]
    assert found["metrics"] == [{"type": "rmse", "name": "test/rmse", "value": 3.21234}]
