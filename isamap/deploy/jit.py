"""``jit``: an einsum, and what is done to its sums, as a function on arrays, compiled for this machine.

f = jit("C[m,n] += A[m,k] * B[k,n]", A=a, B=b)
c = f(a, b)
g = jit("S[m,n] += A[m,k] * B[k,n]; C[m,n] = max(S[m,n] + bias[n], 0)", A=a, B=b, bias=d)
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from isamap.codegen.cpu import require_runs
from isamap.codegen.kernel import arguments, kernel
from isamap.codegen.native import Native, loaded, object_code
from isamap.deploy.arrays import Array, as_array, empty, require, require_apart
from isamap.deploy.statement import Statements, workload_of
from isamap.errors import Fault, InputError
from isamap.ir.blocking import Blocking
from isamap.ir.contraction import contraction_of
from isamap.ir.cpu import Core
from isamap.ir.panels import ALIGNMENT_BYTES
from isamap.ir.partial import scratch_bytes
from isamap.ir.workload import Tensor, Workload
from isamap.tiling.cached import blockings


@dataclass(frozen=True)
class Bound:
    """``call`` is the kernel on arrays that it knows; ``kept`` is what must live as long."""

    call: Callable[[], object]
    kept: tuple[object, ...] = field(repr=False)


@dataclass(frozen=True)
class Kernel:
    """A compiled einsum. Thread-safe: every call brings its own scratch memory."""

    work: Workload
    blocking: Blocking
    arguments: tuple[str, ...]
    in_place: frozenset[str]
    scratch_bytes: int
    code: bytes = field(repr=False)
    native: Native = field(repr=False, compare=False)

    @property
    def output(self) -> Tensor:
        return self.work.tensor(self.work.outputs[0])

    def __call__(self, *arrays: object, out: object | None = None) -> Array:
        """The output, in ``out`` where it is given; ``arrays`` are the inputs in the order in which they are read, or
        the output first where it goes on from what it holds. Raises InputError."""
        result, addresses, _kept = self._prepared(arrays, out)
        self.native.call(*addresses)
        return result

    def bound(self, *arrays: object, out: object) -> Bound:
        """A call on these arrays, checked once, for who makes it often, one at a time. Raises InputError."""
        result, addresses, kept = self._prepared(arrays, out)
        function = ctypes.CFUNCTYPE(None)(ctypes.cast(self.native.call, ctypes.c_void_p).value or 0)
        call = partial(function, *(ctypes.c_void_p(each) for each in addresses))
        return Bound(call, (self, result, kept))

    def _prepared(self, arrays: Sequence[object], out: object | None) -> tuple[Array, list[int], tuple[Array, ...]]:
        """The output, the addresses that the machine code is given, and all else that these point to. Raises
        InputError."""
        names = [name for name in self.work.inputs if name != self.output.name]
        continues = self.output.name in self.work.inputs
        if len(arrays) != len(names):
            raise InputError([Fault((), f"{len(names)} arrays: {' '.join(names)}", str(len(arrays)))])
        if continues and out is None:
            raise InputError([Fault(("out",), f"the array that {self.output.name} goes on from", "none")])
        tensors = {name: self.work.tensor(name) for name in names}
        given = {name: as_array(name, array, tensors[name].dtype) for name, array in zip(names, arrays, strict=True)}
        result = empty(self.output) if out is None else as_array(self.output.name, out)
        addresses = {self.output.name: require(result, self.output, written=True)}
        addresses |= {name: require(array, tensors[name], written=False) for name, array in given.items()}
        require_apart(self.output.name, result, given, self.in_place)
        scratch = np.empty(self.scratch_bytes + ALIGNMENT_BYTES, np.uint8)
        start = scratch.__array_interface__["data"][0]
        addressed = [*(addresses[name] for name in self.arguments), start + -start % ALIGNMENT_BYTES]
        return result, addressed, (scratch, *given.values())


def jit(statements: Statements, core: Core, **arrays: object) -> Kernel:
    """The einsum, or several, for arrays of these shapes, strides and types; where the output is among them and goes on
    from what it holds, that is read. Raises InputError, also where this CPU has not what code for ``core`` may use, and
    Unsupported for what is not compiled yet."""
    return jit_workload(workload_of(statements, arrays), core)


def jit_workload(work: Workload, core: Core) -> Kernel:
    """A contraction, and what becomes of its sums. Raises InputError and Unsupported as ``jit`` does."""
    if core.llvm is not None:
        require_runs(core.llvm, core.name)
    what = contraction_of(work)
    ((how, _),) = blockings(what, core, most=1)
    product = core.multiply_add(what)
    names = arguments(what)
    code = object_code(str(kernel(what, how, product)))
    native = loaded(code, "kernel", len(names) + 1)
    return Kernel(work, how, names, what.in_place, scratch_bytes(what, how, product), code, native)
