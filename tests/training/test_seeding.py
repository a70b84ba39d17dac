"""What is seeded for a step draws the numbers that `torch.manual_seed` would have it draw."""

import torch

from convsight.rng import step_seed
from convsight.training.seeding import seed_step


def test_a_step_draws_what_its_seed_says() -> None:
    torch.manual_seed(step_seed(3, 1, 7))
    expected = torch.rand(4)
    seed_step(3, 1, 7, torch.device("cpu"))
    assert torch.equal(torch.rand(4), expected)
    seed_step(3, 1, 8, torch.device("cpu"))
    assert not torch.equal(torch.rand(4), expected)
