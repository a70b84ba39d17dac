"""`judge`: tracks against the truth, in the three sets of numbers that the field uses."""

from collections.abc import Collection
from typing import NamedTuple

from convsight.tracking.clear_mot import Clear, clear
from convsight.tracking.hota import Hota, hota
from convsight.tracking.identity import Identity, identity
from convsight.tracking.mot import MotTable
from convsight.tracking.video_similarity import video_similarity


class TrackingMetrics(NamedTuple):
    """How good tracks are."""

    hota: Hota
    clear: Clear
    identity: Identity

    def to_json(self) -> dict[str, float | int]:
        """All numbers by the names that papers use."""
        return {
            "HOTA": self.hota.hota,
            "DetA": self.hota.deta,
            "AssA": self.hota.assa,
            "LocA": self.hota.loca,
            "MOTA": self.clear.mota,
            "MOTP": self.clear.motp,
            "IDF1": self.identity.idf1,
            "IDP": self.identity.idp,
            "IDR": self.identity.idr,
            "switches": self.clear.switches,
            "fragmentations": self.clear.fragmentations,
            "missed": self.clear.missed,
            "false": self.clear.false,
        }


def judge(truth: MotTable, found: MotTable, frames: Collection[int] | None = None) -> TrackingMetrics:
    """How well `found` follows the things of `truth`, on all frames or on those given (numbers from 1).

    Boxes of two known classes are never taken for one another, and true boxes with the score 0 need not be found.
    Raises `ValueError` where no box of these frames is true.

    >>> truth = MotTable.of_rows([(1, 1, 0, 0, 10, 10), (2, 1, 1, 0, 10, 10)])
    >>> found = MotTable.of_rows([(1, 4, 0, 0, 10, 10), (2, 4, 1, 0, 10, 10)])
    >>> judge(truth, found).to_json()["HOTA"]
    1.0
    """
    video = video_similarity(truth, found, frames)
    if not video.truths:
        raise ValueError("no box of these frames is true, so there is nothing to measure")
    return TrackingMetrics(hota(video), clear(video), identity(video))
