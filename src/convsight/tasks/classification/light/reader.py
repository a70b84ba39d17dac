"""The light half of classification: probabilities to a `Label`."""

from collections.abc import Mapping
from typing import Any, final

from numpy.typing import NDArray

from convsight.results import Label
from convsight.tasks.classification.light.metrics import ClassMetrics
from convsight.tasks.reader import Reader


@final
class ClassReader(Reader):
    """Reads the array `probabilities` of shape (classes,)."""

    result = Label
    pipeline_tag = "image-classification"
    plain_python = """\
best = int(arrays["probabilities"][0].argmax())
print(classes[best], float(arrays["probabilities"][0, best]))
"""

    def columns(self) -> tuple[str, ...]:
        return ("label", "probability", *self.classes)

    def read(self, arrays: Mapping[str, NDArray[Any]], size: tuple[int, ...]) -> Label:
        return Label(self.classes, arrays["probabilities"])

    def metrics(self) -> ClassMetrics:
        return ClassMetrics(self.classes)
