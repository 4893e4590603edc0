"""What was measured of a CPU core: its clock, its instructions, its caches and main memory, and its roofs.

Cycles are of the clock that the core ran at while it was measured; figures are as measured, not rounded.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite

from isamap.errors import Fault, InvalidNoun


@dataclass(frozen=True)
class Level:
    """A cache, or main memory (no ``capacity_bytes``), seen from the core: bytes per cycle one way at a time."""

    name: str
    latency_cycles: float
    read_bytes_per_cycle: float
    write_bytes_per_cycle: float
    capacity_bytes: int | None = None
    ways: int | None = None
    line_bytes: int | None = None

    def __post_init__(self) -> None:
        _require_positive(self.name, self.latency_cycles, self.read_bytes_per_cycle, self.write_bytes_per_cycle)

    def quicker(self, other: Level) -> Level:
        """The better of each of the two's figures."""
        return replace(
            self,
            latency_cycles=min(self.latency_cycles, other.latency_cycles),
            read_bytes_per_cycle=max(self.read_bytes_per_cycle, other.read_bytes_per_cycle),
            write_bytes_per_cycle=max(self.write_bytes_per_cycle, other.write_bytes_per_cycle),
        )


@dataclass(frozen=True)
class Timing:
    """``interval_cycles`` from one instruction to the next that does not need it; ``latency_cycles`` until its result
    can be used, and ``chained_cycles`` where only the accumulator waits. None: not measured."""

    instruction: str
    interval_cycles: float
    latency_cycles: float | None = None
    chained_cycles: float | None = None

    def __post_init__(self) -> None:
        given = (self.interval_cycles, self.latency_cycles, self.chained_cycles)
        _require_positive(self.instruction, *(each for each in given if each is not None))


@dataclass(frozen=True)
class Roof:
    """The most of some work that the core does: ``giga_per_second`` of ``unit`` (GF/s, GOP/s)."""

    name: str
    giga_per_second: float
    unit: str

    def quicker(self, other: Roof) -> Roof:
        """The higher of the two."""
        return max(self, other, key=lambda roof: roof.giga_per_second)


@dataclass(frozen=True)
class Calibration:
    """What was measured, of ``cpu``, on ``date``. ``machine`` is the description whose instructions were timed,
    ``vector_bytes`` the width of its loads; levels go outwards from the core."""

    cpu: str
    date: str
    how: str
    machine: str
    vector_bytes: int
    clock_hz: float
    timings: tuple[Timing, ...]
    levels: tuple[Level, ...]
    roofs: tuple[Roof, ...]

    def timing(self, instruction: str) -> Timing | None:
        return next((each for each in self.timings if each.instruction == instruction), None)

    @property
    def caches(self) -> tuple[Level, ...]:
        return tuple(level for level in self.levels if level.capacity_bytes is not None)


def _require_positive(name: str, *figures: float) -> None:
    faults = [Fault((name,), "a measured figure above 0", str(f)) for f in figures if not (isfinite(f) and f > 0)]
    if faults:
        raise InvalidNoun(faults)
