"""Write the fixtures beside this file: networks that Keras saved, and what it answers.

Needs an environment of its own with keras and tensorflow (Keras 3.15 and TensorFlow 2.21 were used):

    python tests/nets/keras/make_fixtures.py
    python tests/nets/keras/make_fixtures.py tf_keras

The second writes `legacy` alone, as Keras 2 does (tf-keras 2.21).
Every network gets random weights, statistics and biases, so that nothing is 0 or 1 by chance. `NAME.keras` is what
`save` writes, compressed (but for `lecture`); `NAME.npz` holds the input, Keras's output and its number of
parameters. The lecture's networks and the ones that must be refused are JSON alone, except `beside`, whose weights
lie beside it.
"""

import importlib
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).with_name("fixtures")
_BATCH = 2
_ANY_SIDE = 13  # px of the images for a network of no size


def _lecture(keras: Any) -> list[Any]:
    """The third network of the lecture, with fewer filters on smaller images."""
    made = keras.layers
    return [
        made.Input((11, 12, 1)),
        made.Conv2D(4, (3, 3), activation="relu"),
        made.MaxPooling2D((2, 2), strides=1, padding="same"),
        made.Conv2D(6, (3, 3), strides=(2, 2), activation="relu"),
        made.MaxPooling2D((2, 2), strides=1, padding="same"),
        made.Flatten(),
        made.Dense(10),
    ]


def _convolutions(keras: Any) -> list[Any]:
    made = keras.layers
    return [
        made.Input((15, 12, 3)),
        made.Conv2D(4, 3, strides=2, padding="same", activation="relu"),
        made.Conv2D(6, (2, 3), dilation_rate=(2, 1), padding="same", use_bias=False),
        made.ZeroPadding2D(((1, 2), (0, 3))),
        made.Conv2D(4, (3, 4), strides=(3, 2), padding="same", groups=2, activation="tanh"),
        made.DepthwiseConv2D(3, strides=2, padding="same", depth_multiplier=2, activation="elu"),
        made.SeparableConv2D(5, 2, padding="same", depth_multiplier=2, activation="gelu"),
        made.Flatten(),
        made.Dense(4, activation="softmax"),
    ]


def _strides(keras: Any) -> list[Any]:
    made = keras.layers
    return [
        made.Input((14, 11, 2)),
        made.DepthwiseConv2D((3, 2), dilation_rate=2, use_bias=False),
        made.SeparableConv2D(4, 3, strides=2, padding="same", use_bias=False),
        made.ELU(),
        made.Conv2D(3, 1, strides=3, padding="same"),
        made.ZeroPadding2D((1, 2)),
        made.ZeroPadding2D(1),
        made.Flatten(),
        made.Dense(3, use_bias=False),
    ]


def _pools(keras: Any) -> list[Any]:
    made = keras.layers
    return [
        made.Input((17, 14, 3)),
        made.MaxPooling2D(3, strides=2, padding="same"),
        made.AveragePooling2D(2, strides=1, padding="same"),
        made.AveragePooling2D((3, 2), strides=(1, 2), padding="same"),
        made.MaxPooling2D((2, 1)),
        made.AveragePooling2D(2, strides=1),
        made.Conv2D(4, 1, activation="sigmoid"),
        made.GlobalAveragePooling2D(keepdims=True),
        made.GlobalMaxPooling2D(),
    ]


def _transposed(keras: Any) -> list[Any]:
    made = keras.layers
    return [
        made.Input((3, 4, 2)),
        made.Conv2DTranspose(3, 3, strides=2, padding="same", activation="relu"),
        made.Conv2DTranspose(3, 2, strides=3),
        made.Conv2DTranspose(3, (4, 1), strides=(1, 2), padding="same", use_bias=False),
        made.MaxPooling2D(4),
        made.Conv2DTranspose(2, 3, dilation_rate=2, padding="same"),
        made.Conv2DTranspose(2, 3, strides=2, output_padding=1),
        made.Conv2DTranspose(2, 5, strides=3, padding="same", output_padding=(1, 0)),
        made.MaxPooling2D(3),
    ]


