"""A page trusts no figure of its file."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from isamap.ir.program import Segment
from isamap.report.page import Rerun, render, run_again
from isamap.report.page.search import Point, points, search_picture
from tests.pages import MACHINES, rerun_on, result_on


def claiming(**claims: Any) -> Rerun:
    """The small GEMM on tiny with other claims in its file."""
    result = result_on("tiny")
    return run_again(replace(result, summary={**result.summary, **claims}))


@pytest.mark.parametrize("machine", MACHINES)
def test_what_compile_wrote_is_confirmed(machine: str) -> None:
    rerun = rerun_on(machine)
    assert rerun.violations == ()
    assert rerun.value == rerun.result.summary["value"] == rerun.simulation.latency_cycles
    assert rerun.gap == pytest.approx(rerun.result.summary["gap"])


@pytest.mark.parametrize(
    ("claims", "where"),
    [
        ({"latency_cycles": 1}, "latency_cycles"),
        ({"value": 1}, "value"),
        ({"value": None}, "value"),
        ({"value": True}, "value"),
        ({"bound": 10**9}, "bound"),
        ({"status": "optimal", "bound": 1}, "status"),
        ({"traffic_bytes": {}}, "traffic_bytes"),
    ],
)
def test_claims_that_the_run_contradicts_are_shown(claims: dict[str, Any], where: str) -> None:
    rerun = claiming(**claims)
    assert [(violation.rule, violation.where) for violation in rerun.violations] == [("summary", where)]
    page = render(rerun)
    assert "check FAILED" in page
    assert "What is wrong" in page


def test_a_better_bound_of_the_file_is_said_to_be_the_file_s() -> None:
    known = rerun_on("tiny")
    assert known.value is not None
    assert known.closed_bound is not None
    better = claiming(bound=known.value - 1)
    assert (better.bound, better.closed_bound) == (known.value - 1, known.closed_bound)
    assert "the file states" in render(better)
    assert "derived again from kernel and machine" in render(known)


def test_a_weaker_bound_of_the_file_is_replaced() -> None:
    assert claiming(bound=1).bound == rerun_on("tiny").closed_bound


def test_a_hazard_is_shown() -> None:
    result = result_on("tiny")
    (segment,) = result.program.body
    assert isinstance(segment, Segment)
    none = replace(segment, wait_count=segment.wait_count.__class__("i", [0] * len(segment.operation)),
                   wait_on=segment.wait_on[:0], wait_event=segment.wait_event[:0])  # fmt: skip
    rerun = run_again(replace(result, program=replace(result.program, body=(none,))))
    rules = {violation.rule for violation in rerun.violations}
    assert rules & {"raw-order", "war-order", "waw-order"}
    page = render(rerun)
    assert all(f">{violation.rule}</th>" in page for violation in rerun.violations[:3])


def test_a_refused_program_still_has_a_page() -> None:
    result = result_on("tiny")
    (segment,) = result.program.body
    assert isinstance(segment, Segment)
    unknown = tuple(replace(operation, performs="nothing") for operation in segment.operations)
    program = replace(result.program, body=(replace(segment, operations=unknown),))
    rerun = run_again(replace(result, program=program))
    assert rerun.trace is None
    page = render(rerun)
    assert "The program was refused" in page
    assert 'id="timeline"' not in page


def test_histories() -> None:
    assert points(None) == points("x") == points([]) == ()
    assert points([[1, 5, None], [0.5, None, 2], ["a", 1, 2], [1, 2], [None, 1, 2], [1, float("nan"), 2], 3]) == (
        Point(0.5, None, 2.0),
        Point(1.0, 5.0, None),
    )


@pytest.mark.parametrize("history", [[], [[0, None, None]], [[0.5, 10, 4]], [[0.1, 60, 20], [2, 42, 34]], [[0, 0, 0]]])
def test_search_is_drawn_where_there_is_one(history: list[list[float | None]]) -> None:
    page = render(claiming(history=history))
    known = any(number is not None for entry in history for number in entry[1:])
    assert ('id="search-picture"' in page) is known
    assert ("no search history" in page) is not known


def test_the_best_value_comes_down_in_steps() -> None:
    shown = search_picture([Point(0, 60, 20), Point(1, 42, None), Point(2, None, 42)], "cycles")
    assert shown.count("<circle") == 4
    assert "value 42 cycles after 1 s" in shown
    assert "bound 42 cycles after 2 s" in shown
