"""One picture to a GeoTIFF of its classes or to outlines, in one go or in several."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import torch
from affine import Affine
from numpy.typing import NDArray
from rasterio.features import rasterize
from rasterio.warp import transform as to_crs
from tests.band_files import write_bands

from convsight.card import Card
from convsight.errors import UserError
from convsight.export.torch_engine import save_network
from convsight.inputs import ImageInput
from convsight.progress import Listener, Silent, Status
from convsight.results import ClassMap
from convsight.runtime.find_network import NetworkName
from convsight.runtime.maps.geojson_file import write_geojson
from convsight.runtime.maps.verb import MapOptions, save_map
from convsight.runtime.model import load
from convsight.targets import Classes, Palette
from convsight.tasks import task_of

NAMES = ("background", "field", "water")
PLACE = {"crs": "EPSG:32633", "transform": Affine(10, 0, 500_000, 0, -10, 5_300_000)}
HEIGHT, WIDTH = 150, 130


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network with fresh weights that takes tiles, and a georeferenced picture of four bands."""
    place = tmp_path_factory.mktemp("maps")
    torch.manual_seed(0)
    image = ImageInput(height=32, width=32, fit="tile", overlap=8, channels=4, bits=8, mean=(0.4,) * 4, std=(0.3,) * 4)
    card = Card(task="segmentation", net="unet-s", target=Palette.of(NAMES), input=image)
    save_network(place / "net.safetensors", task_of("segmentation").build(card).eval(), card)
    random = np.random.default_rng(0)
    coarse = random.integers(0, 256, (HEIGHT // 10, WIDTH // 10, 4), dtype=np.uint8)
    write_bands(place / "field.tif", coarse.repeat(10, axis=0).repeat(10, axis=1), tiled=False, **PLACE)
    return place


def options(folder: Path, **changes: Any) -> MapOptions:
    return replace(MapOptions(NetworkName(folder / "net.safetensors"), [str(folder / "field.tif")]), **changes)


def whole(folder: Path) -> ClassMap:
    found = load(folder / "net.safetensors").predict(folder / "field.tif")
    assert isinstance(found, ClassMap)
    return found


class Heard(Listener):
    """Hears what is said, and stops as Ctrl-C does when so many rows of tiles are done."""

    def __init__(self, stop: int | None = None) -> None:
        self.said: list[str] = []
        self.stop = stop

    def say(self, text: str) -> None:
        self.said.append(text)

    def epoch(self, number: int, text: str) -> None:
        pass

    def training(self) -> AbstractContextManager[Callable[[Status], None]]:
        return Silent().training()

    @contextmanager
    def counting(self, what: str, total: int | None) -> Iterator[Callable[[int], None]]:
        done = 0

        def advance(more: int) -> None:
            nonlocal done
            done += more
            if self.stop is not None and done >= self.stop:
                raise KeyboardInterrupt

        yield advance


def test_the_map_is_the_prediction_where_the_picture_lies(folder: Path, tmp_path: Path) -> None:
    out, heard, expected = tmp_path / "map.tif", Heard(), whole(folder)
    save_map(options(folder, probabilities=True), out, {}, heard)
    with rasterio.open(out) as found, rasterio.open(folder / "field.tif") as picture:
        np.testing.assert_array_equal(found.read(1), expected.indices)
        assert (found.crs, found.transform, found.nodata) == (picture.crs, picture.transform, 255)
        assert found.tags()["classes"] == "0 background, 1 field, 2 water"
        assert [found.colormap(1)[index][:3] for index in range(3)] == list(Palette.of(NAMES).colours)
        assert found.profile["tiled"]
    with rasterio.open(tmp_path / "map.probabilities.tif") as found:
        shares = found.read()
        assert found.descriptions == NAMES
        assert found.transform == PLACE["transform"]
    assert expected.scores is not None
    np.testing.assert_allclose(shares.max(axis=0) / 255, expected.scores, atol=0.5 / 255 + 1e-3)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["map.probabilities.tif", "map.tif", "map.tif.job"]
    assert heard.said[-1].endswith("; 130 x 150 px")


@pytest.mark.parametrize("stop", [1, 2, 5])
def test_a_stopped_job_goes_on_and_ends_with_the_same_bytes(folder: Path, tmp_path: Path, stop: int) -> None:
    save_map(options(folder, probabilities=True), tmp_path / "once.tif", {}, Silent())
    out, heard = tmp_path / "again.tif", Heard(stop)
    with pytest.raises(KeyboardInterrupt):
        save_map(options(folder, probabilities=True), out, {}, heard)
    assert not out.exists()
    assert heard.said[-1].startswith(f"stopped; the same command goes on after {stop} of 6 rows")
    with (tmp_path / "again.tif.part").open("ab") as rows:  # written, but not yet safe, when the power failed
        rows.write(b"half a row")
    heard = Heard()
    save_map(options(folder, probabilities=True), out, {}, heard)
    assert f"{stop} of 6 rows of tiles are predicted already; going on from there" in heard.said
    assert out.read_bytes() == (tmp_path / "once.tif").read_bytes()
    names = [tmp_path / f"{name}.probabilities.tif" for name in ("once", "again")]
    assert names[0].read_bytes() == names[1].read_bytes()
    save_map(options(folder, probabilities=True), out, {}, heard)
    assert heard.said[-1].endswith("is there already, whole")


def test_a_job_is_not_gone_on_with_by_another(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "map.tif"
    with pytest.raises(KeyboardInterrupt):
        save_map(options(folder), out, {}, Heard(2))
    with pytest.raises(UserError, match=r"was written with another reject_below: None, now 0\.9"):
        save_map(options(folder, reject_below=0.9), out, {}, Silent())
    (tmp_path / "mine.tif").write_bytes(b"precious")
    with pytest.raises(UserError, match=r"mine\.tif exists"):
        save_map(options(folder), tmp_path / "mine.tif", {}, Silent())
    assert (tmp_path / "mine.tif").read_bytes() == b"precious"


def test_pixels_that_are_not_sure_have_no_class(folder: Path, tmp_path: Path) -> None:
    expected = whole(folder)
    assert expected.scores is not None
    middle = float(np.median(expected.scores))
    save_map(options(folder, reject_below=middle), tmp_path / "map.tif", {}, Silent())
    with rasterio.open(tmp_path / "map.tif") as found:
        np.testing.assert_array_equal(found.read(1), expected.at_least(middle).indices)
        assert 0.3 < (found.read(1) == 255).mean() < 0.7


def drawn(features: list[dict[str, Any]], where: Any) -> NDArray[np.uint8]:
    shapes = [(each["geometry"], each["properties"]["index"]) for each in features]
    found: NDArray[np.uint8] = rasterize(shapes, (HEIGHT, WIDTH), transform=where, fill=0, dtype="uint8")
    return found


def test_outlines_in_the_coordinates_of_the_picture_are_its_regions(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "map.geojson"
    save_map(options(folder, own_crs=True), out, {}, Silent())
    found = json.loads(out.read_text())
    assert found["crs"]["properties"]["name"] == "EPSG:32633"
    assert {each["properties"]["class"] for each in found["features"]} <= {"field", "water"}
    np.testing.assert_array_equal(drawn(found["features"], PLACE["transform"]), whole(folder).indices)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["map.geojson", "map.geojson.job"]


def test_outlines_are_in_wgs_84_and_right_handed(tmp_path: Path) -> None:
    values = np.zeros((8, 10), np.uint8)
    values[1:6, 2:9] = 1
    values[2:4, 4:6] = 2  # in a hole of the other
    raster = write_bands(tmp_path / "map.tif", values[..., None], **PLACE)
    said: list[str] = []
    assert write_geojson(tmp_path / "a.geojson", raster, NAMES, own_crs=False, tell=said.append) == 2
    assert said == ["WGS 84"]
    found = json.loads((tmp_path / "a.geojson").read_text())
    assert "crs" not in found
    by_class = {each["properties"]["class"]: each["geometry"]["coordinates"] for each in found["features"]}
    outer, hole = by_class["field"]
    longitudes, latitudes = to_crs("EPSG:32633", "EPSG:4326", [500_020, 500_090], [5_299_990, 5_299_940])
    np.testing.assert_allclose(np.min(outer, axis=0), [longitudes[0], latitudes[1]], atol=1e-6)
    np.testing.assert_allclose(np.max(outer, axis=0), [longitudes[1], latitudes[0]], atol=1e-6)
    assert area(outer) > 0 > area(hole)
    assert area(by_class["water"][0]) > 0


def area(ring: list[list[float]]) -> float:
    x, y = np.array(ring).T
    return float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum() / 2)


def test_outlines_of_a_picture_without_a_place_are_in_pixels(tmp_path: Path) -> None:
    values = np.zeros((8, 10), np.uint8)
    values[1:6, 2:9] = 1
    raster = write_bands(tmp_path / "map.tif", values[..., None])
    said: list[str] = []
    write_geojson(tmp_path / "a.geojson", raster, NAMES, own_crs=False, tell=said.append)
    [feature] = json.loads((tmp_path / "a.geojson").read_text())["features"]
    assert said == ["pixels, since it is not georeferenced"]
    assert sorted(map(tuple, feature["geometry"]["coordinates"][0][:-1])) == [(2, 1), (2, 6), (9, 1), (9, 6)]


def test_what_makes_no_map_is_refused(folder: Path, tmp_path: Path) -> None:
    picture = str(folder / "field.tif")
    cases: list[tuple[MapOptions, str, dict[str, object], str]] = [
        (options(folder, sources=[picture, picture]), "a.tif", {}, "a map is of one picture in a file"),
        (options(folder, sources=["no.tif"]), "a.tif", {}, "a map is of one picture in a file"),
        (options(folder, probabilities=True), "a.geojson", {}, "--probabilities goes with --out and a .tif"),
        (options(folder, own_crs=True), "a.tif", {}, "--own-crs goes with"),
        (options(folder, reject_below=2), "a.tif", {}, "give a probability from 0 to 1"),
        (options(folder), "a.tif", {"--draw": Path("x")}, "--draw does nothing beside a map"),
    ]
    for wanted, name, beside, reason in cases:
        with pytest.raises(UserError, match=reason):
            save_map(wanted, tmp_path / name, beside, Silent())
    with pytest.raises(UserError, match="is the picture; write elsewhere"):
        save_map(options(folder), folder / "field.tif", {}, Silent())
    write_bands(tmp_path / "two.tif", np.zeros((40, 40, 2), np.uint8))
    with pytest.raises(UserError, match=r"2 bands of uint8; expected 4 of uint8.*nor is it read row by row"):
        save_map(options(folder, sources=[str(tmp_path / "two.tif")]), tmp_path / "a.tif", {}, Silent())
    assert [file.name for file in tmp_path.iterdir()] == ["two.tif"]


def test_a_picture_smaller_than_a_tile_has_a_map_too(folder: Path, tmp_path: Path) -> None:
    small = write_bands(tmp_path / "small.tif", np.random.default_rng(1).integers(0, 256, (20, 25, 4), dtype=np.uint8))
    save_map(options(folder, sources=[str(small)]), tmp_path / "map.tif", {}, Silent())
    expected = load(folder / "net.safetensors").predict(small)
    assert isinstance(expected, ClassMap)
    with rasterio.open(tmp_path / "map.tif") as found:
        np.testing.assert_array_equal(found.read(1), expected.indices)


def test_networks_that_answer_about_the_whole_make_no_map(folder: Path, tmp_path: Path) -> None:
    image = ImageInput(height=32, width=32, channels=4, mean=(0.4,) * 4, std=(0.3,) * 4)
    card = Card(task="classification", net="small", target=Classes(names=NAMES), input=image)
    save_network(tmp_path / "net.safetensors", task_of("classification").build(card), card)
    with pytest.raises(UserError, match="predictions of classification are no map"):
        save_map(options(folder, network=NetworkName(tmp_path / "net.safetensors")), tmp_path / "a.tif", {}, Silent())


def test_networks_that_see_a_picture_at_once_make_its_map_too(folder: Path, tmp_path: Path) -> None:
    image = ImageInput(height=32, width=32, fit="squash", channels=4, mean=(0.4,) * 4, std=(0.3,) * 4)
    card = Card(task="segmentation", net="unet-s", target=Palette.of(NAMES), input=image)
    save_network(tmp_path / "net.safetensors", task_of("segmentation").build(card).eval(), card)
    model = NetworkName(tmp_path / "net.safetensors")
    save_map(options(folder, network=model), tmp_path / "map.tif", {}, Silent())
    expected = load(tmp_path / "net.safetensors").predict(folder / "field.tif")
    assert isinstance(expected, ClassMap)
    with rasterio.open(tmp_path / "map.tif") as found:
        np.testing.assert_array_equal(found.read(1), expected.indices)
    with pytest.raises(UserError, match="--probabilities are of networks that take tiles"):
        save_map(options(folder, network=model, probabilities=True), tmp_path / "b.tif", {}, Silent())
