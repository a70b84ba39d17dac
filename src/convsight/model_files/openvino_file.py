"""The card of an OpenVINO file: in the `rt_info` of its XML half, under `convsight`. The weights are in `.bin`."""

from pathlib import Path
from xml.parsers import expat

from convsight.card import METADATA_KEY
from convsight.errors import UserError


def openvino_card_text(path: Path) -> str:
    """The card's JSON; raises `UserError` where the file or the weights beside it are missing, damaged or not ours."""
    if not path.with_suffix(".bin").is_file():
        raise UserError(f"{path} has no {path.with_suffix('.bin').name} beside it, which holds its weights; copy both")
    found: list[str] = []

    def element(name: str, attributes: dict[str, str]) -> None:
        if name == METADATA_KEY and "value" in attributes:
            found.append(attributes["value"])

    parser = expat.ParserCreate()
    parser.StartElementHandler = element
    # No entities are ever resolved: a document that declares some is none of OpenVINO's.
    parser.EntityDeclHandler = _refuse
    try:
        with open(path, "rb") as file:
            parser.ParseFile(file)
    except (expat.ExpatError, ValueError) as error:
        raise UserError(f"{path} is not an OpenVINO file, or is damaged: {error}") from error
    if not found:
        raise UserError(f"{path} is an XML file without a convsight card; it was not made by convsight")
    return found[-1]


def _refuse(*_: object) -> None:
    raise ValueError("it declares entities")
