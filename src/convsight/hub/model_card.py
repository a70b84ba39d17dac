"""`README.md` of a pushed network: what the hub reads, then what people should know before they use it."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from convsight.card import TAKEN_FROM, Card
from convsight.inputs import ImageInput
from convsight.metrics import MetricName, metric_of, whole_and_parts
from convsight.tasks import reader_of

_MAX_ROWS = 200  # classes with a row of their own
_MARKDOWN = str.maketrans({character: f"\\{character}" for character in "\\`*_[]<>|"})
_FITS = {
    "crop": "scaled until it covers them, and the middle kept",
    "squash": "scaled to them, whatever its proportions",
    "pad": "scaled until it fits into them, on black",
    "tile": "kept in their scale and cut into overlapping tiles of that size",
}


def model_card(card: Card, exported: Card | None, name: str, repository: str | None, licence: str | None) -> str:
    """The text for the network of `card`, called `name`, with the proofs of its `exported` graph if there is one."""
    parts = [
        _front_matter(card, exported, name, licence),
        f"# {_plain(name)}",
        _about(card, licence),
        _usage(card, exported, name, repository),
        _metrics(card),
        _data(card),
        _input(card),
        *([_proofs(exported)] if exported and exported.proofs else []),
        "## Made with\n\n" + _table(("package", "version"), card.versions.items()),
    ]
    return "\n\n".join(parts) + "\n"


def _front_matter(card: Card, exported: Card | None, name: str, licence: str | None) -> str:
    """YAML for the hub; every value is written as JSON, which is YAML too."""
    tag = reader_of(card).pipeline_tag
    data = _printable(card.data.get("name", "unnamed"))
    found = _whole_values(card)
    results = [
        {
            "task": {"type": tag},
            "dataset": {"type": data, "name": data, "split": split},
            "metrics": [
                {"type": kind, "name": str(MetricName(split, kind)), "value": value} for kind, value in values.items()
            ],
        }
        for split, values in found.items()
    ]
    front: dict[str, Any] = {
        **({"license": licence} if licence else {}),
        "library_name": "convsight",
        "pipeline_tag": tag,
        "tags": ["convsight", *(["onnx"] if exported else [])],
        "metrics": sorted({kind for values in found.values() for kind in values}),
        "model-index": [{"name": _printable(name), "results": results}],
    }
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in front.items()]
    return "\n".join(["---", *lines, "---"])


def _about(card: Card, licence: str | None) -> str:
    data = _plain(card.data.get("name", "unnamed data"))
    text = f"A network for {_plain(card.task)}, trained with convsight on {data}: {_plain(card.net)}."
    if taken := card.training.get(TAKEN_FROM):
        text = f"A network for {_plain(card.task)}: {_plain(card.net)} with the weights of {_plain(str(taken))}."
    return text if licence else f"{text} No licence is named; ask its owner before you use it."


def _whole_values(card: Card) -> dict[str, dict[str, float]]:
    """Split -> metric -> value; neither of single classes nor of baselines."""
    found: dict[str, dict[str, float]] = {}
    for text, measured in card.metrics.items():
        name = MetricName.parse(text)
        if name and name.of is None and name.baseline is None and math.isfinite(measured.value):
            found.setdefault(name.split, {})[name.name] = measured.value
    return found


def _usage(card: Card, exported: Card | None, name: str, repository: str | None) -> str:
    pulled = f"    convsight pull {repository} --to {name}\n" if repository else ""
    is_image = isinstance(card.input, ImageInput) and card.input.is_rgb
    file = "cat.jpg" if is_image else "example.npy"
    text = f"""## Use it

{pulled}    convsight predict {name} {file}

```python
import convsight

model = convsight.load({name!r})
print(model.predict("{file}").summary())
```"""
    if exported is None:
        return text
    opened = (
        'np.asarray(ImageOps.exif_transpose(Image.open("cat.jpg")).convert("RGB"))'
        if is_image
        else f'np.load("example.npy")  # {card.input.dtype}, axes as in {card.input.array_shape}'
    )
    one = card.input.noun
    return f"""{text}

Without convsight, by ONNX Runtime; the resize and all else that {card.input.noun}s need is part of the graph:

