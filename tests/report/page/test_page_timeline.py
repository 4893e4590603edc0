"""Lanes, shares and the issues held, against the simulation."""

from __future__ import annotations

import numpy as np
import pytest

from isamap.report.page.labels import label
from isamap.report.page.lanes import busy_shares, lanes, overview
from isamap.report.page.pack import unpacked
from isamap.report.page.trace import energy_by_name
from isamap.report.page.use import held_cycles
from isamap.report.page.values import events
from isamap.report.page.windows import held_issues, holdings, issue_columns, operations, windows
from tests.pages import MACHINES, rerun_on, trace_on


def test_shares_are_exact_where_intervals_cross_edges() -> None:
    start, end = np.array([0, 5, 7]), np.array([5, 6, 8])
    np.testing.assert_allclose(busy_shares(start, end, np.linspace(0, 8, 5)), [1, 1, 1, 0.5])
    assert busy_shares(start[:0], end[:0], np.linspace(0, 8, 3)).tolist() == [0, 0]


@pytest.mark.parametrize("machine", MACHINES)
def test_no_lane_does_two_things_at_once(machine: str) -> None:
    trace = trace_on(machine)
    drawn = lanes(trace)
    assert len(drawn.names) == sum(queue.count for queue in trace.target.queues)
    for lane in range(len(drawn.names)):
        mine = np.flatnonzero(drawn.lane == lane)
        order = mine[np.argsort(trace.start[mine], kind="stable")]
        assert (drawn.free[order][:-1] <= trace.start[order][1:]).all()


@pytest.mark.parametrize("machine", MACHINES)
def test_shares_add_up_to_the_busy_cycles_of_the_simulation(machine: str) -> None:
    trace, run = trace_on(machine), rerun_on(machine).simulation
    found = events(trace)
    drawn = lanes(trace)
    seen = overview(trace, drawn, label(trace, found), 16)
    at = 0
    for queue in trace.target.queues:
        mine = seen.shares[at : at + queue.count]
        at += queue.count
        assert mine.sum() * trace.span / 16 == pytest.approx(run.busy_cycles[queue.name])
    held = held_cycles(trace)
    for n, name in enumerate(trace.resources):
        assert seen.resources[n].sum() * trace.span / 16 == pytest.approx(held[n][1])
        assert held[n][1] <= run.busy_cycles[name]


def test_what_is_held_whole_counts_whole() -> None:
    trace, run = trace_on("tiny"), rerun_on("tiny").simulation
    assert held_cycles(trace)[trace.resources.index("bus")][1] == run.busy_cycles["bus"]


@pytest.mark.parametrize("machine", MACHINES)
def test_energy_adds_up(machine: str) -> None:
    spent = energy_by_name(trace_on(machine))
    run = rerun_on(machine).simulation
    if run.energy_pj is None:
        assert None in spent.values()
    else:
        assert sum(pj for pj in spent.values() if pj is not None) == pytest.approx(run.energy_pj)


@pytest.mark.parametrize("machine", MACHINES)
def test_every_issue_of_a_small_program_is_in_the_page(machine: str) -> None:
    trace, run = trace_on(machine), rerun_on(machine).simulation
    drawn = lanes(trace)
    labels = label(trace, events(trace))
    chosen = held_issues(trace, drawn, windows(trace))
    assert sorted(chosen.tolist()) == list(range(run.issues))
    columns = {name: unpacked(column) for name, column in issue_columns(trace, drawn, labels, chosen).items()}
    number = columns["number"].astype(np.int64)
    np.testing.assert_array_equal(columns["start"], run.start[number])
    np.testing.assert_array_equal(columns["start"] + columns["done"].astype(np.int64), run.end[number])
    ops = operations(trace, labels)
    assert [ops[n]["name"] for n in columns["operation"]] == [run.performs[n] for n in run.operation[number].tolist()]
    assert len(columns["origin"]) == sum(view["origins"] for n in columns["operation"] for view in ops[n]["views"])
    held = holdings(trace)
    assert all(0 < part <= 1 for n in columns["holding"] for _, part in held[n])


def test_a_large_program_is_held_at_its_ends() -> None:
    trace = trace_on("tiles")
    drawn = lanes(trace)
    shown = windows(trace, most=len(trace) // 2)
    (begin, early), (late, end) = shown
    assert begin == 0 < early < late < end == trace.span
    chosen = set(held_issues(trace, drawn, shown).tolist())
    assert len(chosen) < len(trace)
    for issue in range(len(trace)):
        if trace.start[issue] < early or trace.start[issue] >= late:
            assert issue in chosen
