"""1,000 tiny placements against every address there is: the same heights, and nothing called impossible that is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from math import lcm
from random import Random

import pytest

from isamap.check.placement import check_placement
from isamap.ir.answers import Lifetime, Placement
from isamap.ir.effort import Effort
from isamap.ir.hardware import Memory, Target
from isamap.placement import place_exactly
from isamap.placement.live_load import live_load
from isamap.placement.orders import ORDERS
from isamap.placement.race import Ask, solve
from isamap.placement.scaled import scaled

EFFORT = Effort(time_limit_s=20, deterministic=True)
Case = tuple[list[Lifetime], Target]


def a_target(memory: Memory) -> Target:
    return Target("box", (memory,), (), (), (), (), (), ())


def a_case(random: Random) -> Case:
    """2 to 5 buffers and a memory that may be too small, its banks uneven, its alignment at odds with theirs; some
    must lie at an address, some may take another one over."""
    grain = random.choice([1, 1, 2, 3])
    lives = []
    for n in range(random.randint(2, 5)):
        start = random.randrange(4)
        end = start + random.randint(1, 4)
        size = grain * random.choice([1, 1, 2, 2, 3, 4, 5]) if random.random() > 0.03 else 0
        lives.append(Lifetime(f"b{n}", "near", start, end, size, random.choice([1, 1, 2, 3, 4, 6])))
    alignment, banks = random.choice([1, 1, 1, 2, 4]), random.choice([1, 1, 1, 2, 3])
    lives = [_bound(life, lives[:n], alignment, random) for n, life in enumerate(lives)]
    load = live_load(lives, Memory("near", 1 << 20, alignment_bytes=alignment))
    capacity = max(3, load + random.choice([-1, 0, 0, 0, 1, 2, 4, 8]))
    return lives, a_target(Memory("near", capacity, alignment_bytes=alignment, banks=banks))


def _bound(life: Lifetime, before: Sequence[Lifetime], alignment: int, random: Random) -> Lifetime:
    """The buffer, perhaps at an address or over the one before it."""
    if random.random() < 0.08:
        return replace(life, address=lcm(alignment, life.alignment_bytes) * random.randrange(3))
    giver = before[-1] if before else life
    if random.random() < 0.35 and giver.end_cycles > giver.start_cycles + 1 and len(before) % 2:
        start, end = giver.end_cycles - 1, giver.end_cycles + random.randint(0, 2)
        size = min(life.size_bytes, giver.size_bytes)
        return replace(life, start_cycles=start, end_cycles=end, size_bytes=size, in_place=giver.name)
    return life


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
            if all(_agree(life, at, other, there) for other, there in taken):
                place([*taken, (life, at)], top)

    place([], 0)
    return best if best <= capacity else None


def _agree(one: Lifetime, at: int, other: Lifetime, there: int) -> bool:
    times = set(range(one.start_cycles, one.end_cycles)) & set(range(other.start_cycles, other.end_cycles))
    bytes_ = set(range(at, at + one.size_bytes)) & set(range(there, there + other.size_bytes))
    in_place = at == there and (one.in_place == other.name or other.in_place == one.name)
    return not times or not bytes_ or in_place


CASES = 1000
PARTS = 5


@pytest.mark.parametrize("part", range(PARTS))
def test_heights_and_verdicts_are_those_of_brute_force(part: int) -> None:
    """``place_exactly``, and the formulation by itself, which has no first fit and no live load to lean on."""
    random = Random(part)
    seen: Counter[object] = Counter()
    for n in range(CASES // PARTS):
        lives, target = a_case(random)
        memory, expected = target.memories[0], lowest(lives, target)
        solved = place_exactly(lives, target, effort=EFFORT)
        assert solved.status == ("optimal" if expected is not None else "infeasible"), (lives, memory)
        assert solved.value == expected, (lives, memory)
        assert solved.bound is not None
        assert solved.bound == expected if expected is not None else solved.bound > memory.capacity_bytes
        if solved.answer is not None:
            assert check_placement(solved.answer, target, lives) == []
            assert solved.answer.height("near") == expected
        seen[solved.status, "solver" if "cp-sat" in solved.method else "none"] += 1
        seen["fixed"] += any(life.address is not None for life in lives)
        seen["in place"] += any(life.in_place for life in lives)

        sized = [life for life in lives if life.size_bytes]
        if sized:
            order, without = tuple(ORDERS)[n % 2], frozenset({"least", "load"})
            answer = solve(Ask(scaled(sized, memory), order), EFFORT, without=without)
            empty = [life.address for life in lives if not life.size_bytes and life.address]
            if not empty:  # what has no bytes but an address reaches up to it
                assert answer.outcome.value == expected, (lives, memory)
                assert answer.outcome.status == solved.status
            if answer.address is not None:
                placement = Placement(tuple((life, answer.address[life.name]) for life in sized))
                assert check_placement(placement, target) == []
    assert seen["optimal", "solver"] >= 10  # the cases are not all easy
    assert seen["infeasible", "solver"] >= 5
    assert min(seen["fixed"], seen["in place"]) >= 30
