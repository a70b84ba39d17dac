"""The options of `convsight.explain`, for type checkers."""

from typing import TypedDict


class ExplainOptions(TypedDict, total=False):
    """What may be named beside the model and the picture; `convsight.explain` says what each means."""

    method: str | None
    target: str | None
    layer: str | None
    window: int | None
    stride: int | None
    samples: int | None
    seed: int
    fill: str | float | None
    agreement: float | None
    regions: int | None
    cells: int | None
    steps: int | None
    noise: float | None
    max_megapixels: float
    engine: str | None
    precision: str | None
    weights: str | None
    download: bool
    evidence: bool
