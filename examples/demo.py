"""Five minutes in one: train on scanned digits, judge, predict, and say where everything is.

`make demo` runs this. The digits are the 1,797 scans that come with scikit-learn.
"""

import tempfile
from pathlib import Path

from PIL import Image
from sklearn.datasets import load_digits

import convsight


def main() -> None:
    """Train, judge, predict, and tell."""
    run = convsight.train("digits", epochs=40)
    print(f"\ntest accuracy {run.metrics['test/accuracy']} on images the network has not seen")
    print(f"a linear model on the pixels reaches {run.metrics['test/baseline/linear/accuracy']}\n")

    scan = load_digits().images[0]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "scan.png"
        Image.fromarray((scan * 255 / 16).round().astype("uint8")).save(file)
        prediction = convsight.load(run.path).predict(file)
    print(f"the first scan (a 0) is predicted as: {prediction.summary()}\n")

    for name in sorted(path.name for path in run.path.iterdir()):
        print(f"  {run.path / name}")
    print(f"\ntry next:\n  convsight evaluate {run.path}\n  convsight predict {run.path} YOUR_PICTURE.png")


if __name__ == "__main__":
    main()
