"""What a CPU core is to a matrix kernel: vector registers, pipes, and caches that copy lines by themselves."""

from __future__ import annotations

from dataclasses import dataclass

from isamap.errors import Unsupported
from isamap.ir.contraction import Contraction
from isamap.ir.target_machine import TargetMachine


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
class MultiplyAdd:
    """An instruction that adds ``group`` products of two ``factors`` to the sum in each of its ``lanes``: how many the
    core starts per cycle, when a sum can be added to again, and how LLVM spells it."""

    instruction: str
    factors: tuple[str, str]
    sums: str
    lanes: int
    group: int
    per_cycle: float
    latency_cycles: float
    emit: str


@dataclass(frozen=True)
class Core:
    """``caches`` from the core outwards, main memory last; loads and stores are of whole vectors, splats of one element
    into every lane; ``llvm`` is what its machine code is made for."""

    name: str
    clock_hz: float
    vector_bytes: int
    registers: int
    multiply_adds: tuple[MultiplyAdd, ...]
    loads_per_cycle: float
    splats_per_cycle: float
    stores_per_cycle: float
    caches: tuple[Cache, ...]
    llvm: TargetMachine | None = None

    def multiply_add(self, what: Contraction) -> MultiplyAdd:
        """The instruction for the products of ``what``: factors of its types, in either order, signed bytes that are
        shifted to unsigned, or bytes that become words. Raises Unsupported where there is none."""
        one, other = (factor.dtype.name for factor in what.factors)
        wanted = [(one, other), (other, one)]
        if one == other == "s8":
            wanted.append(("u8", "s8"))
        if {one, other} <= {"u8", "s8", "s16"}:
            wanted.append(("s16", "s16"))
        for types in wanted:
            for each in self.multiply_adds:
                if (*each.factors, each.sums) == (*types, what.sums.name):
                    return each
        known = [f"{each.factors[0]} * {each.factors[1]} into {each.sums}" for each in self.multiply_adds]
        has = f"it has {', '.join(dict.fromkeys(known))}"
        raise Unsupported("code generation", f"{one} * {other} into {what.sums} on {self.name}", has)
