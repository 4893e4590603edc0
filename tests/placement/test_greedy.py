"""Greedy methods: six of them, each right, none always best."""

from __future__ import annotations

from random import Random

import pytest

from isamap.check.placement import check_placement
from isamap.errors import Infeasible
from isamap.ir.answers import Lifetime, Placement
from isamap.ir.hardware import Memory, Target
from isamap.placement import every_greedy, first_fit, room_bytes
from isamap.placement.first_fit import one_by_one
from isamap.placement.greedy import METHODS
from isamap.placement.greedy_orders import ORDERS

LIVES = [
    Lifetime("small", "near", 0, 9, 2),
    Lifetime("large", "near", 2, 4, 8),
    Lifetime("wide", "near", 0, 20, 1),
    Lifetime("late", "near", 10, 12, 4),
    Lifetime("aligned", "near", 1, 2, 1, 4),
]


def a_target(capacity: int, **more: int) -> Target:
    return Target("box", (Memory("near", capacity, **more),), (), (), (), (), (), ())  # type: ignore[arg-type]


def some_lives(random: Random) -> list[Lifetime]:
    """Some at an address, some over the one before, where that is possible."""
    lives: list[Lifetime] = []
    for n in range(random.randint(1, 14)):
        start, size = random.randrange(20), random.randint(0, 60)
        life = Lifetime(f"b{n}", "near", start, start + random.randint(1, 12), size, random.choice([1, 2, 4, 6]))
        if lives and random.random() < 0.3 and not lives[-1].in_place:
            end = lives[-1].end_cycles
            size = min(size, lives[-1].size_bytes)
            life = Lifetime(life.name, "near", end - 1, end + 3, size, life.alignment_bytes, in_place=lives[-1].name)
        lives.append(life)
    if random.random() < 0.5:
        lives.append(Lifetime("fixed", "near", 0, 30, 20, 1, address=24))
    return lives


def test_orders() -> None:
    names = {order: [life.name for life in rank(LIVES)] for order, rank in ORDERS.items()}
    assert names == {
        "size": ["aligned", "large", "late", "small", "wide"],
        "area": ["wide", "small", "large", "late", "aligned"],
        "duration": ["wide", "small", "large", "late", "aligned"],
        "start": ["wide", "small", "aligned", "large", "late"],
        "conflicts": ["wide", "small", "large", "aligned", "late"],
    }
    assert ORDERS["area"]([*LIVES, Lifetime("vast", "near", 0, 3, 100)])[0].name == "vast"


def test_conflicts_are_counted() -> None:
    """Ends and starts at one cycle do not meet: b meets a and c, which are not larger."""
    lives = [Lifetime("a", "near", 0, 5, 9), Lifetime("b", "near", 4, 9, 1), Lifetime("c", "near", 8, 12, 9),
             Lifetime("d", "near", 12, 13, 20)]  # fmt: skip
    assert [life.name for life in ORDERS["conflicts"](lives)] == ["b", "a", "c", "d"]


def test_best_fit_takes_the_tightest_gap() -> None:
    """Gaps of 6 at 2 and of 3 at 10: 3 bytes go to the first by first fit and to the second by best fit."""
    walls = [Lifetime("v", "near", 0, 9, 2, address=0), Lifetime("w", "near", 0, 9, 2, address=8),
             Lifetime("x", "near", 0, 9, 2, address=13)]  # fmt: skip
    lives = [*walls, Lifetime("a", "near", 0, 9, 3)]
    first, best = (one_by_one(lives, a_target(40), "size", fit).address("a") for fit in ("first", "best"))
    assert (first, best) == (2, 10)


def test_every_method_is_right() -> None:
    random = Random(0)
    for n in range(150):
        lives = some_lives(random)
        banks = 2 if n % 3 == 0 and all(life.size_bytes < 200 for life in lives) else 1
        alignment = random.choice([1, 2]) if banks == 1 else 1
        capacity = room_bytes(lives, alignment) if banks == 1 else 4000
        target = a_target(capacity, alignment_bytes=alignment, banks=banks)
        found = list(every_greedy(lives, target))
        assert [one.method for one in found] == list(METHODS)
        for one in found:
            placement = Placement(tuple((life, one.address[life.name]) for life in lives))
            assert check_placement(placement, target, lives) == [], (lives, one)
            assert one.height == placement.height("near")


def test_in_place_where_that_is_lower() -> None:
    lives = [Lifetime("a", "near", 0, 5, 8), Lifetime("b", "near", 4, 9, 8, in_place="a")]
    assert first_fit(lives, a_target(40)).height("near") == 8
    blocked = [*lives, Lifetime("c", "near", 6, 9, 8, address=0)]  # lives where b would
    assert first_fit(blocked, a_target(40)).height("near") == 16


def test_addresses_that_cannot_be() -> None:
    lives = [Lifetime("a", "near", 0, 5, 8, address=0), Lifetime("b", "near", 4, 9, 8, address=4)]
    with pytest.raises(Infeasible, match="b cannot lie at 4 of near, where it must"):
        first_fit(lives, a_target(40))


def test_a_method_that_does_not_fit_is_left_out() -> None:
    lives = [Lifetime("a", "near", 3, 4, 1, 4), Lifetime("b", "near", 0, 3, 3), Lifetime("c", "near", 3, 6, 1, 4),
             Lifetime("d", "near", 2, 5, 3)]  # fmt: skip
    heights = [one.height for one in every_greedy(lives, a_target(40))]
    assert sorted(heights) == [8, 8, 9, 9, 9, 9]
    assert [one.height for one in every_greedy(lives, a_target(8))] == [8, 8]
    assert list(every_greedy(lives, a_target(7))) == []
