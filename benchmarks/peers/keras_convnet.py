"""The network, batch and optimizer of Keras' own example for MNIST, in an environment of its own.

Prints a JSON line an epoch: seconds of training so far (without the judging), and test accuracy.
"""

import json
import sys
import time

import keras
import numpy as np


def main(archive: str, epochs: int, enough: float) -> None:
    """Train until the test accuracy is `enough`, for at most `epochs`."""
    data = np.load(archive)
    images, labels = data["train_pictures"][..., None] / np.float32(255), data["train_labels"]
    test_images, test_labels = data["test_pictures"][..., None] / np.float32(255), data["test_labels"]
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
    seconds = 0.0
    for _ in range(epochs):
        began = time.perf_counter()
        model.fit(images, labels, batch_size=128, epochs=1, verbose=0)
        seconds += time.perf_counter() - began
        accuracy = model.evaluate(test_images, test_labels, verbose=0)[1]
        print(json.dumps({"seconds": seconds, "accuracy": float(accuracy)}), flush=True)
        if accuracy >= enough:
            break


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
