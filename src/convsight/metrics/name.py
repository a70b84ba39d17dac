"""`MetricName`: what a number of a judgement is called, `test/recall/cat`; written and read here alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

_BASELINE = "baseline"

_Value = TypeVar("_Value")


@dataclass(frozen=True)
class MetricName:
    """The metric `name` on `split`; `of` one class or other part of the data, None for all; of a `baseline`, or not.

    As text, such as cards and files of metrics have it, `split/name/of` or `split/baseline/method/name/of`. All but
    `of`, which may be any text, hold no slash. Raises ValueError for others.

    >>> str(MetricName("test", "recall", of="cat")), str(MetricName("test", "accuracy", baseline="majority"))
    ('test/recall/cat', 'test/baseline/majority/accuracy')
    >>> MetricName.parse("test/recall/half/open")
    MetricName(split='test', name='recall', of='half/open', baseline=None)
    """

    split: str
    name: str
    of: str | None = None
    baseline: str | None = None

    def __post_init__(self) -> None:
        for part in (self.split, self.name, *([] if self.baseline is None else [self.baseline])):
            if not part or "/" in part:
                raise ValueError(f"a part of a metric's name is not empty and holds no slash, unlike {part!r}")
        if self.name == _BASELINE:
            raise ValueError(f"no metric is called {_BASELINE!r}, which stands before those of baselines")

    def __str__(self) -> str:
        method = () if self.baseline is None else (_BASELINE, self.baseline)
        return "/".join((self.split, *method, self.computed))

    @property
    def computed(self) -> str:
        """What `Metrics.compute` calls it, which knows neither split nor baselines: `recall/cat`."""
        return self.name if self.of is None else f"{self.name}/{self.of}"

    @classmethod
    def within(cls, split: str, computed: str, baseline: str | None = None) -> "MetricName":
        """The name on `split` of what `Metrics.compute` calls `computed`.

        >>> MetricName.within("val", "recall/cat")
        MetricName(split='val', name='recall', of='cat', baseline=None)
        """
        name, found, of = computed.partition("/")
        return cls(split, name, of if found else None, baseline)

    @classmethod
    def parse(cls, text: str) -> "MetricName | None":
        """The name that `str` writes as `text`, or None where `text` is no name of a metric: a column `epoch`."""
        split, _, computed = text.partition("/")
        baseline = None
        if computed.startswith(f"{_BASELINE}/"):
            _, baseline, computed = (*computed.split("/", 2), "")[:3]
        try:
            return cls.within(split, computed, baseline)
        except ValueError:
            return None


def named(split: str, metrics: Mapping[str, _Value], baseline: str | None = None) -> dict[str, _Value]:
    """What `Metrics.compute` gives, by the names that cards have.

    >>> named("test", {"recall/cat": 0.5})
    {'test/recall/cat': 0.5}
    """
    return {str(MetricName.within(split, computed, baseline)): value for computed, value in metrics.items()}


def whole_and_parts(
    metrics: Mapping[str, _Value],
) -> tuple[dict[str, _Value], dict[str, dict[str, _Value]]]:
    """Numbers of all the data (baselines among them), by full name; and those of a part by `split: part`, then by name.

    >>> whole_and_parts({"test/accuracy": 0.5, "test/recall/cat": 0.25, "test/f1/cat": 0.4})
    ({'test/accuracy': 0.5}, {'test: cat': {'recall': 0.25, 'f1': 0.4}})
    """
    whole: dict[str, _Value] = {}
    parts: dict[str, dict[str, _Value]] = {}
    for text, value in metrics.items():
        name = MetricName.parse(text)
        if name is None or name.of is None or name.baseline is not None:
            whole[text] = value
        else:
            parts.setdefault(f"{name.split}: {name.of}", {})[name.name] = value
    return whole, parts
