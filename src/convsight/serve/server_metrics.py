"""What the server tells about itself, in the text format of Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from convsight.serve.admission import Admission

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class ServerMetrics:
    """Counters of one server, in a registry of its own."""

    def __init__(self, admission: Admission) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "convsight_requests",
            "Requests by the route they asked for and the status they ended with.",
            ["path", "status"],
            registry=self.registry,
        )
        self.images = Counter(
            "convsight_pictures",
            "Images by what became of them: answered, unreadable, failed, or dropped since nobody waited any more.",
            ["model", "outcome"],
            registry=self.registry,
        )
        self.batches = Histogram(
            "convsight_batch_pictures",
            "Images run at once.",
            ["model"],
            buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "convsight_request_seconds",
            "Seconds from the head of a request to the end of its answer, by the route it asked for.",
            ["path"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        waiting = Gauge("convsight_waiting_pictures", "Images taken on and not yet answered.", registry=self.registry)
        waiting.set_function(lambda: admission.images)
        held = Gauge("convsight_waiting_bytes", "Bytes that their bodies hold.", registry=self.registry)
        held.set_function(lambda: admission.bytes)

    def text(self) -> bytes:
        """All of them, as Prometheus reads them."""
        return generate_latest(self.registry)
