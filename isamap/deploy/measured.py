"""Ways to cut a kernel, timed on this machine by turns: the quickest round of each counts."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from time import perf_counter

from isamap.codegen.kernel import arguments
from isamap.deploy.arrays import Array
from isamap.deploy.part import Part, aligned
from isamap.ir.contraction import AGAIN, Contraction, Strided
from isamap.ir.panels import layout

_ROUND_S = 1e-3  # long beside the call, short beside the time slices of a scheduler
_LEAST_ROUNDS = 3
_LIMIT_S = 8.0


def seconds_of(parts: Sequence[Part], seconds: float, limit_s: float = _LIMIT_S) -> list[float]:
    """Of each way to do the same contraction the seconds of one call, least of several rounds by turns, for about
    ``seconds`` in all; on arrays of its own, filled with ones. Of calls that take long there are fewer rounds, or only
    the first ways are timed, as far as they can begin within ``limit_s``."""
    memories = {name: _memory(parts[0].what, name) for name in arguments(parts[0].what)}
    begun, calls, times = perf_counter(), list[_Call](), list[float]()
    for part in parts:
        if times and perf_counter() - begun > limit_s:
            break
        calls.append(_Call(part, memories))
        times.append(calls[-1].round(1))
    counts = [max(1, int(_ROUND_S / time)) for time in times]
    started, rounds = perf_counter(), 0
    while rounds < _LEAST_ROUNDS or perf_counter() - started < seconds:
        for n, call in enumerate(calls):
            if perf_counter() - begun > limit_s and rounds:
                return times
            times[n] = min(times[n], call.round(counts[n]))
        rounds += 1
    return times


class _Call:
    """One way, on arrays and panels of its own."""

    def __init__(self, part: Part, memories: dict[str, Array]) -> None:
        scratch = part.scratch()
        packed = {each.tensor: _packed(part, each.tensor) for each in part.how.panels if each.before}
        arrays = [*(packed.get(name, memories[name]) for name in arguments(part.what)), scratch]
        self._kept = part, arrays
        self._addresses = [ctypes.c_void_p(array.__array_interface__["data"][0]) for array in arrays]

    def round(self, count: int) -> float:
        call, addresses = self._kept[0].native.call, self._addresses
        begun = perf_counter()
        for _ in range(count):
            call(*addresses)
        return (perf_counter() - begun) / count


def _packed(part: Part, tensor: str) -> Array:
    (panels,) = (each for each in part.how.panels if each.tensor == tensor)
    memory = aligned(layout(part.what, part.how, panels, part.product).bytes)
    memory[:] = 0
    return memory


def _memory(what: Contraction, name: str) -> Array:
    """From the address that the kernel is given to the last element that it meets."""
    others = what.finish.others if what.finish else ()
    same = [each for each in (what.output, *what.factors, *others) if each.tensor.removesuffix(AGAIN) == name]
    size = same[0].dtype.size_bytes
    memory = aligned(max(_elements(what, each) for each in same) * size)
    values = memory[: memory.size // size * size].view(_KINDS.get(same[0].dtype.name, f"u{size}"))
    values[:] = 1
    return memory


_KINDS = {"f32": "f4", "f64": "f8"}


def _elements(what: Contraction, tensor: Strided) -> int:
    last = sum((what.extents[axis] - 1) * stride for axis, stride in tensor.strides.items())
    return tensor.constant + last + 1
