"""This CPU: its name, the instruction sets that it has, the description that fits it, and its caches."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import llvmlite.binding as llvm

from isamap.errors import InputError
from isamap.ir.target_machine import TargetMachine

_CPU_INFO = Path("/proc/cpuinfo")
_CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


@dataclass(frozen=True)
class Description:
    """A bundled machine and the instruction sets that a CPU must have to be one. LLVM's names."""

    machine: str
    register: str
    vector_bytes: int
    features: tuple[str, ...]


DESCRIPTIONS = (  # the best first
    Description("x86_avx512", "zmm", 64, ("avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512vnni", "avx2", "fma")),
    Description("x86_avx2", "ymm", 32, ("avx2", "fma")),
)


@dataclass(frozen=True)
class CacheSize:
    """A cache that holds data; ``ways`` is None where the system's word on it cannot be right."""

    level: int
    capacity_bytes: int
    line_bytes: int
    ways: int | None


def cpu_name() -> str:
    """``AMD EPYC (znver4)``: what the CPU calls itself, and LLVM's name for its kind."""
    return f"{_own_name()} ({llvm.get_host_cpu_name()})"


def features() -> frozenset[str]:
    """The instruction sets that this CPU has and the operating system lets programs use, by LLVM's names."""
    return frozenset(name for name, is_there in llvm.get_host_cpu_features().items() if is_there)


def description(found: frozenset[str]) -> Description:
    """The best description of a CPU with the features ``found``; raises InputError where there is none."""
    for each in DESCRIPTIONS:
        if found.issuperset(each.features):
            return each
    possible = " or ".join(f"{' '.join(each.features)} ({each.machine})" for each in DESCRIPTIONS)
    known = sorted(found & {name for each in DESCRIPTIONS for name in each.features})
    had = f"{cpu_name()} ({platform.machine() or 'unknown'}) with {' '.join(known) or 'none of them'}"
    raise InputError(f"host: expected a CPU with {possible}, got {had}; name a machine of `isamap list` instead")


def require_runs(described: TargetMachine, name: str) -> None:
    """Raises InputError where this CPU has not what code for ``described``, the machine ``name``, may use."""
    here = llvm.get_process_triple().partition("-")[0]
    if described.architecture != here:
        raise InputError(f"{name}: expected a CPU of {described.architecture}, got {cpu_name()}, which is {here}")
    if missing := [each for each in described.features if each not in features()]:
        wanted = " ".join(described.features)
        raise InputError(f"{name}: expected a CPU with {wanted}, got {cpu_name()} without {' '.join(missing)}")


def caches(folder: Path = _CACHES) -> tuple[CacheSize, ...]:
    """The caches of data, from the core outwards, as Linux tells them; raises InputError where it does not."""
    found = {}
    for index in sorted(folder.glob("index*")):
        try:
            if (index / "type").read_text().strip() != "Instruction":
                cache = _cache(index)
                found[cache.level] = cache
        except (OSError, ValueError, KeyError) as error:
            raise InputError(f"{index}: expected the size, level, ways and line of a cache, got {error}") from None
    if 1 not in found:
        raise InputError(f"cache sizes: expected them in {folder} (Linux), got none; calibrate needs them")
    return tuple(found[level] for level in sorted(found))


@contextmanager
def one_core() -> Iterator[None]:
    """Keeps this thread on one of the cores that it may use, where the system allows that; then on all again."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def _own_name() -> str:
    try:
        lines = _CPU_INFO.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine() or "unknown CPU"


def _cache(index: Path) -> CacheSize:
    def said(what: str) -> str:
        return (index / what).read_text().strip()

    size, line, ways = said("size"), int(said("coherency_line_size")), int(said("ways_of_associativity"))
    capacity = int(size.rstrip("KMG")) * _UNITS.get(size[-1], 1)
    fits = ways > 0 and capacity % (ways * line) == 0
    return CacheSize(int(said("level")), capacity, line, ways if fits else None)
