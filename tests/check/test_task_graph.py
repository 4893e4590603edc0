"""A right schedule of a task graph, spoiled once per rule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from isamap.check.task_graph import RULES, check_task_graph
from isamap.ir.loop_body import Hold
from isamap.ir.task_graph import Job, TaskGraph, TaskSchedule

GRAPH = TaskGraph(
    (
        Job((Hold("unit", 1, 3), Hold("bus", 2, 2)), 4),
        Job((Hold("unit", 1, 2), Hold("bus", 3, 2)), 2),
        Job((Hold("bus", 2, 5), Hold("unit", 1, 0)), 5),
    ),
    ((0, 1, 3),),
    (("unit", 1), ("bus", 4)),
)
"""Of the first two, on one unit, the second comes 3 cycles later; the third finds half of the bus free during 0-2 only,
and takes it for 5 cycles."""
RIGHT = TaskSchedule((0, 3, 5), 10)


def rules(schedule: TaskSchedule) -> set[str]:
    return {violation.rule for violation in check_task_graph(schedule, GRAPH)}


def test_a_right_schedule() -> None:
    assert check_task_graph(RIGHT, GRAPH) == []


SPOILED: list[tuple[set[str], dict[str, Any]]] = [
    ({"columns"}, {"start": (0, 3)}),
    ({"negative"}, {"start": (-1, 3, 5)}),
    ({"precedence", "capacity"}, {"start": (0, 2, 5)}),  # the unit is taken until 3
    ({"precedence"}, {"start": (3, 0, 5)}),
    ({"capacity"}, {"start": (0, 3, 4), "end_cycles": 9}),  # 3 + 2 of 4 in the last cycle of the second
    ({"capacity"}, {"start": (0, 4, 0), "end_cycles": 6}),
    ({"end"}, {"end_cycles": 9}),
    ({"end"}, {"end_cycles": 11}),
]


@pytest.mark.parametrize(("broken", "spoiled"), SPOILED)
def test_each_rule_is_named(broken: set[str], spoiled: dict[str, Any]) -> None:
    assert rules(replace(RIGHT, **spoiled)) == broken


def test_no_rule_is_forgotten() -> None:
    assert {rule for broken, _ in SPOILED for rule in broken} == set(RULES)


def test_the_details_help() -> None:
    (late,) = check_task_graph(replace(RIGHT, start=(3, 0, 5)), GRAPH)
    assert str(late) == "precedence at job 1: starts at 0, job 0 at 3 and 3 cycles before it"
    (full,) = check_task_graph(replace(RIGHT, start=(0, 3, 4), end_cycles=9), GRAPH)
    assert str(full) == "capacity at bus: 5 of 4 held at cycle 4"
