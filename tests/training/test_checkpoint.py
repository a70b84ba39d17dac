"""What a checkpoint holds comes back with the same bits, and what is no checkpoint of ours is refused in words."""

import json
import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from convsight.errors import UserError
from convsight.training.checkpoint import read_checkpoint, save_checkpoint

Optimizers = dict[str, torch.optim.Optimizer]


def networks() -> tuple[nn.ModuleDict, Optimizers]:
    """Two networks with an optimizer each, one of them in another layout than rows."""
    torch.manual_seed(0)
    maker = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)).to(memory_format=torch.channels_last)
    both = nn.ModuleDict({"maker": maker, "judge": nn.Linear(5, 2)})
    return both, {
        "maker": torch.optim.AdamW(both["maker"].parameters(), lr=0.01),
        "judge": torch.optim.SGD(both["judge"].parameters(), lr=0.1, momentum=0.9),
    }


def trained(both: nn.ModuleDict, optimizers: Optimizers, steps: range) -> None:
    for step in steps:
        generator = torch.Generator().manual_seed(step)
        for optimizer in optimizers.values():
            optimizer.zero_grad()
        images = torch.randn(4, 3, 6, 6, generator=generator).to(memory_format=torch.channels_last)
        rows = torch.randn(4, 5, generator=generator)
        loss = both["maker"](images).square().mean() + both["judge"](rows).square().mean()
        loss.backward()
        for optimizer in optimizers.values():
            optimizer.step()


def bits(state: dict[str, Tensor]) -> dict[str, bytes]:
    return {name: value.contiguous().view(-1).numpy().tobytes() for name, value in state.items()}


def test_going_on_from_a_checkpoint_gives_the_bits_of_an_unbroken_training(tmp_path: Path) -> None:
    file = tmp_path / "checkpoint.safetensors"
    unbroken, optimizers = networks()
    trained(unbroken, optimizers, range(3))
    save_checkpoint(file, {"learner": unbroken.state_dict()}, optimizers, {"epoch": 3})
    trained(unbroken, optimizers, range(3, 6))
    resumed, fresh = networks()
    kept = read_checkpoint(file)
    kept.put_into(fresh)
    resumed.load_state_dict(kept.part("learner"))
    trained(resumed, fresh, range(3, 6))
    assert bits(resumed.state_dict()) == bits(unbroken.state_dict())


def test_states_lie_in_memory_as_their_weights_do(tmp_path: Path) -> None:
    both, optimizers = networks()
    trained(both, optimizers, range(2))
    save_checkpoint(tmp_path / "c", {}, optimizers, {})
    again, fresh = networks()
    read_checkpoint(tmp_path / "c").put_into(fresh)
    weight = next(again["maker"].parameters())
    assert fresh["maker"].state[weight]["exp_avg"].stride() == weight.stride()
    assert not fresh["maker"].state[weight]["exp_avg"].is_contiguous()


def test_the_state_of_each_optimizer_is_its_own(tmp_path: Path) -> None:
    both, optimizers = networks()
    trained(both, optimizers, range(2))
    save_checkpoint(tmp_path / "c", {}, optimizers, {})
    again, fresh = networks()
    read_checkpoint(tmp_path / "c").put_into({"judge": fresh["judge"]})
    assert not fresh["maker"].state
    judge = again["judge"].get_parameter("weight")
    before = both["judge"].get_parameter("weight")
    assert torch.equal(
        fresh["judge"].state[judge]["momentum_buffer"], optimizers["judge"].state[before]["momentum_buffer"]
    )


def test_learning_rates_are_those_of_the_present_call(tmp_path: Path) -> None:
    both, optimizers = networks()
    trained(both, optimizers, range(1))
    save_checkpoint(tmp_path / "c", {}, optimizers, {})
    _, fresh = networks()
    fresh["judge"].param_groups[0]["lr"] = 0.025
    read_checkpoint(tmp_path / "c").put_into(fresh)
    assert fresh["judge"].param_groups[0]["lr"] == 0.025


def test_parts_and_facts_come_back_as_they_were(tmp_path: Path) -> None:
    first = {"a/b.weight": torch.randn(3, 4).T, "count": torch.tensor(7), "half": torch.randn(2).bfloat16()}
    second = {"a/b.weight": torch.zeros(1), "nan": torch.tensor([math.nan, -0.0])}
    facts = {
        "epoch": 3,
        "best_key": [-math.inf, 0.1],
        "rows": [{"epoch": 1, "train/loss": 1 / 3}],
        "clock": {"猫": None},
    }
    save_checkpoint(tmp_path / "c", {"learner": first, "ema": second, "more": {"a": torch.ones(1)}}, {}, facts)
    kept = read_checkpoint(tmp_path / "c")
    parts, found = {name: kept.part(name) for name in ("learner", "ema", "none")}, kept.facts
    assert parts["learner"].keys() == first.keys()
    assert all(torch.equal(parts["learner"][name], value) for name, value in first.items())
    assert parts["learner"]["half"].dtype == torch.bfloat16
    assert parts["ema"]["nan"].numpy().tobytes() == second["nan"].numpy().tobytes()
    assert parts["none"] == {}
    assert {name: found[name] for name in facts} == facts


def test_weights_with_two_names_are_written_once(tmp_path: Path) -> None:
    shared = nn.Linear(50, 50)
    tied = nn.Sequential(shared, nn.ReLU(), shared)
    state = {"part": torch.arange(6.0)[2:], **tied.state_dict(), "whole": torch.arange(6.0)}
    state["part"] = state["whole"][2:]  # in the memory of another, and not the same
    save_checkpoint(tmp_path / "c", {"learner": state}, {}, {"epoch": 1})
    part = read_checkpoint(tmp_path / "c").part("learner")
    assert part.keys() == state.keys()
    assert bits(part) == bits(state)
    assert (tmp_path / "c").stat().st_size < 1.5 * shared.weight.nbytes


def test_nothing_to_go_on_from(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="c is missing: no state was kept"):
        read_checkpoint(tmp_path / "c")


def test_what_is_damaged_is_refused(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    save_checkpoint(whole, {"learner": {"weight": torch.zeros(100)}}, {}, {})
    save_file({"weight": torch.zeros(2)}, tmp_path / "foreign")
    (tmp_path / "cut").write_bytes(whole.read_bytes()[:-8])
    (tmp_path / "empty").touch()
    (tmp_path / "folder").mkdir()
    for name in ("foreign", "cut", "empty", "folder"):
        with pytest.raises(UserError, match=f"{name} is damaged and cannot be resumed from"):
            read_checkpoint(tmp_path / name)


def test_checkpoints_of_another_version_are_refused(tmp_path: Path) -> None:
    save_file({}, tmp_path / "old", {"convsight-checkpoint": json.dumps({"epoch": 3})})
    with pytest.raises(UserError, match="old is of another version of convsight"):
        read_checkpoint(tmp_path / "old")
