"""Neighbours found by bands are those that comparing all pairs finds."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from convsight.datasets.audit.groups import members
from convsight.datasets.audit.hash_neighbours import MAX_BITS_APART, neighbour_groups


def by_all_pairs(hashes: list[tuple[int, int]]) -> list[list[int]]:
    """Groups found by walking from each hash to all that are near."""
    left, groups = set(range(len(hashes))), []
    while left:
        group, todo = set(), {min(left)}
        while todo:
            at = todo.pop()
            group.add(at)
            near = (
                i
                for i in left - group
                if max((hashes[at][k] ^ hashes[i][k]).bit_count() for k in (0, 1)) <= MAX_BITS_APART
            )
            todo |= set(near)
        left -= group
        groups.append(sorted(group))
    return [group for group in groups if len(group) > 1]


def flipped(bits: list[int]) -> int:
    return sum(1 << bit for bit in set(bits))


# Sums of few bits, so that many are near one another and some just are not.
hashes = st.builds(flipped, st.lists(st.integers(0, 63), max_size=4))


@given(st.lists(st.tuples(hashes, hashes), min_size=1, max_size=40))
def test_groups_are_those_of_all_pairs(rows: list[tuple[int, int]]) -> None:
    found = [group.tolist() for group in members(neighbour_groups(np.array(rows, np.uint64)))]
    assert found == by_all_pairs(rows)


def test_every_choice_of_so_many_bits_is_found_and_no_more() -> None:
    random = np.random.default_rng(0)
    base = int(random.integers(0, 2**63))
    for column in (0, 1):
        for count in (MAX_BITS_APART, MAX_BITS_APART + 1):
            for _ in range(200):
                bits = flipped(random.choice(64, count, replace=False).tolist())
                other = [base, base]
                other[column] ^= bits
                joined = neighbour_groups(np.array([[base, base], other], np.uint64))
                assert (joined[0] == joined[1]) == (count == MAX_BITS_APART)


def test_nothing_has_no_neighbours() -> None:
    assert neighbour_groups(np.zeros((0, 2), np.uint64)).tolist() == []
