"""Whether a batch fits into memory, by the arithmetic of `describe`; and the largest that does."""

import math

import torch

from convsight.describe.training_memory import Memory, training_memory
from convsight.errors import UserError
from convsight.memory import available_memory_bytes
from convsight.training.state import Training

_SURELY_FITS = 1000  # times the images of a batch in float32: more than any network of the catalogue keeps of them
_GIB = 2**30


def check_batch(t: Training) -> None:
    """Raise `UserError` where a training step of `t` needs more memory than there is; it names the largest batch.

    Small batches are not reckoned, since that takes as long as a few steps.
    """
    available = free_bytes(t.device)
    if _SURELY_FITS * 4 * t.plan.choices.batch * t.taught.input.positions * t.taught.input.channels < available:
        return
    needed = needed_bytes(t, t.plan.choices.batch)
    if needed is not None and needed > available:
        raise UserError(_too_large(t, available, f"needs about {needed / _GIB:,.1f} GiB of memory"))


def out_of_memory(t: Training, error: Exception) -> UserError | None:
    """What to say of `error` where it means that a step found too little memory; None: it means something else."""
    if not isinstance(error, torch.OutOfMemoryError) and "can't allocate memory" not in str(error):
        return None
    return UserError(_too_large(t, free_bytes(t.device), "did not fit into memory"))


def _too_large(t: Training, available: int, what: str) -> str:
    batch = t.plan.choices.batch
    largest = largest_batch(t, available)
    advice = "take a smaller --batch, --size or --net"
    if largest is not None and largest < batch:
        accumulate = -(-batch // largest)
        advice = f"the largest that fits is about --batch {largest} (--accumulate {accumulate} steps as before)"
    return f"a step of {batch} images {what}, of which {available / _GIB:,.1f} GiB are free on {t.device}: {advice}"


def largest_batch(t: Training, available: int) -> int | None:
    """The largest batch whose step fits into so many bytes, by two points of a line; None where none does."""
    few, more = needed_bytes(t, 2), needed_bytes(t, 4)
    if few is None or more is None:
        return None
    an_image = max(1.0, (more - few) / 2)
    largest = math.floor((available - few) / an_image) + 2
    return largest if largest >= 2 else None


def needed_bytes(t: Training, batch: int) -> int | None:
    """The memory of a step of so many images; None where the network cannot be reckoned without numbers."""
    optimizer = t.plan.settings.optimizer
    try:
        memory = training_memory(t.learner.network, (batch, *t.taught.input.planes_shape), optimizer)
    except (RuntimeError, NotImplementedError, TypeError, ValueError):
        return None
    return _in_format(memory, t.plan.choices.precision)


def _in_format(memory: Memory, precision: str) -> int:
    """What a step needs in that number format: half of it for what layers keep, the weights stay in float32."""
    return memory.peak if precision == "float32" else memory.peak - memory.activations // 2


def free_bytes(device: torch.device) -> int:
    """Memory that can still be used on `device`."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return int(free) + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return available_memory_bytes()
