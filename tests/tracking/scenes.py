"""True and found tracks to judge: things that move, are missed, swap their numbers or get new ones; false boxes."""

import numpy as np

from convsight.tracking import MotTable

Row = tuple[float, ...]


def crowd(seed: int, empty_frames: bool = False, room: float = 40) -> tuple[MotTable, MotTable]:
    """Up to 7 things on up to 24 frames; without `empty_frames`, one that is always found is on each.

    They begin in a square of `room` px: the smaller it is, the more they overlap.
    """
    random = np.random.default_rng(seed)
    length, things = int(random.integers(3, 25)), int(random.integers(1, 7))
    place = random.uniform(0, room, (things, 2))
    speed, sides = random.uniform(-3, 3, (things, 2)), random.uniform(8, 20, (things, 2))
    numbers = np.arange(1, things + 1) * 10
    truth: list[Row] = []
    found: list[Row] = []
    for frame in range(1, length + 1):
        place = place + speed
        if random.random() < 0.2:
            numbers = random.permutation(numbers)
        if random.random() < 0.15:
            numbers[random.integers(things)] = random.integers(100, 200)
        if not empty_frames:
            truth.append((frame, 999, 500, 500, 10, 10))
            found.append((frame, 7777, 500, 500, 10, 9))
        used: set[int] = set()
        for thing in range(things):
            if random.random() < 0.85:
                truth.append((frame, thing + 1, *place[thing], *sides[thing]))
            number = int(numbers[thing])
            if random.random() < 0.8 and number not in used:
                used.add(number)
                shift, growth = random.normal(0, 2, 2), random.uniform(0.8, 1.2, 2)
                found.append((frame, number, *(place[thing] + shift), *(sides[thing] * growth)))
        found.extend((frame, 1000 + frame, *random.uniform(0, 60, 2), 10, 10) for _ in range(random.integers(0, 2)))
    return MotTable.of_rows(truth), MotTable.of_rows(found)
