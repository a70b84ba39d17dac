"""Who is taken on: small requests beside large ones, and everybody beside one who asks for much."""

import pytest

from convsight.serve.admission import Admission, Ticket
from convsight.serve.refusal import RefusedError


def images(admission: Admission, count: int, client: str = "a") -> Ticket:
    ticket = admission.ticket(client)
    ticket.add_images(count)
    return ticket


def filled(admission: Admission, count: int, client: str = "a") -> int:
    """How many requests of so many images are taken on until one is refused."""
    taken = 0
    try:
        while True:
            images(admission, count, client)
            taken += 1
    except RefusedError:
        return taken


def test_one_request_may_have_all_and_not_more() -> None:
    admission = Admission(64, 1000)
    ticket = images(admission, 64)
    assert admission.images == 64
    assert filled(admission, 1, "b") == 0
    ticket.release()
    ticket.release()
    assert admission.images == 0
    with pytest.raises(RefusedError):
        images(admission, 65)


def test_large_requests_leave_room_for_small_ones() -> None:
    admission = Admission(256, 1000)
    assert filled(admission, 64) == 3  # of half of what is left
    assert filled(admission, 16) == 2
    assert filled(admission, 1) == 0  # the last eighth is for others
    assert admission.images == 224
    assert filled(admission, 1, "b") == 32
    assert admission.images == 256


def test_bytes_are_shared_as_images_are_while_they_come() -> None:
    admission = Admission(256, 1000)
    large, small = admission.ticket("a"), admission.ticket("b")
    small.add_bytes(100)
    for _ in range(9):
        large.add_bytes(50)
    with pytest.raises(RefusedError, match="try again"):
        large.add_bytes(50)
    small.add_bytes(100)
    large.release()
    small.add_bytes(800)
    assert admission.bytes == 1000
