"""Every kind of input: its JSON, its arrays, what it refuses."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pydantic import TypeAdapter, ValidationError
from scipy.signal import get_window
from tests.inputs.kinds import OTHERS, RANGES, SEQUENCE, SPECTROGRAM, TYPES, VOLUME, image, image_input, original

from convsight.errors import UserError
from convsight.images import ImageError, ValueRange, decode_image, load_image, resize_image
from convsight.inputs import AnyInput, ImageInput, SpectrogramInput, as_image, is_shown, measured_range
from convsight.inputs.image import luma

ADAPTER: TypeAdapter[AnyInput] = TypeAdapter(AnyInput)
CHANNELS = (1, 2, 5, 13)
IMAGES = [image_input(channels, bits) for channels in CHANNELS for bits in (8, 16, 32)]
ALL: list[AnyInput] = [image_input(3), *IMAGES, *OTHERS.values()]


def called(spec: AnyInput) -> str:
    return f"{spec.kind}-{spec.channels}-{spec.dtype}"


@pytest.mark.parametrize("spec", ALL, ids=called)
def test_json_there_and_back(spec: AnyInput) -> None:
    assert ADAPTER.validate_json(spec.model_dump_json()) == spec
    assert spec.model_dump()["kind"] == spec.kind


def test_an_image_needs_no_more_than_it_did() -> None:
    found = ADAPTER.validate_python({"kind": "image", "height": 4, "width": 5, "mean": [0] * 3, "std": [1] * 3})
    assert isinstance(found, ImageInput)
    assert (found.bits, found.low, found.high, found.fit, found.array_shape) == (8, 0, 255, "crop", (4, 5, 3))


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"kind": "smell"}, "kind"),
        ({"mean": (0.1,)}, "as many means"),
        ({"std": (1.0, 0.0, 1.0)}, "must be positive"),
        ({"bits": 12}, "bits"),
        ({"bits": 8, "high": 100}, "0 to 255"),
        ({"bits": 16, "low": 9, "high": 9}, "must rise"),
        ({"height": 0}, "height"),
        ({"shorter": 15}, "must hold the 16 x 12 px"),
        ({"shorter": 20, "fit": "pad"}, "of fit crop"),
        ({"filter": "bicubic", "bits": 16}, "of 8 bits"),
        ({"filter": "nearest"}, "filter"),
        ({"surprise": 1}, "surprise"),
        ({"file_range": (9, 9)}, "must rise"),
        ({"file_range": (0, 2**40)}, "must rise"),
        ({"file_range": (0, 255), "channels": 5, "mean": (0,) * 5, "std": (1,) * 5}, "RGB images"),
    ],
)
def test_what_is_no_input_says_where(wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        ADAPTER.validate_python({**image_input(3).model_dump(), **wrong})


def test_a_window_must_fit_its_sound() -> None:
    with pytest.raises(ValidationError, match="window of 406"):
        SpectrogramInput.model_validate({**SPECTROGRAM.model_dump(), "window": 406})


def sides_of(spec: AnyInput, more: int) -> tuple[int, ...]:
    """Those of the network, each some more or fewer."""
    shape = spec.array_shape[1:] if spec.kind in {"sequence", "spectrogram"} else spec.array_shape[:-1]
    return tuple(max(1, side + more) for side in shape)


@pytest.mark.parametrize("spec", ALL, ids=called)
@pytest.mark.parametrize("more", [-2, 0, 5])
def test_arrays_and_files_are_loaded_alike(spec: AnyInput, more: int, tmp_path: Path) -> None:
    array = original(spec, sides_of(spec, more))
    loaded = spec.load(array)
    assert (loaded.array.shape, loaded.array.dtype) == (spec.array_shape, spec.dtype)
    assert loaded.array.flags["C_CONTIGUOUS"]
    assert loaded.size == spec.size_of(array)
    assert not np.shares_memory(loaded.array, array)
    assert spec.takes(loaded.array[None])
    assert spec.scaled(loaded.array[None]).shape == (1, *spec.planes_shape)
    assert (loaded.array == spec.geometry(loaded.size).image(array)).all()
    if not (isinstance(spec, ImageInput) and spec.is_rgb):
        np.save(tmp_path / "a.npy", array)
        for source in (tmp_path / "a.npy", (tmp_path / "a.npy").read_bytes()):
            assert (spec.load(source).array == loaded.array).all()


@settings(max_examples=60, deadline=None)
@given(
    fit=st.sampled_from(["crop", "squash", "pad"]),
    channels=st.sampled_from([2, 5]),
    sides=st.tuples(st.integers(1, 60), st.integers(1, 60)),
)
def test_channels_of_8_bits_are_fitted_as_those_of_an_image(fit: Any, channels: int, sides: tuple[int, int]) -> None:
    spec = image_input(channels, fit=fit)
    array = image(spec, *sides)
    for channel in range(channels):
        grey = resize_image(decode_image(np.ascontiguousarray(array[:, :, channel])), spec.input_size)
        assert (spec.load(array).array[:, :, channel] == grey[:, :, 0]).all()


@pytest.mark.parametrize("bits", [16, 32])
def test_deep_values_keep_their_depth(bits: int) -> None:
    spec = image_input(5, bits, fit="pad")
    low, high = RANGES[bits]
    flat = np.full((30, 20, 5), 0.25 * low + 0.75 * high, TYPES[bits])
    found = spec.load(flat).array
    assert sorted(set(found.ravel().tolist())) == [low, flat[0, 0, 0].item()]
    assert (found[:, 8] == flat[0, 0, 0]).all()
    halved = image_input(1, bits, height=1, width=1, fit="squash").load(np.array([[low, high]], TYPES[bits])).array
    assert halved.item() == pytest.approx((low + high) / 2, abs=0.5)


def test_rgb_keeps_its_one_path(photo_bytes: bytes) -> None:
    for channels in (1, 3):
        spec = image_input(channels)
        image = load_image(photo_bytes, spec.input_size)
        assert (spec.load(photo_bytes).array == image.pixels).all()
        assert spec.load(photo_bytes).size == image.size == (40, 30)
        assert spec.original(photo_bytes).shape == (30, 40, 3)


@pytest.fixture
def photo_bytes() -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)).save(file, "PNG")
    return file.getvalue()


def refused(spec: AnyInput, array: Any) -> str:
    with pytest.raises(ImageError) as caught:
        spec.load(array, 0.01, "it")
    return str(caught.value)


def test_what_does_not_fit_is_refused_in_words(photo_bytes: bytes) -> None:
    many, deep = image_input(5, 16), image_input(2, 32)
    assert "(4, 4, 3); expected (height, width, 5)" in refused(many, np.zeros((4, 4, 3), np.uint16))
    assert "it is uint8" in refused(many, np.zeros((4, 4, 5), np.uint8))
    assert "it is float32" in refused(many, np.zeros((4, 4, 5), np.float32))
    assert "NaN" in refused(deep, np.where(np.arange(32).reshape(4, 4, 2) == 9, np.nan, 0).astype(np.float32))
    assert "is no array" in refused(deep, photo_bytes)
    assert "it is uint16 of shape (0, 4, 5)" in refused(many, np.zeros((0, 4, 5), np.uint16))
    assert "expected (2, length)" in refused(SEQUENCE, np.zeros((3, 40), np.float32))
    assert "expected (2, length)" in refused(SPECTROGRAM, np.zeros(40, np.float32))
    assert "expected (depth, height, width, 2)" in refused(VOLUME, np.zeros((3, 3, 3), np.uint16))
    assert "complex64" in refused(SEQUENCE, np.zeros((2, 40), np.complex64))
    assert "not an image" in refused(image_input(3), np.zeros((4, 4, 5), np.uint8))


def test_any_numbers_become_floating_point() -> None:
    whole = np.arange(80).reshape(2, 40)
    for dtype in (np.int64, np.float64, np.uint8, np.float16, ">f4"):
        assert (SEQUENCE.load(whole.astype(dtype)).array == whole).all()


def test_one_channel_may_have_no_axis() -> None:
    flat = image(image_input(1, 16), 12, 16)[:, :, 0]
    assert image_input(1, 16).load(flat).array.shape == (12, 16, 1)
    assert image_input(1, 16).takes(flat[None])
    one = SEQUENCE.model_validate({**SEQUENCE.model_dump(), "channels": 1, "mean": (0,), "std": (1,)})
    assert one.load(np.zeros(7)).array.shape == (1, 40)
    assert one.takes(np.zeros((9, 40), np.float32))


@pytest.mark.parametrize("spec", IMAGES, ids=called)
def test_what_is_taken_as_it_is(spec: ImageInput) -> None:
    arrays = np.zeros((3, *spec.array_shape), spec.dtype)
    assert spec.takes(arrays)
    assert not spec.takes(arrays[:, 1:])
    assert not spec.takes(arrays.astype(np.float64))
    assert not spec.takes(np.zeros((3, *spec.array_shape[:2], 99), spec.dtype))


def test_scaled_values_are_shares_of_the_range() -> None:
    for bits, (low, high) in RANGES.items():
        values = np.array([low, (low + high) // 2, high], TYPES[bits]).reshape(1, 1, 3, 1).repeat(2, 3)
        found = image_input(2, bits, height=1, width=3).scaled(values)
        assert found[0, :, 0].tolist() == [pytest.approx([0, ((low + high) // 2 - low) / (high - low), 1])] * 2
    grey = np.random.default_rng(0).integers(0, 256, (2, 12, 16, 3), np.uint8)
    assert (image_input(1).scaled(grey)[:, 0] == luma(grey) / 255).all()


@given(values=st.lists(st.integers(0, 65_535), min_size=1))
def test_a_range_of_16_bits_holds_all_and_is_that_of_a_camera(values: list[int]) -> None:
    found = measured_range(np.array(values, np.uint16))
    assert found["low"] == 0
    assert found["high"] >= max(values)
    assert found["high"] in {2.0**bits - 1 for bits in range(9, 17)}
    assert max(values) < 512 or found["high"] < 2 * max(values)


def test_other_ranges() -> None:
    assert measured_range(np.array([0, 9], np.uint8)) == {"bits": 8, "low": 0, "high": 255}
    assert measured_range(np.array([0.1, 0.9], np.float32)) == {"bits": 32, "low": 0, "high": 1}
    assert measured_range(np.array([3.0, 3.0], np.float64)) == {"bits": 32, "low": 3, "high": 4}
    assert measured_range(np.array([-1, 9], np.int32)) == {"bits": 32, "low": -1, "high": 9}


def test_a_sine_is_seen_at_its_frequency_and_a_tenth_is_20_db_less() -> None:
    # 100 Hz of 800 Hz: 8 of the 33 frequencies of a window of 64 samples.
    wave = np.sin(2 * np.pi * 100 * np.arange(405) / 800).astype(np.float32)
    loud, quiet = SPECTROGRAM.scaled(np.stack([wave, wave / 10])[None])[0]
    assert loud.shape == (33, 22)
    assert (loud.argmax(axis=0) == 8).all()
    np.testing.assert_allclose(loud[8], 1, atol=1e-6)
    np.testing.assert_allclose(quiet[8], 1 - 20 / 80, atol=1e-6)
    assert (loud[30] < 0.05).all()
    assert (SPECTROGRAM.scaled(np.zeros((1, 2, 405), np.float32)) == 0).all()


def test_only_images_are_images() -> None:
    assert as_image(image_input(5), "it") == image_input(5)
    for spec in OTHERS.values():
        with pytest.raises(UserError, match="the task takes images, not"):
            as_image(spec, "the task")


@pytest.mark.parametrize("spec", ALL, ids=called)
def test_words(spec: AnyInput) -> None:
    assert spec.summary
    assert spec.positions == np.prod(spec.planes_shape[1:])
    assert spec.free_axes[0] == "batch"
    assert all(isinstance(side, int) for side in (*spec.array_shape, *spec.planes_shape))


@pytest.mark.parametrize("spec", ALL, ids=called)
def test_files_are_known_by_their_names(spec: AnyInput) -> None:
    arrays = [spec.is_file(Path(name)) for name in ("a.npy", "folder/B.NPY")]
    images = [spec.is_file(Path(name)) for name in ("a.png", "folder/B.JPG")]
    is_rgb = isinstance(spec, ImageInput) and spec.is_rgb
    assert (arrays, images) == ([not is_rgb] * 2, [is_rgb] * 2)
    assert not any(spec.is_file(Path(name)) for name in (".a.npy", ".a.png", "npy", "png", "a.txt", "a.npy.png.txt"))


@pytest.mark.parametrize(("bits", "low", "high"), [(8, 0, 255), (16, 0, 65_535), (32, 0, 1)])
def test_the_range_is_that_of_the_type_unless_stated(bits: int, low: float, high: float) -> None:
    still = {"height": 4, "width": 4, "channels": 1, "mean": [0], "std": [1], "bits": bits}
    found = ImageInput.model_validate(still)
    assert (found.low, found.high) == (low, high)
    assert ImageInput.model_validate(still | {"low": low}).high == high


def test_the_smallest_deviation_is_one_step() -> None:
    assert image_input(3).min_std == 1 / 255
    assert image_input(3, 16, low=95, high=4095).min_std == 1 / 4000
    assert image_input(3, 32).min_std == SEQUENCE.min_std == 1e-6


def test_sound_is_seen_through_a_periodic_hann_window() -> None:
    window = SPECTROGRAM.hann()
    np.testing.assert_allclose(window, get_window("hann", 64) * 2 / get_window("hann", 64).sum(), atol=1e-15)


def test_the_range_of_files_is_on_the_card_where_there_is_one(tmp_path: Path) -> None:
    values = np.array([[0, 512, 1023]], np.uint16)
    file = tmp_path / "deep.png"
    Image.fromarray(values).save(file)
    plain = image_input(3).model_copy(update={"height": 1, "width": 3, "fit": "squash"})
    assert "file_range" not in plain.model_dump_json()
    spec = plain.model_copy(update={"file_range": ValueRange(0, 1023)})
    assert ADAPTER.validate_json(spec.model_dump_json()) == spec
    assert spec.load(file).array[0, :, 0].tolist() == [0, 128, 255]
    assert spec.original(file)[0, :, 0].tolist() == [0, 128, 255]
    assert plain.load(file).array[0, :, 0].tolist() == [0, 2, 3]
    assert "leaves 4 of 256 shades" in plain.load(file).remark


@pytest.mark.parametrize("bits", [16, 32])
def test_arrays_of_another_byte_order_are_those_of_this_machine(bits: Any) -> None:
    spec = image_input(5, bits)
    array = np.arange(spec.height * spec.width * 5).reshape(spec.array_shape).astype(spec.dtype)
    found = spec.original(array.astype(spec.dtype.newbyteorder(">")))
    assert found.dtype == spec.dtype
    assert (found == array).all()


def test_the_range_of_numbers_of_another_byte_order() -> None:
    values = np.array([0, 3000])
    for kind in ("u2", "f4"):
        assert measured_range(values.astype(f">{kind}")) == measured_range(values.astype(f"<{kind}"))


def test_how_an_image_is_resized_stands_in_its_json_only_where_it_is_told() -> None:
    assert not {"shorter", "filter"} & image_input().model_dump().keys()
    told = image_input(3, 8, 12, 12, shorter=14, filter="bicubic")
    assert ADAPTER.validate_json(told.model_dump_json()) == told
    assert told.summary == "images of 12 x 12 px of 14 px on the shorter side, RGB"
    assert not told.takes(np.zeros((2, 12, 12, 3), np.uint8))  # such images are resized and cut too


def test_images_and_volumes_are_shown_to_people_and_other_inputs_are_not() -> None:
    assert is_shown(image_input(3))
    assert is_shown(image_input(5))
    assert is_shown(VOLUME)
    assert not any(is_shown(spec) for spec in (SEQUENCE, SPECTROGRAM))


@pytest.mark.parametrize("side", ["depth", "height", "width"])
def test_volumes_may_have_one_slice(side: str) -> None:
    assert ADAPTER.validate_python(VOLUME.model_dump() | {side: 1}).kind == "volume"
