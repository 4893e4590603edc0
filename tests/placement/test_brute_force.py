"""Tiny placements against every address there is: the same heights, and nothing called impossible that is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from random import Random

import pytest

from isamap.check.placement import check_placement
from isamap.ir.answers import Lifetime, Placement
from isamap.ir.effort import Effort
from isamap.ir.hardware import Memory, Target
from isamap.placement import place_exactly
from isamap.placement.live_load import live_load
from isamap.placement.orders import ORDERS
from isamap.placement.rectangles import solve
from isamap.placement.scaled import scaled

EFFORT = Effort(time_limit_s=20, deterministic=True)
Case = tuple[list[Lifetime], Target]


def a_target(memory: Memory) -> Target:
    return Target("box", (memory,), (), (), (), (), (), ())


def a_case(random: Random) -> Case:
    """2 to 5 buffers and a memory that may be too small, its banks uneven, its alignment at odds with theirs."""
    grain = random.choice([1, 1, 2, 3])
    lives = []
    for n in range(random.randint(2, 5)):
        start = random.randrange(4)
        end = start + random.randint(1, 4)
        size = grain * random.choice([1, 1, 2, 2, 3, 4, 5]) if random.random() > 0.03 else 0
        lives.append(Lifetime(f"b{n}", "near", start, end, size, random.choice([1, 1, 2, 3, 4, 6])))
    alignment, banks = random.choice([1, 1, 1, 2, 4]), random.choice([1, 1, 1, 2, 3])
    load = live_load(lives, Memory("near", 1 << 20, alignment_bytes=alignment))
    capacity = max(3, load + random.choice([-1, 0, 0, 0, 1, 2, 4, 8]))
    return lives, a_target(Memory("near", capacity, alignment_bytes=alignment, banks=banks))


def lowest(lives: Sequence[Lifetime], target: Target) -> int | None:
    """The least height over all addresses at which the judge finds nothing wrong with a buffer alone."""
    capacity = target.memories[0].capacity_bytes
    seats = [[a for a in range(capacity + 1) if not check_placement(Placement(((b, a),)), target)] for b in lives]
    best = capacity + 1

    def place(taken: list[tuple[Lifetime, int]], height: int) -> None:
        nonlocal best
        if len(taken) == len(lives):
            best = height
            return
        life = lives[len(taken)]
        for at in seats[len(taken)]:
            top = max(height, at + life.size_bytes)
            if top >= best:
                return
            if not any(_collide(life, at, other, there) for other, there in taken):
                place([*taken, (life, at)], top)

    place([], 0)
    return best if best <= capacity else None


def _collide(one: Lifetime, at: int, other: Lifetime, there: int) -> bool:
    times = set(range(one.start_cycles, one.end_cycles)) & set(range(other.start_cycles, other.end_cycles))
    return bool(times) and bool(set(range(at, at + one.size_bytes)) & set(range(there, there + other.size_bytes)))


CASES = 500
PARTS = 5


@pytest.mark.parametrize("part", range(PARTS))
def test_heights_and_verdicts_are_those_of_brute_force(part: int) -> None:
    """``place_exactly``, and the formulation by itself, which has no first fit and no live load to lean on."""
    random = Random(part)
    seen: Counter[str] = Counter()
    for n in range(CASES // PARTS):
        lives, target = a_case(random)
        memory, expected = target.memories[0], lowest(lives, target)
        solved = place_exactly(lives, target, effort=EFFORT)
        assert solved.status == ("optimal" if expected is not None else "infeasible"), (lives, memory)
        assert solved.value == expected, (lives, memory)
        assert solved.bound is not None
        assert solved.bound == expected if expected is not None else solved.bound > memory.capacity_bytes
        if solved.answer is not None:
            assert check_placement(solved.answer, target) == []
            assert solved.answer.height("near") == expected
        seen[solved.status, "solver" if "cp-sat" in solved.method else "none"] += 1

        sized = [life for life in lives if life.size_bytes]
        if sized:
            order, without = tuple(ORDERS)[n % 2], frozenset({"least", "load"})
            answer = solve(scaled(sized, memory), EFFORT, order, without=without)
            assert answer.outcome.value == expected, (lives, memory)
            assert answer.outcome.status == solved.status
            if answer.address is not None:
                placement = Placement(tuple((life, answer.address[life.name]) for life in sized))
                assert check_placement(placement, target) == []
    assert seen["optimal", "solver"] >= 15  # the cases are not all easy
    assert seen["infeasible", "solver"] >= 5
