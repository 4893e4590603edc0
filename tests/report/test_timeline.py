"""The timeline against simulations that are easy to draw by hand."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import numpy as np
import pytest
from rich.console import Console

from isamap.report.timeline import Timeline, axis, busy_shares, draw, span
from isamap.simulate import Simulation
from tests.answers import small_gemm
from tests.machines import bundled

EMPTY = Simulation(0, 0, {}, (), None, {}, {}, {}, {}, ("copy", "dot", "vector"), ())


def simulation(*issues: tuple[int, int, int]) -> Simulation:
    """Issues as (queue, start, end)."""
    queue, start, end = (np.array(column, dtype=np.int64) for column in zip(*issues, strict=True))
    return replace(EMPTY, latency_cycles=int(end.max()), start=start, end=end, queue=queue)


def test_shares_are_exact_where_issues_cross_cells() -> None:
    run = simulation((0, 0, 5), (0, 5, 6), (1, 2, 3), (2, 0, 8))
    assert span(run) == 8
    np.testing.assert_allclose(busy_shares(run, 0, 1, 4), [1, 1, 1, 0])
    np.testing.assert_allclose(busy_shares(run, 1, 1, 4), [0, 0.5, 0, 0])
    np.testing.assert_allclose(busy_shares(run, 0, 2, 8), [0.5] * 6 + [0] * 2)


def test_a_result_that_comes_late_does_not_keep_its_unit() -> None:
    run = simulation((0, 0, 9), (0, 4, 12))
    np.testing.assert_allclose(busy_shares(run, 0, 1, 3), [1, 1, 1])
    assert busy_shares(simulation((0, 0, 4), (1, 0, 4)), 2, 1, 5).tolist() == [0] * 5


def test_shares_add_up_to_the_busy_time() -> None:
    rng = np.random.default_rng(0)
    start = np.sort(rng.integers(0, 1000, 50))
    end = np.minimum(start + rng.integers(1, 30, 50), np.append(start[1:], 1030))
    run = simulation(*((0, int(s), int(e)) for s, e in zip(start, end, strict=True)), (1, 0, 1030))
    for cells in (1, 7, 100):
        assert busy_shares(run, 0, 1, cells).sum() * 1030 / cells == pytest.approx((end - start).sum())


def test_a_little_is_never_drawn_as_nothing() -> None:
    assert draw(np.array([0.0, 0.001, 0.5, 1.0])) == " ▁▄█"
    assert draw(np.array([0.0, 0.001, 0.5, 1.0]), ascii_only=True) == " .=#"


def test_an_axis_has_its_ends() -> None:
    assert axis(1000, 40) == "0" + "500".rjust(21) + "1,000 cycles".rjust(18)
    assert len(axis(1000, 16)) == 16


@pytest.mark.parametrize("width", [40, 80, 300])
def test_it_fills_a_width(width: int) -> None:
    answer, out = small_gemm(), StringIO()
    Console(file=out, width=width, markup=False).print(Timeline(answer.simulation, answer.target))
    lines = out.getvalue().splitlines()
    assert len(lines) == len(answer.target.queues) + 1
    assert [line.split()[0].rstrip("▕") for line in lines[:-1]] == [queue.name for queue in answer.target.queues]
    assert all(line.endswith(" %") for line in lines[:-1])
    assert max(map(len, lines)) <= max(width, 16 + 18)


def test_nothing_to_show_is_shown() -> None:
    lines = list(Timeline(EMPTY, bundled("tiny")).lines(8, 20))
    assert all("0.0 %" in line for line in lines[:-1])
