"""`Card`: the JSON that makes a model file self-describing. `model_files` reads it from the files that carry it."""

import re
from decimal import ROUND_FLOOR, Decimal
from hashlib import sha256
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    ValidationError,
    computed_field,
    model_validator,
)

from convsight.errors import UserError
from convsight.inputs import AnyInput
from convsight.metrics import Measured
from convsight.targets import AnyTarget

METADATA_KEY = "convsight"
TAKEN_FROM = "taken_from"  # of `Card.training`: where the weights come from that were not trained here

# A name of the catalogue, of timm, or the text of a network; before it, a task's own network that comes after it.
_NET = re.compile(r"([\w-]+\+)?((timm/)?[\w-][\w.-]*|[\w.|()*:?+\- ]+)", re.ASCII)
_LONGEST_NET = 200_000  # characters
_SHOWN = 60
_FILES = (".toml", ".keras", ".json")  # which a user may name, and a card never does


def _network(net: str) -> str:
    """`net`, which must be a name or a text: a card comes from anybody, and must not make us open files by its word."""
    if len(net) > _LONGEST_NET or not _NET.fullmatch(net) or net.lower().endswith(_FILES):
        shown = net if len(net) <= _SHOWN else f"{net[:_SHOWN]}..."
        raise ValueError(f"{shown!r} is neither the name nor the text of a network; a card holds no paths")
    return net


class Proof(BaseModel):
    """That an exported file answers like the network it came from: what was compared, and how far they differ.

    `pixels` is raw where the graph was given whole images, fitted where they had the network's size. The largest
    difference is that of any number of any prediction, as a share of its scale; the agreement the share of what both
    say that is the same; `predictions` is how many things they say of all images (None in files that do not tell).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    engine: str
    precision: str
    processor: str = "CPU"
    pixels: Literal["raw", "fitted"]
    pictures: int = Field(ge=1)
    answers: int | None = Field(None, ge=0)
    largest_difference: float = Field(ge=0)
    agreement: float = Field(ge=0, le=1)
    allowed_difference: float = Field(ge=0)
    needed_agreement: float = Field(ge=0, le=1)

    @property
    def fails(self) -> bool:
        """Whether one of both lies beyond its limits."""
        return self.largest_difference > self.allowed_difference or self.agreement < self.needed_agreement

    @property
    def is_empty(self) -> bool:
        """Whether nothing was predicted on any image, so that only what is never answered was compared."""
        return self.answers == 0

    @property
    def holds(self) -> bool:
        """Whether something was compared, and lies within both limits."""
        return not (self.fails or self.is_empty)

    @property
    def agreed(self) -> str:
        """The agreement in percent, rounded down: 100 is told only of all, and too little never looks like enough."""
        # Through decimals, since 1000 times the float 0.57 is less than 570.
        return f"{Decimal(str(self.agreement)).quantize(Decimal('0.001'), ROUND_FLOOR):.1%}"


class Cost(BaseModel):
    """What 8-bit numbers cost on the validation split, or on data given for it: a metric before and after.

    Run by `engine`; `lost` is in points (hundredths of the metric's own span), below 0 where it got better.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    engine: str
    metric: str
    before: float
    after: float
    lost: float


class Card(BaseModel):
    """What a model file is: enough to rebuild the network, prepare its input and name its predictions."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = Field(2, ge=2, le=2, description="Version of this description; older ones are read too.")
    task: str
    net: Annotated[str, AfterValidator(_network)]
    target: AnyTarget = Field(description="What is predicted.")
    input: AnyInput = Field(description="What is put in.")
    mirror: bool = Field(False, description="Predictions are the mean over an image and its mirror image.")
    calibration: dict[str, FiniteFloat] = Field(
        default_factory=dict, description="What the validation split told the task about its predictions."
    )
    options: dict[str, Any] = Field(
        default_factory=dict, description="Choices of the task that its deployed network needs."
    )
    training: dict[str, Any] = Field(default_factory=dict, description="Summary of how it was trained.")
    metrics: dict[str, Measured] = Field(default_factory=dict)
    data: dict[str, Any] = Field(default_factory=dict, description="Name, counts and fingerprint of the data.")
    versions: dict[str, str] = Field(default_factory=dict)
    weights: Literal["float32", "float16", "int8"] = Field("float32", description="How an exported file stores them.")
    proofs: tuple[Proof, ...] = Field((), description="Of an exported file: one for each way to run it.")
    costs: tuple[Cost, ...] = Field((), description="Of a file in int8: one for each engine.")

    @model_validator(mode="before")
    @classmethod
    def _read_older(cls, data: Any) -> Any:
        """A description of format 1, which knew classes alone, in today's words."""
        if not isinstance(data, dict):
            return data
        found = dict(data)
        names = found.pop("classes", None)  # in today's format a copy of the target's names
        if found.get("format", 1) == 1 and "target" not in found and names is not None:
            found["format"] = 2
            found["target"] = {"kind": "classes", "names": names}
        preprocessing = found.pop("preprocessing", None)
        if isinstance(preprocessing, dict):
            found["input"] = {"kind": "image", **preprocessing}
        return found

    @computed_field(description="The names of what is predicted, for programs that read the card of format 1.")  # type: ignore[prop-decorator]
    @property
    def classes(self) -> tuple[str, ...]:
        return self.target.names

    def proven(self, engine: str, precision: str, processor: str = "CPU") -> bool:
        """Whether this exported file was seen to answer like the original where it is run so."""
        seen = self._seen(engine, precision, processor)
        return bool(seen) and all(proof.holds for proof in seen)

    def doubt(self, engine: str, precision: str, processor: str = "CPU") -> str:
        """What speaks against running this exported file so, in words; empty where it is proven."""
        if self.proven(engine, precision, processor):
            return ""
        seen = self._seen(engine, precision, processor)
        if not seen:
            return "never proven so: export it on this machine"
        worst = max(seen, key=lambda proof: proof.largest_difference)
        if not any(proof.fails for proof in seen):
            return "its proof proved nothing: nothing was found in any of its images; export it with others: --data"
        return (
            f"its proof failed: numbers differ by up to {worst.largest_difference:.2g}, {worst.agreed} same predictions"
        )

    def _seen(self, engine: str, precision: str, processor: str) -> list[Proof]:
        wanted = (engine, precision, processor)
        return [proof for proof in self.proofs if (proof.engine, proof.precision, proof.processor) == wanted]

    def source(self) -> "Card":
        """The card of the network that an exported file came from."""
        return self.model_copy(update={"proofs": (), "costs": (), "weights": "float32"})

    def fingerprint(self) -> str:
        """A SHA-256 of the card: another training has another, since its metrics and data are on it."""
        return sha256(self.model_dump_json().encode()).hexdigest()


def parse_card(text: str, name: object) -> Card:
    """The card in `text`, found in the file called `name`; raises `UserError` where it is not valid."""
    try:
        return Card.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UserError(f"{name}: its card is not valid at {place!r}: {first['msg']}") from error
