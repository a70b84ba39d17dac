"""Training in Keras with its defaults: `train_keras.py NET ARCHIVE BATCH EPOCHS` prints images/s of each epoch.

Runs in an environment of its own. AdamW at a rate of 0.001, images in memory as normalised floats.
"""

import json
import sys
import time
from typing import Any

import keras
import numpy as np
from keras import layers

CLASSES = 10


def main(net: str, archive: str, batch: int, epochs: int) -> None:
    """Train, and print a JSON list of images a second, an epoch each."""
    data = np.load(archive)
    images = data["images"].astype(np.float32) / 255
    images = (images - images.mean()) / images.std()
    model = NETS[net](images.shape[1:])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.AdamW(1e-3), loss=loss)
    timed = Timed(len(images))
    model.fit(images, data["labels"], batch_size=batch, epochs=epochs, verbose=0, callbacks=[timed])
    print(json.dumps(timed.speeds))


class Timed(keras.callbacks.Callback):  # type: ignore[misc]
    """Notes the images a second of each epoch."""

    def __init__(self, images: int) -> None:
        super().__init__()
        self.images = images
        self.speeds: list[float] = []

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.began = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.speeds.append(self.images / (time.perf_counter() - self.began))


def lecture3(shape: tuple[int, ...]) -> Any:
    """The closing network of the lecture."""
    return keras.Sequential(
        [
            keras.Input(shape),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(2, strides=1, padding="same"),
            layers.Conv2D(32, 3, strides=2, activation="relu"),
            layers.MaxPooling2D(2, strides=1, padding="same"),
            layers.Flatten(),
            layers.Dense(CLASSES),
        ]
    )


def resnet18(shape: tuple[int, ...]) -> Any:
    """ResNet-18 (He et al., 2016), which Keras itself does not have."""

    def normalised(maps: Any, width: int, kernel: int, stride: int = 1) -> Any:
        maps = layers.Conv2D(width, kernel, strides=stride, padding="same", use_bias=False)(maps)
        return layers.BatchNormalization()(maps)

    images = keras.Input(shape)
    maps = layers.ReLU()(normalised(images, 64, 7, 2))
    maps = layers.MaxPooling2D(3, strides=2, padding="same")(maps)
    for width, stride in [(64, 1), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1)]:
        shortcut = maps if stride == 1 and maps.shape[-1] == width else normalised(maps, width, 1, stride)
        maps = layers.ReLU()(normalised(maps, width, 3, stride))
        maps = layers.ReLU()(layers.Add()([normalised(maps, width, 3), shortcut]))
    return keras.Model(images, layers.Dense(CLASSES)(layers.GlobalAveragePooling2D()(maps)))


def mobilenet_v3_small(shape: tuple[int, ...]) -> Any:
    """Keras' own."""
    return keras.applications.MobileNetV3Small(
        input_shape=shape, weights=None, classes=CLASSES, classifier_activation=None, include_preprocessing=False
    )


NETS = {"lecture3": lecture3, "resnet18": resnet18, "mobilenet_v3_small": mobilenet_v3_small}

if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
