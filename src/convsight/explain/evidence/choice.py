"""Which method explains where the user names none: the one that the network's own ranking trusts most."""

from typing import NamedTuple

from convsight.errors import UserError
from convsight.explain.evidence.place import stored_ranking
from convsight.explain.evidence.ranking import Ranking
from convsight.explain.evidence.verdict import Verdict
from convsight.explain.explain import ExplainedModel
from convsight.explain.method import MethodOptions, make_method
from convsight.explain.subject import Subject

_BY_GRADIENTS, _WITHOUT = "gradcam", "occlusion"


class Choice(NamedTuple):
    """A method, and in words why it was chosen."""

    method: str
    words: str


def by_ranking(ranking: Ranking) -> Choice:
    """The method that `ranking` trusts most, and what it said of it."""
    name, judgement = next(iter(ranking.judgements.items()))
    said = f"{name}: {judgement.verdict} on {judgement.pictures} pictures of {ranking.of.data} ({judgement.why})"
    if judgement.verdict is Verdict.FAITHFUL:
        return Choice(name, f"{said}, which this network's ranking trusts most")
    return Choice(name, f"{said}; this network's ranking trusts no method, and this one most")


def without_ranking(network: ExplainedModel, subject: Subject) -> Choice:
    """Grad-CAM where this network and question have gradients, else occlusion; and how a ranking is made."""
    make = f"no ranking of methods is stored: convsight explain {network.name} --rank DATA makes one"
    try:
        make_method(_BY_GRADIENTS, MethodOptions()).importance(subject)
    except UserError as error:
        return Choice(_WITHOUT, f"{_WITHOUT}, since {_BY_GRADIENTS} does not apply ({error}); {make}")
    return Choice(_BY_GRADIENTS, f"{_BY_GRADIENTS}, which is usual; {make}")


def ranking_of(network: ExplainedModel) -> Ranking | None:
    """The stored ranking of `network`, if it says anything; None where there is none, or it is of another model."""
    found = stored_ranking(network.name, network.model.card)
    return found if found is not None and found.methods else None
