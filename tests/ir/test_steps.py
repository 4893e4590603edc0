"""Loops that turn round or begin at the far end go through the same parts, in their own order."""

from __future__ import annotations

from itertools import pairwise
from random import Random

from isamap.ir.steps import Ranges, Stepping, Walk


def starts(ranges: Ranges, *loops: Stepping) -> list[tuple[int, ...]]:
    return [tuple(low for low, _ in part) for part in Walk(loops).over(ranges)]


def test_a_plain_walk_starts_over() -> None:
    assert starts(((0, 4), (0, 6)), Stepping(0, 2), Stepping(1, 3)) == [(0, 0), (0, 3), (2, 0), (2, 3)]


def test_a_turning_walk_goes_back() -> None:
    loops = Stepping(0, 2, turning=True), Stepping(1, 3, turning=True)
    assert starts(((0, 4), (0, 6)), *loops) == [(0, 0), (0, 3), (2, 3), (2, 0)]


def test_a_short_part_comes_first_where_a_loop_begins_at_the_far_end() -> None:
    assert list(Walk([Stepping(0, 3, backward=True)]).over(((0, 7),))) == [((6, 7),), ((3, 6),), ((0, 3),)]


def test_a_walk_remembers_its_way_from_one_range_to_the_next() -> None:
    walk = Walk([Stepping(0, 1, turning=True)])
    assert [low for end in (3, 2) for ((low, _),) in walk.over(((0, end),))] == [0, 1, 2, 1, 0]


def test_neighbours_on_a_turning_walk_differ_along_one_axis_by_one_step() -> None:
    rng = Random(2)
    for _ in range(40):
        steps = [rng.randint(1, 3) for _ in range(3)]
        ranges = tuple((0, rng.randint(1, 4) * step) for step in steps)
        back = [rng.random() < 0.5 for _ in steps]
        plain = starts(ranges, *(Stepping(n, step) for n, step in enumerate(steps)))
        turned = starts(ranges, *(Stepping(n, step, True, back[n]) for n, step in enumerate(steps)))
        assert sorted(turned) == sorted(plain)
        for one, other in pairwise(turned):
            assert [abs(a - b) // s for a, b, s in zip(one, other, steps, strict=True) if a != b] == [1]
