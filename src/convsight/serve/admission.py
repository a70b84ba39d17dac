"""What the server takes on at once: images that wait, and bytes of the bodies that brought them."""

import ipaddress
from bisect import bisect
from collections import Counter

from convsight.serve.refusal import RefusedError, busy

# Of each limit the last part is kept for clients who hold less of it than others do.
_KEPT = 1 / 8


def client_of(address: str) -> str:
    """Who asks, as far as an address tells: of IPv6 the network, since a client has all addresses of it.

    >>> client_of("192.0.2.7"), client_of("2001:db8::1") == client_of("2001:db8::2"), client_of("somewhere")
    ('192.0.2.7', True, 'somewhere')
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(found) if found.version == 4 else str(ipaddress.ip_network((int(found), 64), strict=False))


class _Quota:
    """A number of things that may be held at once, and who holds how many."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.held = 0
        self._by_client: Counter[str] = Counter()

    def admits(self, client: str, own: int, more: int) -> bool:
        """Whether a request of `client` that holds `own` things may have `more`.

        It takes half of what the others leave at most, so that small requests find room while large ones wait; alone
        it may have all, and a single thing has room as long as there is any.
        """
        others = self.held - own
        free = self.limit - others
        wanted = own + more
        if wanted > free:
            return False
        if others == 0:
            return True
        if wanted > max(1, free / 2):
            return False
        is_last_part = self.held + more > (1 - _KEPT) * self.limit
        return not is_last_part or self._by_client[client] + more <= self._fair_share(client)

    def room(self, client: str, own: int, wanted: int) -> int:
        """How many more such a request may have, `wanted` at most."""
        return bisect(range(1, wanted + 1), 0, key=lambda more: not self.admits(client, own, more))

    def take(self, client: str, count: int) -> None:
        self.held += count
        self._by_client[client] += count

    def give_back(self, client: str, count: int) -> None:
        self.held -= count
        self._by_client[client] -= count
        if self._by_client[client] <= 0:
            del self._by_client[client]

    def _fair_share(self, client: str) -> float:
        """What each client would have of equal parts, were there one more."""
        return self.limit / (len(self._by_client.keys() | {client}) + 1)


class Admission:
    """Counts images and bytes of all requests against their limits. Used in the event loop alone.

    A body counts from its first byte until the last of its images is answered or given up, whatever became of the
    client, and what is sent in its place until it has left. So what is held is bounded even where clients come and go.
    """

    def __init__(self, max_pictures: int, max_bytes: int) -> None:
        self._images = _Quota(max_pictures)
        self._bytes = _Quota(max_bytes)

    @property
    def images(self) -> int:
        """How many images are held."""
        return self._images.held

    @property
    def bytes(self) -> int:
        """How many bytes are held."""
        return self._bytes.held

    def ticket(self, client: str = "") -> "Ticket":
        """A place for a new request of `client`.

        Raises `RefusedError` with status 503 where there is no room for an image of theirs.
        """
        if not self._images.admits(client, 0, 1):
            raise busy(f"{self.images} images wait")
        return Ticket(client, self._images, self._bytes)


class Ticket:
    """What one request of `client` holds, until it is released."""

    def __init__(self, client: str, images: _Quota, held_bytes: _Quota) -> None:
        self.client = client
        self._image_quota = images
        self._byte_quota = held_bytes
        self._images = 0
        self._varied = 0
        self._bytes = 0

    def add_bytes(self, count: int) -> None:
        """Hold `count` more bytes.

        Raises `RefusedError` where there is no room: with status 503, or 413 where one request takes all of it.
        """
        quota = self._byte_quota
        if self._bytes + count > quota.limit:
            limit = f"{quota.limit / 1e6:g} MB"
            raise RefusedError(413, f"the answer takes over {limit}: send fewer images, or raise --max-waiting-mb")
        if not quota.admits(self.client, self._bytes, count):
            raise busy(f"{quota.held / 1e6:.0f} MB of images wait")
        quota.take(self.client, count)
        self._bytes += count

    def add_images(self, count: int) -> None:
        """Hold `count` more images; raises `RefusedError` with status 503 where there is no room."""
        if not self._image_quota.admits(self.client, self._images, count):
            raise busy(f"{self._image_quota.held} images wait")
        self._image_quota.take(self.client, count)
        self._images += count

    def hold_varied(self, count: int) -> int:
        """Hold `count` varied images beside those that were sent, or as many as there is room for; returns how many."""
        self._image_quota.give_back(self.client, self._varied)
        self._images -= self._varied
        self._varied = self._image_quota.room(self.client, self._images, count)
        self._image_quota.take(self.client, self._varied)
        self._images += self._varied
        return self._varied

    def release(self) -> None:
        """Give all of it back; a second time does nothing."""
        self._image_quota.give_back(self.client, self._images)
        self._byte_quota.give_back(self.client, self._bytes)
        self._images = self._varied = self._bytes = 0
