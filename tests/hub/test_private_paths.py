"""Places of a machine in what would be published, however deep they lie."""

from typing import Any

import pytest
from tests.metrics.distances import distance_card

from convsight.errors import UserError
from convsight.hub.private_paths import check_private


@pytest.mark.parametrize("held", ["/home/ada/cats", {"deep": "/home/ada/cats"}, ["none", {"deep": ["/home/ada/cats"]}]])
def test_a_path_is_found_in_texts_lists_and_dicts(held: Any) -> None:
    card = distance_card().model_copy(update={"training": {"noted": held}})
    with pytest.raises(UserError, match=r"names a place of this machine at training\.noted"):
        check_private(card)
