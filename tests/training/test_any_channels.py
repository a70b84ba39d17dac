"""Images of many channels and bits through every verb: trained, judged, predicted, exported, audited."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import convsight
from convsight.datasets import read_as_it_is
from convsight.datasets.audit import audit
from convsight.errors import UserError
from convsight.hub.push import push
from convsight.images import ImageError
from convsight.inputs import ImageInput
from convsight.model_files import read_card
from convsight.progress import Silent
from convsight.results import Label

SIDE, CHANNELS = 16, 5
NET = "conv 8 3x3 relu | maxpool 2 | globalavg | dense classes"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes of 12-bit images that differ in one channel alone."""
    rng = np.random.default_rng(0)
    arrays: dict[str, Any] = {}
    for split, count in (("train", 80), ("val", 20), ("test", 20)):
        labels = np.arange(count) % 2
        images = rng.integers(0, 3000, (count, SIDE, SIDE, CHANNELS)).astype(np.uint16)
        images[labels == 1, :, :, 3] += 1000
        arrays |= {f"{split}_images": images, f"{split}_labels": labels}
    file = tmp_path_factory.mktemp("bands") / "bands.npz"
    np.savez(file, **arrays)
    return file


def test_they_go_through_every_verb(archive: Path, tmp_path: Path) -> None:
    run = convsight.train(
        archive, net=NET, epochs=4, batch=16, lr=0.01, optimizer="adamw", run=str(tmp_path / "run"), quiet=True
    )
    spec = run.card.input
    assert isinstance(spec, ImageInput)
    assert (spec.channels, spec.bits, spec.low, spec.high) == (CHANNELS, 16, 0, 4095)
    train = np.load(archive)["train_images"] / 4095
    np.testing.assert_allclose(spec.mean, train.mean(axis=(0, 1, 2)), rtol=1e-6)
    np.testing.assert_allclose(spec.std, train.std(axis=(0, 1, 2)), rtol=1e-6)
    assert run.metrics["test/accuracy"].value > 0.9
    assert run.metrics["test/baseline/linear/accuracy"].value > 0.5
    proofs = read_card(run.exported_file).proofs
    assert proofs
    assert all(proof.holds for proof in proofs if proof.precision == "float32")
    own = convsight.evaluate(run.path, quiet=True, engine="onnxruntime").metrics["test/accuracy"]
    assert own.value == run.metrics["test/accuracy"].value
    test = np.load(archive)["test_images"]
    np.save(tmp_path / "one.npy", test[1])
    model = convsight.load(run.path)
    predictions = [model.predict(source) for source in (test[1], tmp_path / "one.npy", content(test[1]))]
    (tmp_path / "folder").mkdir()
    for name in ("a.npy", ".hidden.npy", "notes.txt", "photo.png"):
        (tmp_path / "folder" / name).write_bytes(content(test[1]))
    many = list(model.predict_many([tmp_path / "folder"]))
    assert [Path(each.file).name for each in many] == ["a.npy"]
    assert [prediction.to_json() for prediction in predictions] == [predictions[0].to_json()] * 3
    assert isinstance(predictions[0], Label)
    assert predictions[0].name == "1"
    assert many[0].result is not None
    assert many[0].result.difference(predictions[0]).largest < 1e-5
    with pytest.raises(ImageError, match="expected"):
        model.predict(test[1][:, :, :3])
    with pytest.raises(UserError, match="--colour"):
        convsight.train(archive, net=NET, colour="grey", run=str(tmp_path / "grey"), quiet=True)


def content(array: NDArray[Any]) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def test_an_audit_finds_copies_among_them(archive: Path, tmp_path: Path) -> None:
    arrays = dict(np.load(archive))
    arrays["test_images"][5] = arrays["train_images"][7]
    np.savez(tmp_path / "copied.npz", **arrays)
    assert not audit(read_as_it_is(archive), Silent()).wrong
    (found,) = audit(read_as_it_is(tmp_path / "copied.npz"), Silent()).findings
    assert {place.name for entry in found.entries for place in entry.images} == {"test/00005", "train/00007"}
    assert found.level == "wrong"


@pytest.mark.slow
def test_a_pushed_folder_tells_how_to_use_them(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    run = convsight.train(archive, net=NET, epochs=1, run="run", quiet=True)
    push(str(run.path), "theirs", Silent())
    page = Path("theirs", "README.md").read_text()
    assert "5 channels and 16 bits" in page
    assert "0 to 4095 as 0 to 1" in page
    np.save("example.npy", np.load(archive)["test_images"][0])
    for block in page.split("```python\n")[1:]:
        exec(block.split("```")[0], {})
    first, second = capsys.readouterr().out.strip().splitlines()
    assert first.split()[0] == second.split()[0]
