"""What is wrong with data before anything is trained on it: every image looked at once, every fault by name."""

from convsight.datasets.audit.audit import Audit, audit
from convsight.datasets.audit.masks import has_masks
from convsight.datasets.audit.print_audit import print_audit
from convsight.datasets.finding import Entry, Finding, ImageName

__all__ = ["Audit", "Entry", "Finding", "ImageName", "audit", "has_masks", "print_audit"]
