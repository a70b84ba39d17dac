"""What is chosen for a training as several processes share it."""

import torch

from convsight.errors import UserError
from convsight.progress import Listener
from convsight.training.choices import Choices
from convsight.training.processes.processes import Processes
from convsight.training.processes.start import own_device


def shared_choices(choices: Choices, processes: Processes) -> Choices:
    """The choices of the first process, with this one's device and the number of all.

    Where that number changes, threads are as many as each has now. Raises `UserError` where a batch has fewer images
    than there are processes.
    """
    if choices.batch < processes.count:
        raise UserError(
            f"a batch of {choices.batch} cannot be shared by {processes.count} processes: give --batch "
            f"{processes.count} or more, or start fewer"
        )
    count = processes.count if processes.count > 1 else None
    own: dict[str, object] = {"processes": count}
    if count != choices.processes:
        own["threads"] = torch.get_num_threads()
    if count is not None:
        choices = Choices.model_validate(processes.same(choices.model_dump()))
        own["device"] = own_device("cuda" if choices.device.startswith("cuda") else choices.device)
    return choices.model_copy(update=own)


def tell_other_number(before: int | None, now: int | None, listener: Listener) -> None:
    """Say that a run goes on in another number of processes, if it does: sums of other parts have other bits."""
    if before != now:
        listener.say(
            f"note: trained in {before or 1} processes so far and in {now or 1} from now on: the same curve within "
            "rounding, not the same bits"
        )
