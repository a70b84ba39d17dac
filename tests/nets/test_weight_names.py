"""State dicts as other tools write them fit, whatever stands before their names."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from convsight.errors import UserError
from convsight.nets.catalogue import NetShape, build_net
from convsight.nets.weight_names import unwrapped
from convsight.nets.weights import Weights, adapt_weights

_SHAPE = NetShape(5, 3, 32, 32)


def net(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return build_net("resnet18", _SHAPE)


class Lightning(nn.Module):
    """A module that holds the network as `model`, and a loss with weights of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.model = net()
        self.loss = nn.CrossEntropyLoss(weight=torch.ones(5))


def compiled_stage() -> dict[str, Tensor]:
    """As where one stage alone was given to torch.compile."""
    return {name.replace("layer1.", "layer1._orig_mod."): value for name, value in net().state_dict().items()}


def with_prefix(prefix: str) -> dict[str, Tensor]:
    return {f"{prefix}{name}": value for name, value in net().state_dict().items()}


@pytest.mark.parametrize(
    ("wrapped", "said"),
    [
        (lambda: with_prefix("_orig_mod."), ["'_orig_mod.' is taken off names"]),
        (compiled_stage, ["'_orig_mod.' is taken off names"]),
        (lambda: with_prefix("module."), ["'module.' is taken off names"]),
        (lambda: with_prefix("net.encoder."), ["'net.encoder.' is taken off names"]),
        (lambda: AveragedModel(net()).state_dict(), ["'module.' is taken off names; left out: n_averaged"]),
        (lambda: Lightning().state_dict(), ["'model.' is taken off names; left out: loss.weight"]),
        (lambda: net().state_dict(), []),
    ],
)
def test_what_wrappers_put_before_names_is_taken_off_and_said(
    wrapped: Callable[[], dict[str, Tensor]], said: list[str]
) -> None:
    fresh = net(seed=1)
    notes = adapt_weights(fresh, "resnet18", Weights("made", wrapped(), None, None), 3)
    assert notes[1:] == said
    expected = net().state_dict()
    assert all(torch.equal(value, expected[name]) for name, value in fresh.state_dict().items())


def test_a_module_called_module_keeps_its_name() -> None:
    state = nn.ModuleDict({"module": nn.Linear(2, 2), "head": nn.Linear(2, 2)}).state_dict()
    assert unwrapped(state, state.keys()) == (state, [])


def test_what_is_missing_behind_a_prefix_is_still_told() -> None:
    state = {f"module.{name}": value for name, value in net().state_dict().items() if name != "fc.bias"}
    with pytest.raises(UserError, match=r"1 missing: fc\.bias$"):
        adapt_weights(net(), "resnet18", Weights("made", state, None, None), 3)
