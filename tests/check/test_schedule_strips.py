"""A schedule whose tensor passes on chip in strips, spoiled: the checker says what is early, gone or someone else's."""

from __future__ import annotations

from array import array
from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import pytest

from isamap.check import schedule_home
from isamap.check.schedule import check_schedule
from isamap.check.schedule_order import Order
from isamap.check.task import OPERANDS, RESULT, Task
from isamap.ir.answers import Home, Schedule
from isamap.ir.binding import matches_of
from tests.fusion import DEPTHWISE, RECTIFIED, FusedKernel, fused_kernel


def rectified(turns: int = 1) -> FusedKernel:
    return fused_kernel(RECTIFIED, "tiny", (("local_bytes", 512),), (("T", Home("local", (1, 1), 0, 2, turns)),))


def rules(kernel: FusedKernel, schedule: Schedule) -> set[str]:
    found = check_schedule(schedule, matches_of(kernel.bindings), kernel.work, kernel.target)
    return {violation.rule for violation in found}


def waits_between(kernel: FusedKernel, later: str, earlier: str, event: int) -> list[int]:
    """Positions in the columns of the waits of one instruction for another."""
    schedule, found, at = kernel.schedule, [], 0
    performs = [schedule.steps[index].performs for index in schedule.step]
    for task, count in enumerate(schedule.wait_count):
        for position in range(at, at + count):
            awaited = performs[schedule.wait_on[position]]
            if (performs[task], awaited, schedule.wait_event[position]) == (later, earlier, event):
                found.append(position)
        at += count
    return found


def redirected(schedule: Schedule, position: int) -> Schedule:
    """One wait for the very first task instead, which is over."""
    wait_on, event = array("q", schedule.wait_on), array("b", schedule.wait_event)
    wait_on[position], event[position] = 0, OPERANDS
    return replace(schedule, wait_on=wait_on, wait_event=event)


@pytest.mark.parametrize("turns", [1, 2])
def test_the_schedule_is_right(turns: int) -> None:
    kernel = rectified(turns)
    assert rules(kernel, kernel.schedule) == set()


def test_a_strip_is_read_when_it_is_there() -> None:
    kernel = rectified()
    positions = waits_between(kernel, "relu", "mm2", RESULT)
    assert positions
    assert any("content" in rules(kernel, redirected(kernel.schedule, n)) for n in positions)


def test_a_strip_takes_the_place_of_one_that_everybody_has_read() -> None:
    kernel = rectified()
    positions = waits_between(kernel, "mm2", "relu", OPERANDS)
    assert positions
    assert any("overwrite" in rules(kernel, redirected(kernel.schedule, n)) for n in positions)


def test_a_strip_that_has_given_way_is_not_read() -> None:
    """With room for two strips the writer is one ahead; in a buffer said to hold one it would overwrite."""
    kernel = rectified(2)
    one = tuple(replace(b, home=replace(b.home, turns=1)) if b.home else b for b in kernel.schedule.buffers)
    assert "overwrite" in rules(kernel, replace(kernel.schedule, buffers=one))


@pytest.mark.parametrize(("turns", "there"), [(1, False), (2, True)])
def test_what_gave_way_is_gone(turns: int, there: bool) -> None:
    """Rows 0 and 1, then rows 2 and 3 in their place or beside them, then the first are read."""
    kernel = rectified()
    access = kernel.work.einsums[1].reads[0]
    order = cast(Order, SimpleNamespace(over=lambda *_: True))
    home = schedule_home.Home("T@local", "T", order, Home("local", (), 0, 2, turns))
    step = kernel.schedule.steps[0]
    tasks = [Task(n, step, {"m": (low, low + 2), "n": (0, 3)}, {}, (), (), 0) for n, low in enumerate((0, 2, 0))]
    assert not [*home.write(tasks[0], access, 6), *home.write(tasks[1], access, 6)]
    found = [violation.rule for violation in home.read(tasks[2], access, 1)]
    assert found == ([] if there else ["content"])


def test_a_window_is_found_only_where_it_slid_to() -> None:
    """Halo rows fetched for the strip before are read in place; shifted by a row, they are not what is wanted."""
    home = Home("spad", (1, 4, 4), 1, 4, 1)
    kernel = fused_kernel(DEPTHWISE, "p16", (("spad_kib", 4),), (("T", home),), 1)
    assert rules(kernel, kernel.schedule) == set()
    schedule, at = kernel.schedule, 0
    for index in schedule.step:
        step = schedule.steps[index]
        axes = list(kernel.work.einsums[step.einsum].extents)
        row = axes.index("p_r") if "p_r" in axes else 0
        if step.performs == "load" and step.tensor == "I" and schedule.origin[at + row] == 4:
            origin = array("q", schedule.origin)
            origin[at + row] = 2  # the rows before are fetched instead
            assert "content" in rules(kernel, replace(schedule, origin=origin))
            return
        at += len(axes)
    pytest.fail("no rows that two strips share were fetched")
