"""No image of a batch is lost, whenever its client goes."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

import convsight
from convsight.inputs import Loaded
from convsight.serve.admission import Admission
from convsight.serve.batcher import Batcher, _Fitted
from convsight.serve.pending_request import JsonPrediction, PendingRequest
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


def test_a_client_that_goes_while_a_batch_is_put_together(trained: Path) -> None:
    async def settled() -> list[str]:
        admission = Admission(10, 1000)
        with ThreadPoolExecutor(1) as pool:
            batcher = Batcher(
                "m", convsight.load(trained), pool, ServerMetrics(admission), max_batch=4, max_megapixels=1.0
            )
            request = Leaving([Upload("a", b""), Upload("b", b"")], admission.ticket())
            image = Loaded(np.zeros((16, 16, 3), np.uint8), (16, 16))
            found = batcher._predicted([_Fitted(request, 0, image), _Fitted(request, 1, image)])
            batcher.close()
        return sorted(each.outcome for each in found)

    assert asyncio.run(settled()) == ["answered", "dropped"]


def test_what_is_wrong_with_an_image_that_is_answered_is_told(trained: Path) -> None:
    async def settled() -> list[JsonPrediction]:
        admission = Admission(10, 1000)
        with ThreadPoolExecutor(1) as pool:
            batcher = Batcher(
                "m", convsight.load(trained), pool, ServerMetrics(admission), max_batch=4, max_megapixels=1.0
            )
            request = PendingRequest([Upload("a", b""), Upload("b", b"")], admission.ticket())
            image = Loaded(np.zeros((16, 16, 3), np.uint8), (16, 16), "damaged")
            found = batcher._predicted([_Fitted(request, 0, image), _Fitted(request, 1, image._replace(remark=""))])
            batcher.close()
        return [each.prediction for each in found]

    first, second = asyncio.run(settled())
    assert first.pop("remark") == "damaged"
    assert first == second
