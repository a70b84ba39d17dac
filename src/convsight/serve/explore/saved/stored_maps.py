"""Maps of what an answer depends on, made beforehand for the pictures of a saved page."""

from base64 import b64encode
from typing import Any

from convsight.errors import UserError
from convsight.explain.evidence.company import company_of
from convsight.explain.explain import ExplainedModel, map_of
from convsight.explain.importance_map import png
from convsight.explain.method import MethodOptions, make_method
from convsight.runtime.sources import Item

METHODS = ("occlusion", "gradcam")  # one that asks for answers alone, and one that looks inside


def stored_maps(network: ExplainedModel, files: list[bytes], max_megapixels: float) -> list[dict[str, Any]]:
    """For each picture its maps by method, as the page is told them; a method that cannot work here is left out."""
    made: list[dict[str, Any]] = [{} for _ in files]
    for name in METHODS:
        method, company = make_method(name, MethodOptions()), company_of(network)
        try:
            network.check({name: method})
            for file, maps in zip(files, made, strict=True):
                subject = network.subject(_item(file), None, max_megapixels)
                found = company.judged(map_of(subject, name, method), subject)
                maps[name] = {
                    "about": found.about,
                    "evidence": {"verdict": found.evidence["verdict"]},
                    "map": b64encode(png(found.alone())).decode(),
                }
        except UserError:
            for maps in made:
                maps.pop(name, None)
    return made


def _item(file: bytes) -> Item:
    return Item("picture", lambda: file)
