"""What a card may say: it comes from anybody, beside a model file that was found somewhere."""

import json
from pathlib import Path

import pytest

from convsight.card import Card, Proof, parse_card
from convsight.errors import UserError
from convsight.inputs import ImageInput
from convsight.targets import Classes


def card(net: str) -> Card:
    side = ImageInput(height=28, width=28, channels=1, mean=(0.1,), std=(1.0,))
    return Card(task="classification", net=net, target=Classes(names=("cat", "dog")), input=side)


@pytest.mark.parametrize(
    "net",
    [
        "small",
        "squeezenet1_0",
        "timm/resnet10t.c3_in1k",
        "yolo-n+timm/resnet10t",
        "yolo-n+conv 8 3x3 same relu | globalavg | dense classes",
        "input ?x?x1 | init he | conv 8 3x3 pad 0:1x0:1 leakyrelu 1e-05 | residual (conv 8 1x1 relu) | dense classes",
    ],
)
def test_networks_that_cards_name(net: str) -> None:
    assert card(net).net == net


@pytest.mark.parametrize(
    "net",
    [
        "/etc/passwd",
        "../theirs.toml",
        "theirs.toml",
        "theirs.KERAS",
        "secrets.json",
        "yolo-n+secrets.json",
        "conv 8 3x3 | secrets.json",
        "timm/../x",
        "timm/hf_hub:somebody/anything",
        "hf_hub:somebody/anything",
        "local-dir:/etc",
        "C:\\secrets",
        "\\\\server\\x",
        "~/x",
        "small\n",
        "small\0",
        "",
        "http://127.0.0.1/x",
        "x" * 1_000_000,
    ],
)
def test_a_card_names_no_place(net: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"'net': .* neither the name nor the text of a network") as error:
        parse_card(json.dumps({**card("small").model_dump(mode="json"), "net": net}), tmp_path / "theirs.safetensors")
    assert len(str(error.value)) < 1000


def test_a_proof_without_predictions_proves_nothing() -> None:
    proof = Proof(
        engine="openvino",
        precision="float32",
        pixels="raw",
        pictures=64,
        answers=0,
        largest_difference=0.0,
        agreement=1.0,
        allowed_difference=0.01,
        needed_agreement=1.0,
    )
    assert (proof.holds, proof.fails, proof.is_empty) == (False, False, True)
    assert proof.model_copy(update={"answers": 1}).holds
    assert proof.model_copy(update={"answers": None}).holds  # of files that do not tell
