"""The network: its volumes to scale, and its arithmetic layer by layer."""

from convsight.errors import UserError
from convsight.pages.markup import Piece
from convsight.pages.page import details, paragraph
from convsight.report.evidence import Evidence
from convsight.report.parts.part import Part
from convsight.training_half import training_half
from convsight.units import short_count
from convsight.words import counted, shortened

_NET = 400
_MOST_LAYERS = 400  # in the table: of more it would be most of the page


class NetworkFound:
    """The network of a run; where it cannot be built here, `parameters` and `part` are None."""

    def __init__(self, evidence: Evidence) -> None:
        self.parameters: int | None = None
        self.style = ""
        self.part: Part | None = None
        try:
            found = training_half("convsight.describe.report_part").network_part(evidence.card)
        except UserError as error:
            evidence.left_out.append(f"the drawing of the network: {error}")
            return
        self.parameters, self.style = found.parameters, found.style
        words = (
            f"{shortened(evidence.card.net, _NET)}: {counted(found.layer_count, 'layer')}, "
            f"{counted(found.parameters, 'parameter')}, {short_count(found.multiply_adds)} multiply-adds for one image."
        )
        body: list[Piece] = [paragraph(words), found.drawing]
        if found.layer_count <= _MOST_LAYERS:
            body.append(details("Every layer, each number beside its formula", found.layers))
        else:
            body.append(
                paragraph(f"Its {found.layer_count:,} layers: convsight describe {evidence.called}", kind="dim")
            )
        self.part = Part("network", "The network", body)
