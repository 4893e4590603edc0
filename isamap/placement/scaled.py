"""The placement of one memory's buffers in fewer, smaller numbers, with nothing lost.

Addresses: let buffers sink (``settle``) and each begins at 0, at the top of another, at a bank's border, or where its
alignment rounds one of these up. With A the gcd of the alignments all of them are multiples of

* A, so that sizes round up to A for their neighbours;
* any common divisor u of the rounded sizes and the bank that each alignment divides or is a multiple of: a multiple
  of u needs no rounding up to an alignment that divides u, and rounds up to a multiple of u for the others.

Given addresses are such multiples as well: u divides them. The largest such u is the unit. Times: buffers meet or not
as before when all starts that no end parts become one point.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd

from isamap.ir.answers import Lifetime
from isamap.ir.hardware import Memory
from isamap.ir.region import rounded_up
from isamap.placement.live_load import live_load
from isamap.placement.seat import step_bytes


@dataclass(frozen=True)
class Rectangle:
    """A buffer during the points [start, end), ``size`` units high, at multiples of ``step`` units, or where it is
    ``fixed``. ``giver`` is the number of the rectangle that it may take over."""

    life: Lifetime
    start: int
    end: int
    size: int
    step: int
    fixed: int | None = None
    giver: int | None = None


@dataclass(frozen=True)
class Problem:
    """The buffers of a memory: addresses count in units, heights in grains, which divide unit and sizes.

    ``least_bytes`` is a height that none is below. Heights of at most ``enough_bytes`` are as good as each other; only
    heights under ``below_bytes`` are asked for, if it is set.
    """

    memory: Memory
    rectangles: tuple[Rectangle, ...]
    unit_bytes: int
    grain_bytes: int
    least_bytes: int
    enough_bytes: int = 0
    below_bytes: int | None = None


def scaled(lives: Sequence[Lifetime], memory: Memory, enough_bytes: int = 0) -> Problem:
    """The problem of some buffers (at least one), all of more than 0 bytes."""
    steps = [step_bytes(life, memory) for life in lives]
    least = gcd(*steps)
    sizes = [rounded_up(life.size_bytes, least) for life in lives]
    unit = _unit([*sizes, *(life.address or 0 for life in lives)], steps, least, memory)
    points, number = _points(lives), {life.name: n for n, life in enumerate(lives)}
    rectangles = tuple(
        Rectangle(
            life,
            *points[n],
            size=sizes[n] // unit,
            step=steps[n] // unit if steps[n] % unit == 0 else 1,
            fixed=None if life.address is None else life.address // unit,
            giver=number.get(life.in_place),
        )
        for n, life in enumerate(lives)
    )
    grain = gcd(unit, *(life.size_bytes for life in lives))
    return Problem(memory, rectangles, unit, grain, live_load(lives, memory), enough_bytes)


def _unit(multiples: Sequence[int], steps: Sequence[int], least: int, memory: Memory) -> int:
    """The largest unit that divides all of ``multiples``, the bank, and for each step divides it or is divided."""
    unit = gcd(*multiples)
    if memory.banks > 1:
        unit = gcd(unit, memory.bank_bytes)
    if unit % least:  # no bank begins at a multiple of A: nothing beyond A itself is claimed
        return least
    while odd := [step for step in steps if unit % step and step % unit]:
        unit = gcd(unit, odd[0])
    return unit


def _points(lives: Sequence[Lifetime]) -> list[tuple[int, int]]:
    """[start, end) of each lifetime in points; ends come before starts of the same cycle."""
    events = sorted(
        [(life.end_cycles, 0, n) for n, life in enumerate(lives)]
        + [(life.start_cycles, 1, n) for n, life in enumerate(lives)]
    )
    starts, ends = [0] * len(lives), [0] * len(lives)
    point, parted = 0, False
    for _, starting, n in events:
        if starting:
            point, parted = point + parted, False
            starts[n] = point
        else:
            parted = True
            ends[n] = point + 1
    return list(zip(starts, ends, strict=True))
