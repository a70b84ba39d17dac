"""`Company`: evidence put beside each map that is made: references of its picture, and what a ranking said."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convsight.explain.evidence.choice import Choice, by_ranking, without_ranking
from convsight.explain.evidence.judged_picture import JudgedPicture
from convsight.explain.evidence.place import stored_ranking
from convsight.explain.evidence.ranking import Ranking, judgement_json
from convsight.explain.explain import ExplainedModel
from convsight.explain.importance_map import ImportanceMap
from convsight.explain.subject import Subject


@dataclass
class Company:
    """Another picture's map is the ranking's example, else that of the picture before in the same call, if any."""

    ranking: Ranking | None = None
    _picture: JudgedPicture | None = None
    _now: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    _before: dict[str, NDArray[np.float64]] = field(default_factory=dict)

    def choice(self, network: ExplainedModel) -> Choice:
        """The method for `network` where nobody names one."""
        return by_ranking(self.ranking) if self.ranking is not None else without_ranking(network)

    def said_of(self, method: str) -> str:
        """What the ranking says of `method`, in a sentence."""
        if self.ranking is None or method not in self.ranking.methods:
            return f"Whether maps of {method} are worth believing here is not known: explain --rank tells it."
        judgement = self.ranking.judged(method)
        where = f"on {judgement.pictures} pictures of {self.ranking.of.data}"
        return f"Verdict on {method}: {judgement.verdict}, {where} ({judgement.why})."

    def judged(self, found: ImportanceMap, subject: Subject) -> ImportanceMap:
        """`found`, a map of `subject`, with its evidence, whose `verdict` says it in words."""
        if self._picture is None or self._picture.subject is not subject:
            self._picture, self._before, self._now = JudgedPicture(subject), self._now, {}
        self._now[found.method] = found.seen
        evidence = self._picture.evidence(found.seen, self._other(found.method))
        told: dict[str, Any] = {**found.evidence, "picture": evidence.to_json(), "verdict": evidence.words}
        if self.ranking is not None and found.method in self.ranking.methods:
            judgement = self.ranking.judged(found.method)
            told["ranking"] = {"data": self.ranking.of.data, **judgement_json(judgement)}
            told["verdict"] = f"{judgement.verdict} on {judgement.pictures} pictures; here {evidence.words}"
        return replace(found, evidence=told)

    def _other(self, method: str) -> NDArray[np.float64] | None:
        example = self.ranking.examples.get(method) if self.ranking else None
        return self._before.get(method) if example is None else np.array(example)


def company_of(network: ExplainedModel) -> Company:
    """What stands beside maps of `network`: its stored ranking, if that says anything of the model that is there."""
    origin = network.model.origin
    ranking = None if origin is None else stored_ranking(origin.name, network.model.card)
    return Company(ranking if ranking is not None and ranking.methods else None)
