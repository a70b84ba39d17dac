"""No image of a batch is lost, whenever its client goes."""

import asyncio
from pathlib import Path

import numpy as np

import convsight
from convsight.inputs import Loaded
from convsight.serve.admission import Admission
from convsight.serve.batcher import Batcher, _Fitted
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


def test_a_client_that_goes_while_a_batch_is_put_together(trained: Path) -> None:
    async def settled() -> list[str]:
        admission = Admission(10, 1000)
        threads = ImageThreads(1)
        batcher = Batcher(
            "m", convsight.load(trained), threads, ServerMetrics(admission), max_batch=4, max_megapixels=1.0
        )
        request = Leaving([Upload("a", b""), Upload("b", b"")], admission.ticket())
        image = Loaded(np.zeros((16, 16, 3), np.uint8), (16, 16))
        found = batcher._predicted([_Fitted(request, 0, image), _Fitted(request, 1, image)])
        threads.close()
        batcher.close()
        return sorted(each.outcome for each in found)

    assert asyncio.run(settled()) == ["answered", "dropped"]
