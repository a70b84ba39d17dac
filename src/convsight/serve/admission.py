"""What the server takes on at once: images that wait, and bytes of the bodies that brought them."""

from convsight.serve.refusal import RefusedError, busy


class Admission:
    """Counts images and bytes of all requests against their limits. Used in the event loop alone.

    A body counts from its first byte until the last of its images is answered or given up, whatever became of the
    client, and what is sent in its place until it has left. So what is held is bounded even where clients come and go.
    """

    def __init__(self, max_pictures: int, max_bytes: int) -> None:
        self.max_pictures = max_pictures
        self.max_bytes = max_bytes
        self.images = 0
        self.bytes = 0

    def ticket(self) -> "Ticket":
        """A place for a new request.

        Raises `RefusedError` with status 503 where as many images wait as may.
        """
        if self.images >= self.max_pictures:
            raise busy(f"{self.images} images wait")
        return Ticket(self)


class Ticket:
    """What one request holds of an `Admission`, until it is released."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._images = 0
        self._bytes = 0

    def add_bytes(self, count: int) -> None:
        """Hold `count` more bytes.

        Raises `RefusedError` where there is no room: with status 503, or 413 where one request takes all of it.
        """
        if self._bytes + count > self._admission.max_bytes:
            limit = f"{self._admission.max_bytes / 1e6:g} MB"
            raise RefusedError(413, f"the answer takes over {limit}: send fewer images, or raise --max-waiting-mb")
        if self._admission.bytes + count > self._admission.max_bytes:
            raise busy(f"{self._admission.bytes / 1e6:.0f} MB of images wait")
        self._admission.bytes += count
        self._bytes += count

    def add_images(self, count: int) -> None:
        """Hold `count` more images; raises `RefusedError` with status 503 where there is no room."""
        if self._admission.images + count > self._admission.max_pictures:
            raise busy(f"{self._admission.images} images wait")
        self._admission.images += count
        self._images += count

    def release(self) -> None:
        """Give all of it back; a second time does nothing."""
        self._admission.images -= self._images
        self._admission.bytes -= self._bytes
        self._images = self._bytes = 0
