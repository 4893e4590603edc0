"""A schedule whose tensors stay on chip, spoiled: the checker says what is missing, early or written twice."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import replace

import pytest

from isamap.check.schedule import check_schedule
from isamap.check.schedule_home import elements, shared, volume
from isamap.check.task import RESULT
from isamap.compile import Compiled
from isamap.ir import expression as tree
from isamap.ir.answers import Schedule
from isamap.ir.binding import matches_of
from isamap.ir.scalar import access
from isamap.lowering import lower
from isamap.simulate import simulate
from tests.answers import two_einsums


def rules(schedule: Schedule) -> set[str]:
    answer = two_einsums()
    found = check_schedule(schedule, matches_of(answer.bindings), answer.work, answer.target)
    return {violation.rule for violation in found}


def right() -> Compiled:
    """C = A * B, then Y = max(C, 0); C stays in local memory."""
    answer = two_einsums()
    assert [buffer.tensor for buffer in answer.schedule.buffers if buffer.whole] == ["C"]
    return answer


def tasks(schedule: Schedule, performs: str) -> list[int]:
    return [n for n, index in enumerate(schedule.step) if schedule.steps[index].performs == performs]


def waits(schedule: Schedule) -> Iterator[tuple[int, int]]:
    """(task, position of the wait in the columns)."""
    at = 0
    for task, count in enumerate(schedule.wait_count):
        yield from ((task, at + n) for n in range(count))
        at += count


def test_the_schedule_is_right() -> None:
    assert rules(right().schedule) == set()


def test_reading_awaits_the_last_contribution() -> None:
    """A wait of a relu for a product, turned into one for released operands, leaves C incomplete, unless another wait
    tells as well: the simulator decides."""
    schedule = right().schedule
    products, readers = set(tasks(schedule, "mm2")), set(tasks(schedule, "relu"))
    named = 0
    for task, position in waits(schedule):
        if task in readers and schedule.wait_on[position] in products and schedule.wait_event[position] == RESULT:
            events = array("b", schedule.wait_event)
            events[position] = 1 - RESULT
            spoiled = replace(schedule, wait_event=events)
            program = lower(right().work, right().bindings, spoiled, right().placement, right().target)
            seen = {violation.rule for violation in simulate(program, right().target, {}, execute=False).violations}
            assert ("content" in rules(spoiled)) == ("raw-order" in seen)
            named += "raw-order" in seen
    assert named


def test_a_tile_is_begun_once() -> None:
    """An accumulation that begins anew writes where something lies."""
    schedule = right().schedule
    steps = tuple(replace(step, mode="initialise") if step.mode == "accumulate" else step for step in schedule.steps)
    assert "overwrite" in rules(replace(schedule, steps=steps))


def test_a_sum_goes_on_where_it_was_begun() -> None:
    schedule = right().schedule
    steps = tuple(replace(step, mode="accumulate") if step.mode == "initialise" else step for step in schedule.steps)
    assert "content" in rules(replace(schedule, steps=steps))


def test_all_that_is_read_was_written() -> None:
    """The first product moved to the tile beside it: its own place stays empty."""
    schedule, rank = right().schedule, 3
    first = tasks(schedule, "mm2")[0]
    at = sum(len(right().work.einsums[schedule.steps[index].einsum].axes) for index in schedule.step[:first])
    origin = array("q", schedule.origin)
    n = at + list(right().bindings[0].extents).index("n")
    assert at + rank <= len(origin)
    origin[n] = 2 if origin[n] != 2 else 0
    assert rules(replace(schedule, origin=origin)) & {"content", "overwrite"}


@pytest.mark.parametrize(
    ("text", "box"),
    [("T[m, n]", ((2, 5), (0, 4))), ("T[n, 2*m+1]", ((0, 4), (5, 10))), ("T[7-m, m+n]", ((3, 6), (2, 8)))],
)
def test_the_box_of_a_tile(text: str, box: tuple[tuple[int, int], ...]) -> None:
    item = access(tree.parse(text), frozenset("T"), {})
    assert elements(item, {"m": (2, 5), "n": (0, 4)}) == box


def test_common_elements() -> None:
    assert shared(((0, 4), (2, 6)), ((3, 9), (0, 3))) == 1
    assert shared(((0, 4), (2, 6)), ((4, 9), (0, 3))) == 0
    assert volume(((0, 4), (2, 6))) == 16
