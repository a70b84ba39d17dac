"""Joining the other processes of a training, as torchrun, SLURM, Kubernetes or `--processes` have started them."""

import atexit
import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import cache

import torch
from torch import distributed as dist
from torch.distributed.distributed_c10d import PrefixStore
from torch.distributed.rendezvous import rendezvous

from convsight.errors import ToldElsewhereError, UserError
from convsight.training.processes.launch import LAUNCHED
from convsight.training.processes.processes import ALONE, Processes
from convsight.training.processes.together import ProcessLostError, Together

# Within this, all must have come to the same message; a process that was killed is noticed at once.
_TIMEOUT = timedelta(minutes=5)
_LOST = 2  # exit code
_NEEDED = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")


@contextmanager
def joined(device: str) -> Iterator[Processes]:
    """The processes of this training; alone where no launcher has started others. `device` is the setting.

    Raises `UserError` where they cannot be reached, and, in processes that are not the first, `ToldElsewhereError` in
    place of an error that the first one tells.
    """
    count = count_of(os.environ)
    if count == 1:
        yield ALONE
        return
    own = own_device(device)
    if own.startswith("cuda"):
        torch.cuda.set_device(own)
    together = _join(count)
    together.begin()
    try:
        with _stopped_by_first(together):
            yield together
            together.leave()
    except UserError as error:
        raise _told_once(together, error) from error


def count_of(environment: Mapping[str, str]) -> int:
    """How many processes a launcher has started; raises `UserError` where it did not say enough.

    >>> count_of({}), count_of({"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "a", "MASTER_PORT": "29500"})
    (1, 2)
    """
    if "RANK" not in environment or environment.get("WORLD_SIZE", "1") == "1":
        return 1
    missing = [name for name in _NEEDED if name not in environment]
    if missing:
        raise UserError(
            f"RANK={environment['RANK']} says that several processes train, but {', '.join(missing)} is not set: start "
            "them by torchrun, or with --processes N"
        )
    numbers = environment["RANK"], environment["WORLD_SIZE"]
    if not all(number.isdecimal() for number in numbers) or int(numbers[0]) >= int(numbers[1]):
        raise UserError(f"RANK={numbers[0]} and WORLD_SIZE={numbers[1]} are no number of a process and of how many")
    return int(numbers[1])


def is_first() -> bool:
    """Whether this process is the one of its training that speaks to the user."""
    return count_of(os.environ) == 1 or os.environ["RANK"] == "0"


def check_alone(what: str) -> None:
    """Raise `UserError` where several processes were started for `what` one process does."""
    count = count_of(os.environ)
    if count > 1:
        raise UserError(f"{what} runs in one process, and {count} were started (WORLD_SIZE): start one")


def own_device(asked: str) -> str:
    """The device of this process: of several on a machine with GPUs each takes its own. `asked` is the setting.

    Raises `UserError` where there are more processes on this machine than GPUs, or where all are told the same one.
    """
    place = os.environ.get("LOCAL_RANK")
    wants_gpu = asked.startswith("cuda") or (asked == "auto" and torch.cuda.is_available())
    if place is None or count_of(os.environ) == 1 or not wants_gpu:
        return asked
    if asked not in ("auto", "cuda"):
        raise UserError(f"--device {asked} is one GPU, and each process takes its own: leave it out, or --device cuda")
    there = torch.cuda.device_count()
    if int(place) >= there:
        raise UserError(
            f"process {place} of this machine finds {there} GPUs: start as many processes as there are GPUs, or "
            "--device cpu"
        )
    return f"cuda:{place}"


@cache
def _join(count: int) -> Together:
    """One of so many processes, which stay together for all trainings of a script."""
    if LAUNCHED in os.environ:
        threading.Thread(target=_end_with_launcher, daemon=True).start()
    rank, address = int(os.environ["RANK"]), f"{os.environ['MASTER_ADDR']}:{os.environ['MASTER_PORT']}"
    try:
        store, _, _ = next(rendezvous("env://", rank, count, timeout=_TIMEOUT))
        dist.init_process_group(
            "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo",
            store=PrefixStore("group", store),
            rank=rank,
            world_size=count,
            timeout=_TIMEOUT,
        )
    except (RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(
            f"process {rank} of {count} could not join the others at {address} (MASTER_ADDR, MASTER_PORT): {reason}"
        ) from error
    atexit.register(dist.destroy_process_group)
    return Together(PrefixStore("training", store), rank, count)


@contextmanager
def _stopped_by_first(together: Together) -> Iterator[None]:
    """Within, a stop that reaches all processes is the first one's: others end with it, whichever step that is."""
    if together.is_first or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_with_launcher() -> None:
    """End this process when the one that started it is no more: its end of the pipe is closed."""
    with suppress(OSError):
        while os.read(0, 1):
            pass
    if is_first():
        os.kill(os.getpid(), signal.SIGTERM)  # as a user would: it keeps what there is
    else:
        os._exit(_LOST)


def _told_once(together: Together, error: UserError) -> UserError:
    """What this process ends with, so that one message of all of them reaches the user."""
    if together.is_first:
        others = together.failures() if isinstance(error, ProcessLostError) else []
        together.tell_failure(str(error))
        return UserError("\n".join([str(error), *others])) if others else error
    if not together.tell_failure(str(error)):
        return error  # there is no first process any more that would tell it
    # A launcher ends all with the first that ends, so that comes after the words. Where the first process waits for a
    # message of this one, it hears of the end when the connections are closed.
    if not together.first_has_failed(within=2.0):
        dist.destroy_process_group()
        atexit.unregister(dist.destroy_process_group)
        _join.cache_clear()
        together.first_has_failed(within=5.0)
    time.sleep(0.5)
    return ToldElsewhereError(str(error))
