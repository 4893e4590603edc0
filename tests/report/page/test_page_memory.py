"""The memory map against a replay, byte by byte, of what every issue touches."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from isamap.report.page import memory_map, values
from isamap.report.page.labels import NO_TENSOR, label
from isamap.report.page.memory_map import MemoryMap, memory_maps
from isamap.report.page.trace import Trace, carried_tensor
from isamap.report.page.values import events
from tests.pages import MACHINES, rerun_of_two, trace_on

Lives = set[tuple[int, int, int, int]]


def replayed(trace: Trace, memory: str) -> Lives:
    """(byte, start, end, writer) of every value, found with one list per byte."""
    accesses: dict[int, list[tuple[int, int, bool, bool]]] = defaultdict(list)
    for touch in trace.touched:
        layout = touch.layout
        if layout.tensor is not None or layout.memory != memory:
            continue
        apart, bits = layout.dtype.address_bits, layout.dtype.bits
        for issue, origin in zip(touch.issues.tolist(), touch.address.tolist(), strict=True):
            for offset in layout.address_offsets.tolist():
                first = (origin + offset) * apart
                for byte in range(first // 8, -(-(first + bits) // 8)):
                    accesses[byte].append((int(trace.start[issue]), issue, layout.reads, layout.writes))
    lives: Lives = set()
    for byte, found in accesses.items():
        alive: tuple[int, int, int] | None = None
        for start, issue, reads, writes in sorted(set(found)):
            end = int((trace.result_at if writes else trace.released_at)[issue])
            if writes and (not reads or alive is None):
                lives |= {(byte, *alive)} if alive else set()
                alive = (start, end, issue)
            elif alive:
                alive = (alive[0], max(alive[1], end), alive[2])
        lives |= {(byte, *alive)} if alive else set()
    return {life for life in lives if life[2] > life[1]}


def drawn(found: MemoryMap) -> Lives:
    """The same, from rectangles."""
    columns = (found.low, found.high, found.start, found.end, found.writer)
    return {
        (byte, start, end, writer)
        for low, high, start, end, writer in zip(*(column.tolist() for column in columns), strict=True)
        for byte in range(low, high)
    }


def maps_of(trace: Trace) -> tuple[MemoryMap, ...]:
    found = events(trace)
    return memory_maps(trace, found, label(trace, found), [(0, trace.span)])


@pytest.mark.parametrize("machine", MACHINES)
def test_rectangles_are_what_lives(machine: str) -> None:
    trace = trace_on(machine)
    maps = maps_of(trace)
    assert maps
    for found in maps:
        assert found.sampling.exact
        assert drawn(found) == replayed(trace, found.sampling.memory)


@pytest.mark.parametrize("machine", MACHINES)
def test_bytes_are_of_the_tensor_that_transfers_say(machine: str) -> None:
    """On the way in and out a transfer names the tensor; here every value is carried by one at some time."""
    trace = trace_on(machine)
    found = events(trace)
    labels = label(trace, found)
    assert NO_TENSOR not in labels.value
    assert NO_TENSOR not in labels.issue
    names = np.array(trace.tensors)
    for issue, tensor in enumerate(labels.issue.tolist()):
        action = trace.actions[trace.action_of[issue]]
        assert names[tensor] == (carried_tensor(action) if action.is_transfer else "C")


def test_a_tensor_between_two_einsums_has_its_own_label() -> None:
    trace = rerun_of_two().trace
    assert trace is not None
    labels = label(trace, events(trace))
    of = {
        action.name: {trace.tensors[n] for n in labels.issue[trace.action_of == k].tolist()}
        for k, action in enumerate(trace.actions)
    }
    assert of["mm2"] == {"C"}
    assert of["relu"] == {"Y"}


def test_sampled_addresses_are_still_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    trace = trace_on("tiles")
    monkeypatch.setattr(values, "_MOST_ADDRESSES", 5)
    monkeypatch.setattr(values, "_LEAST_ADDRESSES", 2)
    (found,) = maps_of(trace)
    assert not found.sampling.exact
    assert len(found.sampling.addresses) <= 5
    step = found.sampling.step_bytes
    every = {life for life in replayed(trace, found.sampling.memory) if life[0] % step == 0}
    assert {life for life in drawn(found) if life[0] % step == 0} == every


def test_too_many_events_thin_the_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    trace = trace_on("tiny")
    whole = events(trace)
    monkeypatch.setattr(values, "_MOST_EVENTS", len(whole.issue) // 3)
    thinned = events(trace)
    assert 0 < len(thinned.issue) < len(whole.issue) / 2
    assert thinned.samplings[0].step_bytes > whole.samplings[0].step_bytes


@pytest.mark.parametrize("several", [False, True])
def test_too_many_rectangles_are_sampled_in_time(several: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said of the middle of a cell is right; in the ranges shown, everything is."""
    trace = trace_on("tiny")
    first, end = (6, trace.span - 6) if several else (0, trace.span)
    shown = [(0, first), (end, trace.span)] if several else [(0, trace.span)]
    (whole,) = maps_of(trace)
    monkeypatch.setattr(memory_map, "MOST_RECTANGLES", len(whole) if several else len(whole) - 1)
    found_events = events(trace)
    labels = label(trace, found_events)
    columns = (found_events.row, found_events.start, found_events.end, labels.value)
    monkeypatch.setattr(memory_map, "_TIMES", 10)
    found = memory_map._in_part(whole, columns, shown, trace.span)
    assert found.step_cycles > 1
    lives = replayed(trace, "local")
    cells = next(n for n in (10, 5, 2, 1) if max(round((end - first) / n), 1) == found.step_cycles)
    middles = [first + (cell + 0.5) * (end - first) / cells for cell in range(cells)]
    for byte, start, until, writer in drawn(found):
        inside = [t for t in middles if start <= t < until]
        assert all(any(life[0] == byte and life[1] <= t < life[2] for life in lives) for t in inside)
        assert writer == -1 or any(low <= start < until <= high for low, high in shown)
    ends = {(b, max(s, low), min(e, high), w) for b, s, e, w in lives for low, high in shown if several}
    assert {life for life in ends if life[2] > life[1]} <= drawn(found)