def _norms(keras: Any) -> list[Any]:
    made = keras.layers
    return [
        made.Input((9, 8, 3)),
        made.Rescaling(1 / 127.5, offset=-1.0),
        made.Conv2D(8, 3),
        made.BatchNormalization(),
        made.ReLU(max_value=6.0),
        made.BatchNormalization(scale=False, epsilon=0.01, momentum=0.9),
        made.LeakyReLU(negative_slope=0.2),
        made.BatchNormalization(center=False),
        made.GroupNormalization(groups=4),
        made.Dropout(0.3),
        made.LayerNormalization(epsilon=1e-5),
        made.Activation("swish"),
        made.GroupNormalization(groups=-1, scale=False),
        made.LayerNormalization(center=False),
        made.Softmax(),
        made.Activation("linear"),
        made.GlobalAveragePooling2D(),
        made.Dense(3, activation="leaky_relu"),
    ]


def _one_axis(keras: Any) -> list[Any]:
    made = keras.layers
    return [
        made.Input((22, 3)),
        made.Conv1D(4, 3, padding="causal", dilation_rate=2, activation="relu"),
        made.Conv1D(4, 4, strides=2, padding="same"),
        made.ZeroPadding1D((1, 2)),
        made.MaxPooling1D(2, strides=1, padding="same"),
        made.DepthwiseConv1D(3, depth_multiplier=2),
        made.SeparableConv1D(5, 2, padding="same"),
        made.BatchNormalization(),
        made.AveragePooling1D(3, strides=2, padding="same"),
        made.Conv1DTranspose(3, 4, strides=2, padding="same"),
        made.LeakyReLU(),
        made.GlobalAveragePooling1D(),
        made.Dense(2),
    ]


def _three_axes(keras: Any) -> list[Any]:
    made = keras.layers
    return [
        made.Input((7, 6, 5, 2)),
        made.Conv3D(3, (3, 2, 1), strides=(2, 1, 1), padding="same", activation="relu"),
        made.ZeroPadding3D(((0, 1), (1, 0), (2, 1))),
        made.MaxPooling3D(2, strides=1, padding="same"),
        made.AveragePooling3D(2, strides=2, padding="same"),
        made.Conv3DTranspose(2, 3, strides=2),
        made.BatchNormalization(),
        made.GlobalMaxPooling3D(),
        made.Dense(2),
    ]


def _dense(keras: Any) -> list[Any]:
    """Dense layers on vectors, and on volumes, where Keras applies them to each position."""
    made = keras.layers
    return [
        made.Input((4, 3, 5)),
        made.Dense(6, activation="relu6"),
        made.LayerNormalization(),
        made.Flatten(),
        made.BatchNormalization(),
        made.Dense(7, activation="sigmoid"),
        made.LayerNormalization(epsilon=0.01),
        made.Dense(3),
        made.Softmax(),
    ]


def _any_size(keras: Any) -> list[Any]:
    made = keras.layers
    return [
        made.Input((None, None, 3)),
        made.Conv2D(4, 3, strides=2, padding="same", activation="relu", kernel_initializer="he_normal"),
        made.GlobalMaxPooling2D(),
        made.Dense(3),
    ]


def _legacy(keras: Any) -> list[Any]:
    """What Keras 2 describes in other words than Keras 3."""
    made = keras.layers
    return [
        made.InputLayer((11, 12, 2)),
        made.Conv2D(4, 3, strides=2, padding="same", activation="relu"),
        made.BatchNormalization(),
        made.LeakyReLU(0.2),
        made.SeparableConv2D(3, 3, depth_multiplier=2),
        made.AveragePooling2D(2, strides=1, padding="same"),
        made.Dropout(0.2),
        made.LayerNormalization(),
        made.Flatten(),
        made.Dense(5),
        made.Softmax(),
    ]


SAVED: dict[str, Callable[[Any], list[Any]]] = {
    "lecture": _lecture,
    "convolutions": _convolutions,
    "strides": _strides,
    "pools": _pools,
    "transposed": _transposed,
    "norms": _norms,
    "one_axis": _one_axis,
    "three_axes": _three_axes,
    "dense": _dense,
    "any_size": _any_size,
}


