"""The files that carry a card: which suffix is read how. Reading one never runs code."""

from collections.abc import Callable
from pathlib import Path

from convsight.card import Card, parse_card
from convsight.errors import UserError
from convsight.model_files.onnx_file import onnx_card_text
from convsight.model_files.openvino_file import openvino_card_text
from convsight.model_files.safetensors_file import safetensors_card_text
from convsight.model_files.torch_program_file import torch_program_card_text

_CARD_TEXT: dict[str, Callable[[Path], str]] = {
    ".safetensors": safetensors_card_text,
    ".onnx": onnx_card_text,
    ".xml": openvino_card_text,
    ".pt2": torch_program_card_text,
}


def read_card(path: Path) -> Card:
    """The card of a model file.

    Raises `UserError` where the file is missing, cut short, a pickle, or not one of ours.
    """
    read = _CARD_TEXT.get(path.suffix, safetensors_card_text)  # which says what is wrong with any other
    try:
        text = read(path)
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    return parse_card(text, path)
