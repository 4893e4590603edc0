"""What a CPU core is to a matrix kernel: vector registers, pipes, and caches that copy lines by themselves."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cache:
    """Lines of ``line_bytes`` in sets of ``ways``; bytes per cycle to and from the core. Main memory is the outermost,
    of any size."""

    name: str
    capacity_bytes: int
    ways: int
    line_bytes: int
    read_bytes_per_cycle: float
    write_bytes_per_cycle: float
    latency_cycles: float

    @property
    def sets(self) -> int:
        return max(1, self.capacity_bytes // (self.ways * self.line_bytes))


@dataclass(frozen=True)
class Core:
    """``caches`` from the core outwards, main memory last. ``multiply_adds_per_cycle`` counts vectors."""

    name: str
    clock_hz: float
    vector_bytes: int
    registers: int
    multiply_adds_per_cycle: float
    multiply_add_latency_cycles: float
    loads_per_cycle: float
    stores_per_cycle: float
    caches: tuple[Cache, ...]