def _lecture_full(keras: Any, channels: int, *, pooled: bool, kernel: int) -> Any:
    """The networks of the lecture as it builds them."""
    made = keras.layers

    def pool() -> list[Any]:
        return [made.MaxPooling2D((2, 2), strides=(1, 1), padding="same")] if pooled else []

    return keras.Sequential(
        [
            made.Input((28, 28, channels)),
            made.Conv2D(16, (3, 3), strides=(1, 1), padding="valid", activation="relu"),
            *pool(),
            made.Conv2D(32, (kernel, kernel), strides=(2, 2), padding="valid", activation="relu"),
            *pool(),
            made.Flatten(),
            made.Dense(10),
        ]
    )


def _functional(keras: Any) -> Any:
    inputs = keras.Input((8, 8, 1))
    return keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Flatten()(inputs)))


def _lambda(keras: Any) -> Any:
    made = keras.layers
    return keras.Sequential([made.Input((8, 8, 1)), made.Lambda(abs, name="twice"), made.Flatten(), made.Dense(2)])


def _lstm(keras: Any) -> Any:
    made = keras.layers
    return keras.Sequential([made.Input((8, 4)), made.LSTM(3, name="memory"), made.Dense(2)])


DESCRIBED: dict[str, Callable[[Any], Any]] = {
    "lecture1": lambda keras: _lecture_full(keras, 3, pooled=False, kernel=5),
    "lecture2": lambda keras: _lecture_full(keras, 3, pooled=True, kernel=5),
    "lecture3": lambda keras: _lecture_full(keras, 1, pooled=True, kernel=3),
    "functional": _functional,
    "lambda": _lambda,
    "lstm": _lstm,
}


def _randomise(model: Any, random: np.random.Generator) -> None:
    """New numbers for every weight; variances stay positive."""
    for weight in model.weights:
        numbers = random.uniform(-0.6, 0.6, weight.shape)
        name = getattr(weight, "path", weight.name)  # Keras 2 has no path
        weight.assign(np.abs(numbers) + 0.3 if "variance" in name else numbers)


def _save(keras: Any, name: str, layers: list[Any], random: np.random.Generator) -> Any:
    model = keras.Sequential(layers, name=name)
    _randomise(model, random)
    shape = [_ANY_SIDE if side is None else side for side in model.input_shape[1:]]
    scale = 255 if name == "norms" else 1
    x = (random.standard_normal((_BATCH, *shape)) * scale).astype(np.float32)
    y = np.asarray(model(x, training=False))
    if not np.ptp(y, axis=0).any():
        raise ValueError(f"{name} answers the same to everything")
    np.savez_compressed(FOLDER / f"{name}.npz", x=x, y=y, parameters=model.count_params())
    return model


def _compress(path: Path) -> None:
    """The same archive, compressed: HDF5 keeps much empty room for small networks."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def _saved(keras: Any, name: str, layers: list[Any], seed: int) -> None:
    keras.utils.set_random_seed(seed)
    path = FOLDER / f"{name}.keras"
    _save(keras, name, layers, np.random.default_rng(seed)).save(path)
    if name != "lecture":
        _compress(path)


def main(library: str) -> None:
    """Write every fixture of one library."""
    keras = importlib.import_module(library)
    FOLDER.mkdir(exist_ok=True)
    if library == "tf_keras":
        _saved(keras, "legacy", _legacy(keras), seed=100)
        return
    for number, (name, layers) in enumerate(SAVED.items()):
        _saved(keras, name, layers(keras), seed=number)
    beside = _save(keras, "beside", _lecture(keras), np.random.default_rng(99))
    (FOLDER / "beside.json").write_text(beside.to_json())
    beside.save_weights(FOLDER / "beside.weights.h5")
    for name, described in DESCRIBED.items():
        (FOLDER / f"{name}.json").write_text(described(keras).to_json())


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "keras")
