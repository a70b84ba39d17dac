"""What the tests of the audit say of what was found."""

from collections.abc import Callable
from pathlib import Path

from PIL import Image

from convsight.datasets import read_dataset
from convsight.datasets.audit import Audit, Finding, audit
from convsight.progress import Silent

MakeImage = Callable[..., Image.Image]


def audited(path: Path, workers: int = 0) -> Audit:
    return audit(read_dataset(path), Silent(), workers=workers)


def only(found: Audit) -> Finding:
    """The one thing that was found."""
    assert [finding.kind for finding in found.findings[1:]] == []
    return found.findings[0]


def names(finding: Finding) -> list[list[str]]:
    return [[image.name for image in entry.images] for entry in finding.entries]
