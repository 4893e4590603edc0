"""Timing several ways to do one contraction: each gets its figure, and long ones end in time."""

from __future__ import annotations

from itertools import count

import pytest

from isamap.deploy import measured
from isamap.deploy.measured import seconds_of
from isamap.deploy.part import Part, part
from isamap.ir.blocking import Blocking, Loop, Panels
from tests.cores import CORE
from tests.tiling.cached.contractions import gemm


@pytest.fixture(scope="module")
def parts() -> list[Part]:
    """One row at a time, several, and with panels made before and in the kernel."""
    ways = [
        Blocking("n", (Loop("n", 8), Loop("m", rows)), panels)
        for rows, panels in ((1, ()), (6, ()), (6, (Panels("B", 0, before=True), Panels("A", 0))))
    ]
    return [part(gemm(12, 64, 200), way, CORE) for way in ways]


def test_each_way_has_its_time(parts: list[Part]) -> None:
    """A sum that waits for itself at every step takes longer than six beside each other."""
    one, six, packed = seconds_of(parts, 0.05)
    assert 0 < six < one
    assert packed > 0


def test_long_ones_end_in_time(parts: list[Part], monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock says that every look at it takes a second: the first way is timed, no other begins."""
    ticks = count()
    monkeypatch.setattr(measured, "perf_counter", lambda: float(next(ticks)))
    assert len(seconds_of(parts, 1e9, limit_s=0.5)) == 1
    assert len(seconds_of(parts, 1e9, limit_s=40.0)) == 3
