"""Published buffers of MiniMalloc (Apache-2.0), where they are at hand, at the capacity that their file is named by."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from isamap.check.placement import check_placement
from isamap.ir.answers import Lifetime
from isamap.ir.effort import Effort
from isamap.placement import every_greedy, place_exactly
from isamap.placement.live_load import live_load
from isamap.placing import one_memory
from isamap.spec import read_buffers

DATA = Path(os.environ.get("ISAMAP_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data")
CAPACITY = 1048576


def buffers(name: str) -> Sequence[Lifetime]:
    path = DATA / "placement" / f"{name}.csv"
    if not path.exists():
        pytest.skip(f"no {path}: set ISAMAP_DATA to a folder with placement/{path.name}")
    return read_buffers(path).lives


@pytest.mark.parametrize("name", ["input.12", *(f"{letter}.{CAPACITY}" for letter in "ACEGK")])  # I: half a minute
def test_it_fits_its_capacity(name: str) -> None:
    lives, capacity = buffers(name), int(name.rsplit(".", 1)[1])
    target = one_memory(lives, capacity)
    solved = place_exactly(lives, target, effort=Effort(60, deterministic=True), enough=True)
    load = live_load(lives, target.memories[0])
    assert (solved.status, solved.bound) == ("optimal" if load == capacity else "feasible", load)
    assert solved.value is not None
    assert load <= solved.value <= capacity
    assert solved.answer is not None
    assert check_placement(solved.answer, target, lives) == []


@pytest.mark.parametrize("letter", "ACEGIK")
def test_the_best_greedy_method_is_within_40_percent(letter: str) -> None:
    lives = buffers(f"{letter}.{CAPACITY}")
    target = one_memory(lives, None)
    load = live_load(lives, target.memories[0])
    assert load < min(one.height for one in every_greedy(lives, target)) <= 1.4 * load


def test_one_buffer_too_many_is_proved_impossible() -> None:
    """As high as the live load of G goes there is no room for more, at any of its cycles."""
    lives = buffers(f"G.{CAPACITY}")
    busy = next(life for life in lives if _load(lives, life.start_cycles) == CAPACITY)
    more = [*lives, Lifetime("more", "memory", busy.start_cycles, busy.start_cycles + 1, 1024)]
    solved = place_exactly(more, one_memory(more, CAPACITY), effort=Effort(10, deterministic=True), enough=True)
    assert (solved.status, solved.bound) == ("infeasible", CAPACITY + 1024)


def _load(lives: Sequence[Lifetime], cycle: int) -> int:
    return sum(life.size_bytes for life in lives if life.start_cycles <= cycle < life.end_cycles)
