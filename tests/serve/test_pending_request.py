"""What a request holds, and until when."""

import asyncio

import pytest

from convsight.results import Label
from convsight.serve.admission import Admission
from convsight.serve.pending_request import PendingRequest
from convsight.serve.refusal import ClientGoneError
from convsight.serve.uploads import Upload

RESULT = Label.certain(0, ("cat", "dog"))


def request(admission: Admission, *, keeps_images: bool = False) -> PendingRequest:
    ticket = admission.ticket()
    ticket.add_bytes(10)
    return PendingRequest([Upload("a", b"one"), Upload("b", b"two")], ticket, keeps_images=keeps_images)


@pytest.mark.parametrize("keeps_images", [False, True])
def test_images_and_results_are_kept_where_they_are_drawn_and_nowhere_else(keeps_images: bool) -> None:
    async def held() -> tuple[bytes, Label | None]:
        pending = request(Admission(10, 100), keeps_images=keeps_images)
        assert pending.take(0) == b"one"
        pending.settle(0, {"labels": []}, RESULT)
        [result, _] = pending.results
        assert result is None or isinstance(result, Label)
        return pending.take(0), result

    assert asyncio.run(held()) == ((b"one", RESULT) if keeps_images else (b"", None))


def test_a_ticket_is_released_when_the_response_is_sent_and_no_image_is_in_work() -> None:
    async def released() -> None:
        for order in ("settled first", "ended first"):
            admission = Admission(10, 100)
            pending = request(admission)
            pending.settle(0, {})
            if order == "ended first":
                pending.end()
                assert admission.bytes == 10
                pending.settle(1, {})
                with pytest.raises(ClientGoneError):
                    await pending.done
            else:
                pending.settle(1, {})
                await pending.done
                pending.drop()
                assert admission.bytes == 10
                pending.end()
            assert admission.bytes == 0

    asyncio.run(released())
