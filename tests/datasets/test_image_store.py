import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from convsight.datasets import ImageStore, Split, read_dataset, threads
from convsight.datasets.statistics import channel_statistics
from convsight.images import load_image
from convsight.inputs import ImageInput
from convsight.results import Labels

MakeImages = Callable[..., Path]
KEPT, ON_DEMAND = None, 0  # memory budgets: plenty, none


def target(height: int, width: int, fit: Any = "crop") -> ImageInput:
    return ImageInput(height=height, width=width, fit=fit, mean=(0, 0, 0), std=(1, 1, 1))


def split_of(images: list[Path] | NDArray[np.uint8], names: list[str] | None = None) -> Split:
    targets = Labels(np.zeros(len(images), np.int64), ("a", "b"))
    return Split("train", images, targets, names or [f"train/{i}" for i in range(len(images))])


def everything(fitted: ImageStore) -> NDArray[np.uint8]:
    return fitted.take(np.arange(len(fitted)))


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    """Seven colour images of noise, of different sizes, and two that cannot be read."""
    noise = np.random.default_rng(0)
    paths: list[Path] = []
    for number in range(9):
        path = tmp_path / f"{number}.png"
        if number == 2:
            path.write_text("no image")
        elif number == 5:
            path.write_bytes(paths[0].read_bytes()[:-60])
        else:
            Image.fromarray(noise.integers(0, 256, (20 + number, 30, 3), np.uint8)).save(path)
        paths.append(path)
    return paths


@pytest.mark.parametrize("budget", [KEPT, ON_DEMAND])
@pytest.mark.parametrize("workers", [0, 1, 3])
class TestPhotos:
    def test_pixels_are_those_of_the_input(self, photos: list[Path], workers: int, budget: int | None) -> None:
        wanted = target(8, 10)
        fitted, _ = ImageStore.read(split_of(photos), wanted, workers=workers, memory_budget_bytes=budget)
        readable = [path for number, path in enumerate(photos) if number not in (2, 5)]
        assert len(fitted) == len(readable)
        np.testing.assert_array_equal(everything(fitted), [wanted.load(path).array for path in readable])
        chosen = np.array([6, 0, 0, 3])
        taken = fitted.take(chosen)
        np.testing.assert_array_equal(taken, everything(fitted)[chosen])
        assert (taken.shape, str(taken.dtype), taken.flags.writeable) == ((4, 8, 10, 3), "uint8", True)

    def test_unreadable_images_are_collected_in_order(
        self, photos: list[Path], workers: int, budget: int | None
    ) -> None:
        split = split_of(photos)
        told: list[int] = []
        fitted, unreadable = ImageStore.read(
            split, target(8, 10), workers=workers, memory_budget_bytes=budget, progress=told.append
        )
        assert [(bad.position, bad.name) for bad in unreadable] == [(2, "train/2"), (5, "train/5")]
        assert str(photos[2]) in unreadable[0].reason
        assert sum(told) == 9
        assert len(split.without([bad.position for bad in unreadable])) == len(fitted)

    def test_original_sizes_are_known(self, photos: list[Path], workers: int, budget: int | None) -> None:
        fitted, _ = ImageStore.read(split_of(photos), target(8, 10), workers=workers, memory_budget_bytes=budget)
        assert [fitted.size(i) for i in range(len(fitted))] == [(30, 20 + n) for n in (0, 1, 3, 4, 6, 7, 8)]

    def test_a_selection_holds_what_was_selected(self, photos: list[Path], workers: int, budget: int | None) -> None:
        fitted, _ = ImageStore.read(split_of(photos), target(8, 10), workers=workers, memory_budget_bytes=budget)
        some = fitted.select(np.array([5, 1]))
        np.testing.assert_array_equal(everything(some), everything(fitted)[[5, 1]])
        assert (len(some), some.size(0)) == (2, (30, 27))


