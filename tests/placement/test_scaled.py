"""Fewer, smaller numbers that say the same."""

from __future__ import annotations

from random import Random

import pytest

from isamap.ir.answers import Lifetime
from isamap.ir.hardware import Memory
from isamap.placement.live_load import live_load
from isamap.placement.scaled import scaled
from isamap.placement.seat import live_together
from isamap.placement.settle import settle


def a_memory(random: Random) -> Memory:
    return Memory(
        "near", random.randint(150, 400), alignment_bytes=random.choice([1, 2, 4]), banks=random.choice([1, 3])
    )


def some_lives(random: Random, count: int) -> list[Lifetime]:
    grain = random.choice([1, 2, 6, 8])
    lives = []
    for n in range(count):
        start = random.randrange(12)
        size, alignment = grain * random.randint(1, 4), random.choice([1, 2, 3, 8])
        lives.append(Lifetime(f"b{n}", "near", start, start + random.randint(1, 6), size, alignment))
    return lives


def test_buffers_meet_in_points_where_they_meet_in_time() -> None:
    random = Random(0)
    for _ in range(100):
        lives = some_lives(random, 8)
        boxes = scaled(lives, Memory("near", 400)).rectangles
        for box in boxes:
            for other in boxes:
                meet = box.start < other.end and other.start < box.end
                assert meet is live_together(box.life, other.life)


def test_starts_that_no_end_parts_are_one_point() -> None:
    """a, b and c meet at once; a ends; d meets b and c; e begins when all end."""
    spans = {"a": (0, 90), "b": (10, 200), "c": (70, 200), "d": (90, 200), "e": (200, 300)}
    lives = [Lifetime(name, "near", *span, 1) for name, span in spans.items()]
    boxes = scaled(lives, Memory("near", 8)).rectangles
    assert [(box.start, box.end) for box in boxes] == [(0, 1), (0, 2), (0, 2), (1, 2), (2, 3)]


@pytest.mark.parametrize(
    ("shapes", "memory", "unit", "sizes", "steps"),
    [
        ([(2048, 1), (3072, 1)], Memory("near", 9000), 1024, [2, 3], [1, 1]),  # sums of sizes
        ([(100, 64), (30, 64)], Memory("near", 9000), 64, [2, 1], [1, 1]),  # rounded up to the common alignment
        ([(512, 16), (768, 1024)], Memory("near", 9000), 256, [2, 3], [1, 4]),  # one divides, one is a multiple
        ([(512, 1), (512, 48)], Memory("near", 9000), 16, [32, 32], [1, 3]),  # 512 and 48 are neither
        ([(2048, 1), (3072, 1)], Memory("near", 16128, banks=2), 128, [16, 24], [1, 1]),  # the bank ends at 8064
        ([(40, 4), (80, 4)], Memory("near", 198, banks=2), 4, [10, 20], [1, 1]),  # the bank ends at 99: beside all
    ],
)
def test_the_unit(shapes: list[tuple[int, int]], memory: Memory, unit: int, sizes: list[int], steps: list[int]) -> None:
    problem = scaled([Lifetime(f"b{n}", "near", 0, 1, *shape) for n, shape in enumerate(shapes)], memory)
    assert problem.unit_bytes == unit
    assert [box.size for box in problem.rectangles] == sizes
    assert [box.step for box in problem.rectangles] == steps


def test_settled_buffers_begin_at_whole_units_and_no_higher_than_before() -> None:
    random, coarse = Random(1), 0
    for _ in range(300):
        lives, memory = some_lives(random, 6), a_memory(random)
        stacked = settle(lives, memory, {life.name: random.randrange(60) for life in lives})
        if stacked is None:
            continue
        problem = scaled(lives, memory)
        assert all(address % problem.unit_bytes == 0 for address in stacked.values())
        again = settle(lives, memory, stacked)
        assert again is not None
        assert all(again[name] <= stacked[name] for name in stacked)
        assert max(stacked[life.name] + life.size_bytes for life in lives) >= live_load(lives, memory)
        coarse += problem.unit_bytes > 1
    assert coarse > 50


def test_every_alignment_gives_a_bound() -> None:
    """At multiples of 64 three of 70 bytes take 128 + 128 + 70; 4 bytes more lie in the gaps that they leave."""
    lives = [Lifetime(f"b{n}", "near", 0, 5, 70, 64) for n in range(3)] + [Lifetime("c", "near", 0, 5, 4, 4)]
    assert live_load(lives, Memory("near", 400)) == 326
    assert live_load([Lifetime("a", "near", 0, 1, 5), Lifetime("b", "near", 1, 2, 6)], Memory("near", 400)) == 6


def test_what_has_an_address_reaches_as_high_as_it_does() -> None:
    lives = [Lifetime("a", "near", 0, 5, 4, address=30), Lifetime("b", "near", 0, 5, 2)]
    assert live_load(lives, Memory("near", 400)) == 34


def test_what_may_be_in_place_takes_nothing_while_the_other_lives() -> None:
    """At 4 a and b live, which may share 6 bytes; at 5 b and c."""
    lives = [Lifetime("a", "near", 0, 5, 6), Lifetime("b", "near", 4, 9, 5, in_place="a"),
             Lifetime("c", "near", 5, 7, 3)]  # fmt: skip
    assert live_load(lives, Memory("near", 400)) == 8
    assert live_load([*lives, Lifetime("d", "near", 0, 5, 1)], Memory("near", 400)) == 8
    assert live_load([*lives, Lifetime("d", "near", 0, 5, 3)], Memory("near", 400)) == 9


def test_given_addresses_are_whole_units() -> None:
    lives = [Lifetime("a", "near", 0, 5, 8, address=12), Lifetime("b", "near", 0, 5, 16, in_place="c"),
             Lifetime("c", "near", 0, 5, 16)]  # fmt: skip
    problem = scaled(lives, Memory("near", 400))
    assert problem.unit_bytes == 4
    assert [(box.fixed, box.giver) for box in problem.rectangles] == [(3, None), (None, 2), (None, None)]
