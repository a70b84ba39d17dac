"""`DoubtedLabels`: labels that may be wrong, as an audit found them: `doubtful.json` of a run."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from convsight.errors import UserError
from convsight.files import write_atomic
from convsight.run import Run


class _Stored(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class DoubtedLabel(_Stored):
    """An image of `split` called `name`: the label it has, the likelier one, and how probable each of both is."""

    split: str
    name: str
    given: str
    likely: str
    given_probability: float = Field(ge=0, le=1)
    likely_probability: float = Field(ge=0, le=1)

    @property
    def in_words(self) -> str:
        """What is doubted, and how sure that is.

        >>> DoubtedLabel(split="train", name="1.png", given="cat", likely="dog", given_probability=0.01,
        ...              likely_probability=0.975).in_words
        'labelled cat (0.010), rather dog (0.975)'
        """
        given, likely = f"{self.given_probability:.3f}", f"{self.likely_probability:.3f}"
        return f"labelled {self.given} ({given}), rather {self.likely} ({likely})"


class DoubtedLabels(_Stored):
    """The doubted of `looked_at` labels, the most doubtful first, and the estimated share of them that is `wrong`."""

    format: int = 1
    looked_at: int = Field(ge=0)
    wrong: float = Field(ge=0, le=1)
    labels: tuple[DoubtedLabel, ...] = ()


def doubts_file(run: Run) -> Path:
    """Where the doubted labels of a run's data lie."""
    return run.path / "doubtful.json"


def write_doubts(run: Run, found: DoubtedLabels) -> None:
    """Write `doubtful.json` of `run`."""
    write_atomic(doubts_file(run), found.model_dump_json() + "\n")


def read_doubts(run: Run) -> DoubtedLabels | None:
    """The doubted labels of a run's data; None where nobody looked. Raises `UserError` where they cannot be read."""
    place = doubts_file(run)
    if not place.is_file():
        return None
    try:
        return DoubtedLabels.model_validate_json(place.read_bytes())
    except OSError as error:
        raise UserError(f"cannot read {place}: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "its beginning"
        raise UserError(f"{place} holds no doubted labels: at {where}: {first['msg']}") from error