def test_threads_may_take_at_once(photos: list[Path]) -> None:
    fitted, _ = ImageStore.read(split_of(photos), target(8, 10), workers=2, memory_budget_bytes=ON_DEMAND)
    wanted = everything(fitted)
    taken: list[NDArray[np.uint8]] = []
    takers = [threading.Thread(target=lambda: taken.append(everything(fitted))) for _ in range(4)]
    for taker in takers:
        taker.start()
    for taker in takers:
        taker.join()
    assert len(taken) == 4
    for each in taken:
        np.testing.assert_array_equal(each, wanted)


def test_batches_read_in_threads_need_one_pool(photos: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    fitted, _ = ImageStore.read(split_of(photos), target(8, 10), workers=3, memory_budget_bytes=ON_DEMAND)
    wanted = everything(fitted)
    pools: list[int] = []

    class Counted(ThreadPoolExecutor):
        def __init__(self, workers: int, **options: Any) -> None:
            pools.append(workers)
            super().__init__(workers, **options)

    monkeypatch.setattr(threads, "ThreadPoolExecutor", Counted)
    batches = [np.array([number % 7, 3, 5]) for number in range(40)]
    for batch, taken in zip(batches, threads.map_in_threads(fitted.take, batches, 2), strict=True):
        np.testing.assert_array_equal(taken, wanted[batch])
    assert pools == [2]


def test_images_are_decoded_once_where_memory_allows(photos: list[Path]) -> None:
    needed = 9 * 8 * 10 * 3
    kept, _ = ImageStore.read(split_of(photos), target(8, 10), memory_budget_bytes=needed)
    not_kept, _ = ImageStore.read(split_of(photos), target(8, 10), memory_budget_bytes=needed - 1)
    wanted = everything(kept)
    for path in photos:
        path.unlink()
    np.testing.assert_array_equal(everything(kept), wanted)
    with pytest.raises(Exception, match="cannot read"):
        everything(not_kept)


def test_an_image_over_the_limit_is_unreadable(photos: list[Path]) -> None:
    _, unreadable = ImageStore.read(split_of(photos[:1]), target(8, 10), max_megapixels=0.0005)
    assert "over the limit" in unreadable[0].reason


def test_no_image_can_be_read(photos: list[Path]) -> None:
    fitted, unreadable = ImageStore.read(split_of(photos[2:3]), target(8, 10))
    assert (len(fitted), len(unreadable)) == (0, 1)


class TestArrays:
    @pytest.mark.parametrize("shape", [(5, 8, 10), (5, 8, 10, 3)])
    @pytest.mark.parametrize("size", [(8, 10), (6, 6)])
    def test_grey_and_colour_of_any_size(self, shape: tuple[int, ...], size: tuple[int, int]) -> None:
        pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
        fitted, unreadable = ImageStore.read(split_of(pixels), target(*size), workers=2)
        assert unreadable == []
        np.testing.assert_array_equal(
            everything(fitted), [load_image(image, target(*size).input_size).pixels for image in pixels]
        )
        assert everything(fitted).shape == (5, *size, 3)
        assert fitted.all_grey == (len(shape) == 3)
        assert fitted.size(4) == (10, 8)

    def test_what_is_taken_may_be_changed(self) -> None:
        pixels = np.zeros((2, 4, 4, 3), np.uint8)
        fitted, _ = ImageStore.read(split_of(pixels), target(4, 4))
        everything(fitted)[:] = 9
        assert not pixels.any()


class TestGrey:
    def test_one_coloured_pixel_makes_a_set_coloured(self) -> None:
        pixels = np.full((300, 4, 4, 3), 7, np.uint8)
        assert ImageStore.read(split_of(pixels), target(4, 4))[0].all_grey
        pixels[299, 3, 3, 2] = 8
        fitted = ImageStore.read(split_of(pixels), target(4, 4))[0]
        assert not fitted.all_grey
        assert fitted.select(np.arange(299)).all_grey

    @pytest.mark.parametrize("budget", [KEPT, ON_DEMAND])
    def test_grey_files(self, tmp_path: Path, budget: int | None) -> None:
        paths = [tmp_path / "grey.png", tmp_path / "rgb.png", tmp_path / "bad.png"]
        Image.new("L", (9, 9), 30).save(paths[0])
        Image.new("RGB", (9, 9), (5, 5, 5)).save(paths[1])
        paths[2].touch()
        assert ImageStore.read(split_of(paths), target(4, 4), memory_budget_bytes=budget)[0].all_grey
        Image.new("RGB", (9, 9), (5, 5, 6)).save(paths[1])
        assert not ImageStore.read(split_of(paths), target(4, 4), memory_budget_bytes=budget)[0].all_grey


def test_phone_photos(shared_data: Callable[[str], Path]) -> None:
    # One class holds a photo of 3024 x 3024 among those of 100 x 100.
    split = read_dataset(shared_data("sign_digits")).split("all")
    some = split.select(np.arange(0, len(split), 25))
    fitted, unreadable = ImageStore.read(some, target(32, 32), workers=2)
    assert (len(fitted), unreadable, fitted.all_grey) == (len(some), [], False)
    assert 0.3 < channel_statistics(fitted, target(32, 32)).mean[0] < 0.8


class TestDigests:
    def test_are_equal_where_size_and_pixels_are(self, tmp_path: Path) -> None:
        """Whatever the format, and whether the pixels come from a file or from an array; grey or in colour."""
        noise = np.random.default_rng(0).integers(0, 256, (8, 10, 3), np.uint8)
        for name, pixels in (("a", noise), ("b", noise[..., 0]), ("c", noise[..., 0] // 2)):
            Image.fromarray(pixels).save(tmp_path / f"{name}.png")
            Image.fromarray(pixels).save(tmp_path / f"{name}.bmp")
        files, _ = ImageStore.read(split_of(sorted(tmp_path.iterdir())), target(8, 10))
        a, again, b, b_again, c, c_again = files.digests.tolist()
        assert (a, b, c) == (again, b_again, c_again)
        assert len({a, b, c}) == 3
        colour, _ = ImageStore.read(split_of(noise[None]), target(8, 10))
        grey, _ = ImageStore.read(split_of(np.stack([noise[..., 0], noise[..., 0] // 2])), target(8, 10))
        assert colour.digests.tolist() == [a]
        assert grey.digests.tolist() == [b, c]
        assert files.select(np.array([4, 0])).digests.tolist() == [c, a]

    def test_tell_the_size_before_fitting(self, tmp_path: Path) -> None:
        for side in (16, 32):
            Image.new("RGB", (side, side), "red").save(tmp_path / f"{side}.png")
        files, _ = ImageStore.read(split_of(sorted(tmp_path.iterdir())), target(8, 8))
        np.testing.assert_array_equal(files.take(np.array([0])), files.take(np.array([1])))
        assert len(set(files.digests.tolist())) == 2


@pytest.mark.parametrize("budget", [KEPT, ON_DEMAND])
def test_joined_stores_are_one_after_the_other(photos: list[Path], budget: int | None) -> None:
    wanted = target(8, 10)
    parts = [photos[:4], photos[4:6], photos[6:]]
    stores = [ImageStore.read(split_of(part), wanted, memory_budget_bytes=budget)[0] for part in parts]
    whole, _ = ImageStore.read(split_of(photos), wanted)
    stores[2] = stores[2].select(np.array([2, 0, 1]))
    joined = ImageStore.joined(stores)
    same = np.array([0, 1, 2, 3, 6, 4, 5])
    order = np.array([6, 0, 3, 3, 1])
    np.testing.assert_array_equal(joined.take(order), whole.take(same[order]))
    assert joined.digests.tolist() == whole.digests[same].tolist()
    assert [joined.size(index) for index in range(7)] == [whole.size(index) for index in same.tolist()]
    np.testing.assert_array_equal(joined.select(order).take(np.array([1])), whole.take(np.array([0])))
