"""Sums of losses as users write them."""

import pytest

from convsight.errors import UserError
from convsight.tasks.segmentation.light.loss_text import LossTerm, loss_in_words, parse_loss


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("ce", [(1.0, "ce")]),
        ("ce+dice", [(1.0, "ce"), (1.0, "dice")]),
        (" 0.5 * ce + 2e-1*boundary ", [(0.5, "ce"), (0.2, "boundary")]),
    ],
)
def test_sums_are_read_and_written_again(text: str, terms: list[tuple[float, str]]) -> None:
    found = parse_loss(text)
    assert found == tuple(LossTerm(*term) for term in terms)
    assert parse_loss(loss_in_words(found)) == found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ce + dcie", "unknown loss 'dcie'; did you mean dice"),
        ("jacard", "unknown loss 'jacard'; did you mean jaccard"),
        ("ce + ce", "--loss ce \\+ ce: ce stands there twice; give it one weight, as in 2\\*ce"),
        ("ce +", "--loss ce \\+: a name is missing"),
        ("", "a name is missing"),
        ("0*ce", "'0' is no weight above 0"),
        ("nan*ce", "'nan' is no weight above 0"),
        ("-1*ce", "'-1' is no weight above 0"),
        ("half*ce", "'half' is no weight above 0"),
        ("ce*0.5", "the weight comes first, as in 0.5\\*ce"),
        ("ce - dice", "unknown loss 'ce - dice'"),
    ],
)
def test_mistakes_are_named(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        parse_loss(text)
