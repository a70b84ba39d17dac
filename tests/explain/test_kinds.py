"""Which options each kind of explanation listens to: all of the command's are of one, and others are refused."""

import pytest
from typer.main import get_command

from convsight.cli import app
from convsight.errors import UserError
from convsight.explain.kinds import LISTENS, MAPS, check_listened

KINDS = {"features", "filters", "excite", "by_class", "rank"}


def test_every_option_of_the_command_is_of_a_kind_and_no_other() -> None:
    command = get_command(app).commands["explain"]  # type: ignore[attr-defined]
    options = {each.name for each in command.params} - {"help"}
    assert set().union(*LISTENS.values()) | KINDS == options


@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        (MAPS, "count", "--pictures does nothing for maps of pictures: it counts pictures of --rank"),
        ("--features", "method", "--method does nothing for --features: leave it out"),
        ("--by-class", "pictures", "PICTURES does nothing for --by-class: pictures of classes are named by --data"),
        ("--rank", "max_megapixels", None),
        ("--excite", "excite", None),
    ],
)
def test_what_does_nothing_is_refused(kind: str, given: str, said: str | None) -> None:
    if said is None:
        check_listened(kind, {given})
        return
    with pytest.raises(UserError) as told:
        check_listened(kind, {given})
    assert str(told.value).startswith(said)
