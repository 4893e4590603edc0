"""Cycles of single instructions: loops whose instructions await each other, and loops whose do not."""

from __future__ import annotations

from functools import cache

import numpy as np

from isamap.codegen import probe as loops
from isamap.codegen.arena import Arena
from isamap.codegen.cpu import Description
from isamap.codegen.probe import Probe
from isamap.codegen.stopwatch import Stopwatch
from isamap.codegen.templates import Template
from isamap.ir.calibration import Roof, Timing

latency, round_trip, throughput = cache(loops.latency), cache(loops.round_trip), cache(loops.throughput)

_PAGE = 4096
_ONES, _SCRATCH = _PAGE, 2 * _PAGE  # the first page holds zeros, the second begins with ones
_REGISTERS = 16
_BACK = "vmovq %xmm0, %rax"
_FLOPS, _OPS = ("vfmadd231ps", 2 / 4), ("vpdpbusd", 2)  # operations per byte of a vector


class Timer:
    """Times instructions of ``described`` on memory of its own."""

    def __init__(self, described: Description, watch: Stopwatch) -> None:
        self.described, self.watch = described, watch
        self._arena = Arena(4 * _PAGE)
        self._arena.bytes[:] = 0
        self._arena.bytes[_ONES : _ONES + _PAGE].view(np.float32)[:] = 1
        self._before = tuple(f"vbroadcastss {_ONES}($0), %{described.register}{n}" for n in range(_REGISTERS))
        self._least: dict[int, float] = {}  # cycles of each probe, by its identity

    def timing(self, name: str, template: Template) -> Timing:
        """The interval and, where a chain of it can be made, the latency: of the quickest of all rounds since the
        timer was made, so that asking again makes it better."""
        match template.kind:
            case "register":
                return self._register(name, template)
            case "store":
                return self._store(name, template)
            case "split load":
                half = self.described.vector_bytes // 2
                return Timing(name, self._interval(template.text, 64 - half))
            case "folded":
                chained = self._chain(template.text.replace("{o}", f"{_ONES}($0)"))
                whole = self._load(f"vpxor %xmm0, %xmm0, %xmm0; {template.text}")
                return Timing(name, self._interval(template.text), whole, chained)
        return Timing(name, self._interval(template.text), self._load(template.text))

    def roof(self, name: str, template: Template) -> Roof:
        """The most multiplications and additions per second of a dot product or fused multiply-add."""
        instruction, per_byte = _FLOPS if "ps" in name else _OPS
        lap = self.watch.lap(throughput(template.text, self._before), self._arena.address)
        unit = "GF/s" if instruction == "vfmadd231ps" else "GOP/s"
        return Roof(name, per_byte * self.described.vector_bytes / lap.seconds / 1e9, unit)

    def _register(self, name: str, template: Template) -> Timing:
        chained = self._chain(template.text)
        if not template.inputs:
            return Timing(name, self._interval(template.text), chained)
        return Timing(name, self._interval(template.text), max(chained, self._chain(template.inputs)), chained)

    def _store(self, name: str, template: Template) -> Timing:
        """A store's latency: that of a store and a load of the same bytes, less the load's."""
        load = f"vmovups {{o}}, %{self.described.register}{{d}}"
        place = f"{_SCRATCH}($0)"
        both = self._chain(f"{template.text}; {load}".replace("{o}", place))
        return Timing(name, self._interval(template.text, _SCRATCH), max(both - self._load(load), 1.0))

    def _interval(self, text: str, first_byte: int = 0) -> float:
        return self._cycles(throughput(text, self._before, first_byte))

    def _chain(self, text: str) -> float:
        return self._cycles(latency(text, self._before))

    def _load(self, text: str) -> float:
        """From an address to its data: a load and the way back to the address, less that way's half of two moves."""
        there_and_back = self._cycles(round_trip("vmovq %rax, %xmm0", _BACK))
        return max(1.0, self._cycles(round_trip(text, _BACK)) - there_and_back / 2)

    def _cycles(self, probe: Probe) -> float:
        """The least so far; what is found by subtraction must not meet one spoilt round and one good one."""
        now = self.watch.lap(probe, self._arena.address).cycles
        self._least[id(probe)] = min(now, self._least.get(id(probe), now))
        return self._least[id(probe)]
