"""What pages may hold of pictures and layers is bounded."""

from dataclasses import dataclass

import numpy as np
import pytest

from convsight.serve.explore.held_pictures import HeldPictures
from convsight.serve.refusal import RefusedError


@dataclass
class Layer:
    """An open layer of so many bytes."""

    size: int


def test_the_oldest_go_first() -> None:
    held = HeldPictures(most=250)
    names = [held.put(bytes([n]), np.zeros(100, np.uint8)) for n in range(2)]
    held.get(names[0])
    names.append(held.put(b"2", np.zeros(100, np.uint8)))
    assert [name in held for name in names] == [True, False, True]
    with pytest.raises(RefusedError, match="send it again") as refused:
        held.get(names[1])
    assert refused.value.status == 410


def test_a_layer_makes_room_and_one_that_is_too_large_is_not_held() -> None:
    held = HeldPictures(most=250)
    first, second = (held.put(bytes([n]), np.zeros(100, np.uint8)) for n in range(2))
    held.opened(second, Layer(100))
    assert (first in held, held.size) == (False, 200)
    held.opened(second, Layer(151))
    assert (held.get(second).layer, held.size) == (None, 100)


def test_the_same_file_is_held_once() -> None:
    held = HeldPictures(most=1000)
    assert held.put(b"a", np.zeros(10)) == held.put(b"a", np.zeros(10))
    assert held.size == 80