```python
import json

import numpy as np
import onnxruntime as ort{chr(10) + "from PIL import Image, ImageOps" if is_image else ""}

session = ort.InferenceSession({f"{name}/model.onnx"!r}, providers=["CPUExecutionProvider"])
classes = json.loads(session.get_modelmeta().custom_metadata_map["convsight"])["classes"]
{one} = {opened}
names = [output.name for output in session.get_outputs()]
arrays = dict(zip(names, session.run(names, {{"{card.input.graph_name}": {one}[None]}})))
{reader_of(card).plain_python}```"""


def _metrics(card: Card) -> str:
    """Metrics with intervals, baselines beside them, and those of single classes a row a class."""
    whole, classes = whole_and_parts(card.metrics)
    if not whole:
        why = "it was not trained here" if TAKEN_FROM in card.training else "the training was stopped before its end"
        return f"## Metrics\n\nNone were measured: {why}."
    described = reader_of(card).metrics().described()
    metrics = {name: metric_of(described, name) for name in (*whole, *chain(*classes.values()))}
    intervals = ((name, metrics[name].text(m.value), metrics[name].interval(m, " to ")) for name, m in whole.items())
    text = "## Metrics\n\n" + _table(("metric", "value", "95 % interval"), intervals)
    if 0 < len(classes) <= _MAX_ROWS:
        columns = list(dict.fromkeys(column for row in classes.values() for column in row))
        rows = (
            (name, *(metrics[c].text(row[c].value) if c in row else "" for c in columns))
            for name, row in classes.items()
        )
        text += "\n\n" + _table((card.target.noun, *columns), rows)
    return text


def _data(card: Card) -> str:
    rows: list[tuple[str, str]] = [("name", str(card.data.get("name", "")))]
    images: Mapping[str, Any] = card.data.get("pictures", {})
    rows += [(f"images, {split}", f"{count:,}") for split, count in images.items()]
    rows += [("fingerprint", str(card.data.get("fingerprint", ""))), (card.target.nouns, ", ".join(card.target.labels))]
    return "## Data\n\n" + _table(("", ""), rows)


def _input(card: Card) -> str:
    how = card.input
    if not isinstance(how, ImageInput):
        return (
            f"## Input\n\n{how.summary[0].upper()}{how.summary[1:]}: a NumPy array {how.array_shape} of {how.dtype}. "
            f"Numbers minus {list(how.mean)}, divided by {list(how.std)}, a value a channel. convsight does it, and so "
            "does the exported graph."
        )
    scaled = "divided by 255" if how.bits == 8 else f"with {how.low:g} to {how.high:g} as 0 to 1"
    colours = "made grey (ITU-R 601), " if how.is_rgb and how.channels == 1 else ""
    if how.file_range:
        low, high = how.file_range
        scaled = f"in files of more than 8 bits {low:,} to {high:,} as 0 to 255, all {scaled}"
    of_bits = "" if how.is_rgb else f" of {how.channels} channels and {how.bits} bits"
    return (
        f"## Input\n\nAn image{of_bits} of any size becomes {how.height} x {how.width} px (height x width): "
        f"{_fit(how)}, with an antialiased {how.filter} resize; {colours}{scaled}, minus "
        f"{list(how.mean)}, divided by {list(how.std)}. convsight does it, and so does the exported graph."
    )


def _fit(how: ImageInput) -> str:
    if how.shorter:
        return f"scaled until its shorter side has {how.shorter} px, and the middle kept"
    return _FITS[how.fit]


def _proofs(exported: Card) -> str:
    rows = (
        (
            f"{proof.engine}, {proof.precision}, {proof.pixels} pixels",
            f"{proof.largest_difference:.2g}",
            "none" if proof.is_empty else proof.agreed,
            "holds" if proof.holds else "does not hold: not used" if proof.fails else "proves nothing",
        )
        for proof in exported.proofs
    )
    title = (
        f"## Proof of the exported graph\n\n{exported.proofs[0].pictures} real images, beside PyTorch in float32:\n\n"
    )
    return title + _table(("run by", "largest difference", "same predictions", "verdict"), rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *([_plain(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _plain(text: str) -> str:
    r"""`text` on one line of Markdown, read as it is written.

    >>> print(_plain("a|b"))
    a\|b
    """
    return _printable(text).translate(_MARKDOWN)


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)
