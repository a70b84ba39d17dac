"""No image of a batch is lost, whenever its client goes."""

import asyncio
from pathlib import Path

import numpy as np

import convsight
from convsight.inputs import Loaded
from convsight.serve.admission import Admission
from convsight.serve.batcher import Batcher, _Fitted, _Settled
from convsight.serve.image_threads import ImageThreads
from convsight.serve.pending_request import PendingRequest
from convsight.serve.server_metrics import ServerMetrics
from convsight.serve.uploads import Upload


class Leaving(PendingRequest):
    """A request whose client goes after it was looked at once."""

    looks = 0

    @property
    def is_dropped(self) -> bool:
        self.looks += 1
        return self.looks > 1

    @is_dropped.setter
    def is_dropped(self, value: bool) -> None:
        pass


def predicted(trained: Path, request_type: type[PendingRequest], *images: Loaded) -> list[_Settled]:
    """What becomes of a request of these images."""

    async def settled() -> list[_Settled]:
        admission, threads = Admission(10, 1000), ImageThreads(1)
        batcher = Batcher(
            "m", convsight.load(trained), threads, ServerMetrics(admission), max_batch=4, max_megapixels=1.0
        )
        request = request_type([Upload(str(place), b"") for place in range(len(images))], admission.ticket())
        found = batcher._predicted([_Fitted(request, place, image) for place, image in enumerate(images)])
        threads.close()
        batcher.close()
        return found

    return asyncio.run(settled())


def test_a_client_that_goes_while_a_batch_is_put_together(trained: Path) -> None:
    image = Loaded(np.zeros((16, 16, 3), np.uint8), (16, 16))
    found = predicted(trained, Leaving, image, image)
    assert sorted(each.outcome for each in found) == ["answered", "dropped"]


def test_what_is_wrong_with_an_image_that_is_answered_is_told(trained: Path) -> None:
    image = Loaded(np.zeros((16, 16, 3), np.uint8), (16, 16), "damaged")
    first, second = (each.prediction for each in predicted(trained, PendingRequest, image, image._replace(remark="")))
    assert first.pop("remark") == "damaged"
    assert first == second
