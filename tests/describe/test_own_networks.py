"""Networks of tasks are listed and described by what the task's folder says alone."""

import pytest

from convsight.describe import describe
from convsight.describe.net_figures import count, named_entries
from convsight.errors import UserError
from convsight.nets.entry import NetShape
from convsight.nets.lenet5 import LeNet5
from convsight.nets.task_nets import TaskNet, TaskNets
from convsight.tasks import TASKS

NETWORKS = TaskNets(
    {"toy": TaskNet(lambda _, shape: LeNet5(shape), "a toy", "nobody", "Apache-2.0", side=32, outputs=7)}
)


@pytest.fixture(autouse=True)
def _toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TASKS, "toys", TASKS["classification"]._replace(networks=f"{__name__}:NETWORKS"))


def test_a_new_tasks_network_is_listed() -> None:
    ((task, entry),) = [(task, entry) for task, name, entry in named_entries() if name == "toy"]
    assert task == "toys"
    net = LeNet5(NetShape(7, 3, 32, 32))
    assert count(entry).parameters == sum(weights.numel() for weights in net.parameters())


def test_a_new_tasks_network_is_described() -> None:
    found = describe("toy+resnet18", (28, 28, 1), classes=10)
    assert (found.name, found.parameters) == ("toy+resnet18", 61_706)
    assert describe("toy").input == (32, 32, 3)
    with pytest.raises(UserError, match=r"^unknown net 'resnet81'"):
        describe("toy+resnet81")
