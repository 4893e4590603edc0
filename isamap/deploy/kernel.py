"""A compiled kernel as a function on arrays: what it is given is checked, then every thread does its share."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from typing import Any

from isamap.codegen.kernel import arguments
from isamap.deploy.arrays import Array, as_array, empty, require, require_apart
from isamap.deploy.glance import Glance
from isamap.deploy.part import Part
from isamap.errors import Fault, InputError
from isamap.ir.blocking import Blocking
from isamap.ir.ranking import Ranking
from isamap.ir.workload import Tensor, Workload


@dataclass(frozen=True, eq=False)
class Packed:
    """A tensor in the panels that one kernel wants: a copy for each thread's share."""

    tensor: Tensor
    panels: tuple[Array, ...]
    cut: tuple[Blocking, ...]


@dataclass(frozen=True)
class Bound:
    """``call`` is the kernel on arrays that it knows; ``kept`` is what must live as long."""

    call: Callable[[], object]
    kept: tuple[object, ...] = field(repr=False)


@dataclass(frozen=True, eq=False)
class Kernel:
    """Compiled einsums. Thread-safe: every call brings its own scratch memory. ``ranking`` is there where candidates
    were measured."""

    work: Workload
    parts: tuple[Part, ...]
    ranking: Ranking | None = None

    @property
    def output(self) -> Tensor:
        return self.work.tensor(self.work.outputs[0])

    @property
    def blocking(self) -> Blocking:
        """How the first thread's share is cut."""
        return self.parts[0].how

    @property
    def before(self) -> frozenset[str]:
        """Tensors that the kernel takes in panels, from ``pack``."""
        return frozenset(each.tensor for each in self.blocking.panels if each.before)

    def pack(self, name: str, array: object) -> Packed:
        """Tensor ``name``, one of ``before``, as the kernel takes it. Raises InputError."""
        if name not in self.before:
            wanted = " ".join(sorted(self.before)) or "none, as no tensor was to be packed before"
            raise InputError([Fault((), f"a tensor to pack: {wanted}", name)])
        tensor = self.work.tensor(name)
        given = as_array(name, array, tensor.dtype)
        address = require(given, tensor, written=False)
        return Packed(tensor, tuple(part.panels(name, address) for part in self.parts), self._cut)

    def __call__(self, *arrays: object, out: object | None = None) -> Array:
        """The output, in ``out`` where it is given; ``arrays`` are the inputs in the order in which they are read, or
        the output first where it goes on from what it holds. Raises InputError."""
        seen = self._glance.addresses(arrays, out) if self._glance else None
        if seen is not None:
            result, addresses = seen
            (only,) = self.parts
            scratch = only.scratch() if only.scratch_bytes else None
            only.native.call(*addresses, 0 if scratch is None else _address(scratch))
            return result
        result, shares, _ = self._prepared(arrays, out)
        _run([partial(part.native.call, *share) for part, share in zip(self.parts, shares, strict=True)])
        return result

    def bound(self, *arrays: object, out: object) -> Bound:
        """A call on these arrays, checked once, for who makes it often, one at a time. Raises InputError."""
        result, shares, kept = self._prepared(arrays, out)
        calls = [_fixed(part, share) for part, share in zip(self.parts, shares, strict=True)]
        call: Any = calls[0] if len(calls) == 1 else partial(_run, calls)
        call.kept = self, result, arrays, kept  # as long as who may call it
        return Bound(call, call.kept)

    @cached_property
    def _glance(self) -> Glance | None:
        """What one thread's kernel knows its arrays by; None where it must look at them more closely."""
        if len(self.parts) > 1 or self.before or self.output.name in self.work.inputs:
            return None
        inputs = [self.work.tensor(name) for name in self.work.inputs]
        return Glance(self.output, inputs, arguments(self.parts[0].what))

    @property
    def _cut(self) -> tuple[Blocking, ...]:
        return tuple(part.how for part in self.parts)

    def _prepared(self, arrays: Sequence[object], out: object | None) -> tuple[Array, list[list[int]], list[Array]]:
        """The output, the addresses that each thread's machine code is given, and the scratch memory that they point
        to. Raises InputError."""
        names = [name for name in self.work.inputs if name != self.output.name]
        continues = self.output.name in self.work.inputs
        if len(arrays) != len(names):
            raise InputError([Fault((), f"{len(names)} arrays: {' '.join(names)}", str(len(arrays)))])
        if continues and out is None:
            raise InputError([Fault(("out",), f"the array that {self.output.name} goes on from", "none")])
        given: dict[str, Array] = {}
        addresses: dict[str, list[int]] = {}
        for name, array in zip(names, arrays, strict=True):
            if name in self.before:
                addresses[name] = [_address(panels) for panels in self._packed(name, array).panels]
                continue
            tensor = self.work.tensor(name)
            given[name] = as_array(name, array, tensor.dtype)
            addresses[name] = [require(given[name], tensor, written=False)] * len(self.parts)
        result = empty(self.output) if out is None else as_array(self.output.name, out)
        addresses[self.output.name] = [require(result, self.output, written=True)] * len(self.parts)
        require_apart(self.output.name, result, given, self.parts[0].what.in_place)
        scratch = [part.scratch() for part in self.parts]
        order = arguments(self.parts[0].what)
        shares = [[*(addresses[name][n] for name in order), _address(own)] for n, own in enumerate(scratch)]
        return result, shares, [*scratch, *given.values()]

    def _packed(self, name: str, given: object) -> Packed:
        if not isinstance(given, Packed):
            raise InputError([Fault((name,), f"what pack({name!r}, array) makes of it", type(given).__name__)])
        if (given.tensor, given.cut) != (self.work.tensor(name), self._cut):
            raise InputError([Fault((name,), "panels that this kernel packed", f"another's, of {given.tensor.name}")])
        return given


def _address(array: Array) -> int:
    return int(array.__array_interface__["data"][0])


def _fixed(part: Part, addresses: Sequence[int]) -> Callable[[], object]:
    """A call whose arguments are ready."""
    function = ctypes.CFUNCTYPE(None)(ctypes.cast(part.native.call, ctypes.c_void_p).value or 0)
    return partial(function, *(ctypes.c_void_p(each) for each in addresses))


def _run(calls: Sequence[Callable[[], object]]) -> None:
    """All at once, the first on this thread; machine code runs without Python's lock."""
    others = [_threads(len(calls)).submit(call) for call in calls[1:]]
    calls[0]()
    for other in others:
        other.result()


@cache
def _threads(count: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(count, "isamap")
