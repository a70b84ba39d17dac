"""What is seeded for a step draws the numbers that `torch.manual_seed` would have it draw."""

import torch

from convsight.training.seeding import seed_generator


def test_a_step_draws_what_its_seed_says() -> None:
    torch.manual_seed(2**40 + 7)
    expected = torch.rand(4)
    seed_generator(2**40 + 7, torch.device("cpu"))
    assert torch.equal(torch.rand(4), expected)
    seed_generator(2**40 + 8, torch.device("cpu"))
    assert not torch.equal(torch.rand(4), expected)
