"""Maps of what a program names or holds: one picture, a list, a batch."""

from typing import Any

from convsight.explain.evidence.company import company_of
from convsight.explain.explain import explained, load_explained, made_methods, map_of
from convsight.explain.importance_map import ImportanceMap
from convsight.explain.method import MethodOptions
from convsight.runtime.find_network import NetworkName
from convsight.runtime.model import Model
from convsight.runtime.sources.held import batch_of


def explain_held(
    asked: Model | NetworkName,
    picture: Any,
    method: str | None,
    options: MethodOptions,
    wanted: str | None = None,
    max_megapixels: float = 100.0,
    *,
    evidence: bool = True,
) -> ImportanceMap | list[ImportanceMap]:
    """The map of a picture that a program names or holds, a list of those for a list or a batch.

    Without `method` the network's ranking chooses. With `evidence` each map is set beside references.
    Raises `UserError` as `load_explained` and as `ExplainedModel.subject`.
    """
    if method is not None:
        made_methods([method], options)  # what is wrong with them is told before the network is loaded
    network = explained(asked) if isinstance(asked, Model) else load_explained(asked)
    company = company_of(network)
    name = method or company.choice(network).method
    methods = made_methods([name], options)
    network.check(methods)
    several = batch_of(picture, network.spec)
    found: list[ImportanceMap] = []
    for each in [picture] if several is None else several:
        subject = network.subject(each, wanted, max_megapixels)
        made = map_of(subject, name, methods[name])
        found.append(company.judged(made, subject) if evidence else made)
    return found[0] if several is None else found
