import numpy as np

from convsight.tasks.regression.light.interval_width import width_factor


def test_new_images_are_covered_as_often_as_is_said() -> None:
    """Whatever the distribution is, and however wrong the widths are: the guarantee of conformal prediction."""
    random = np.random.default_rng(0)
    for images, low in ((19, 0.9), (99, 0.9), (400, 0.9)):
        shares = []
        for _ in range(400):
            widths = random.uniform(0.1, 3, images + 200)
            off = random.standard_t(3, images + 200) * widths
            said = np.zeros(images)
            factor = width_factor(off[:images], said, -0.2 * widths[:images], 0.2 * widths[:images])
            shares.append((np.abs(off[images:]) <= factor * 0.2 * widths[images:]).mean())
        assert low - 0.01 < np.mean(shares) < low + 1 / (images + 1) + 0.01


def test_each_side_has_its_own_reach() -> None:
    said = np.zeros(3)
    true = np.array([2.0, -1.0, 0.5])
    assert width_factor(true, said, said - 1, said + 4) == 1.0
    assert width_factor(-true, said, said - 1, said + 4) == 2.0


def test_perfect_answers_keep_a_width() -> None:
    assert width_factor(np.zeros(5), np.zeros(5), -np.ones(5), np.ones(5)) == 1e-3
