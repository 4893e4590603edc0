"""Measures the core that it runs on: the clock, instructions, caches, main memory, roofs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import TypeVar

from isamap.codegen.cpu import CacheSize, Description, cpu_name, one_core
from isamap.codegen.levels import measured_levels
from isamap.codegen.stopwatch import Stopwatch
from isamap.codegen.templates import templates
from isamap.codegen.timing import Timer
from isamap.ir.calibration import Calibration, Level, Roof, Timing

Figure = TypeVar("Figure", Level, Roof)

_PASSES = 3  # a neighbour may spoil a tenth of a second, and so every round of one figure, but not three far apart
_LEVEL = 6  # so many times longer for a figure of a cache, which others use as well
_ROOFS = ("vfmadd231ps", "vpdpbusd", "vpmaddubsw_vpmaddwd_vpaddd")


def calibrate(
    described: Description,
    features: frozenset[str],
    caches: Sequence[CacheSize],
    progress: Callable[[str], None],
    seconds_each: float,
) -> Calibration:
    """Times every instruction that a template is known for and that needs no more than ``features``, each figure for
    about ``seconds_each``."""
    known = templates(described.register, features)
    with one_core():
        progress("clock")
        watch, slow = Stopwatch(seconds_each / _PASSES), Stopwatch(_LEVEL * seconds_each / _PASSES)
        timer = Timer(described, watch)
        timings: list[Timing] = []
        levels: list[Level] = []
        roofs: list[Roof] = []
        for n in range(_PASSES):
            progress(f"pass {n + 1} of {_PASSES}: instructions")
            timings = [timer.timing(name, template) for name, template in known.items()]
            roofs = _quicker(roofs, [timer.roof(name, known[name]) for name in _ROOFS if name in known])
            progress(f"pass {n + 1} of {_PASSES}: memories")
            levels = _quicker(levels, measured_levels(described, caches, slow))
    how = f"the quickest of {_PASSES} times up to {watch.most_rounds} short rounds, on one core"
    return Calibration(
        cpu_name(), date.today().isoformat(), how, described.machine, described.vector_bytes,
        watch.clock_hz, tuple(timings), tuple(levels), tuple(roofs),
    )  # fmt: skip


def _quicker(before: Sequence[Figure], now: Sequence[Figure]) -> list[Figure]:
    """The better of what two passes found of each; ``now`` where there was none before."""
    return [one.quicker(other) for one, other in zip(before, now, strict=True)] if before else list(now)
