"""``jit``: an einsum as a function on arrays, compiled for this machine.

f = jit("C[m,n] += A[m,k] * B[k,n]", A=a, B=b)
c = f(a, b)
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from isamap.codegen.cpu import require_runs
from isamap.codegen.kernel import ARGUMENTS, kernel
from isamap.codegen.native import Native, loaded, object_code
from isamap.deploy.arrays import Array, as_array, require, require_apart, tensor_of
from isamap.errors import Fault, InputError
from isamap.ir.affine import affine
from isamap.ir.blocking import Blocking
from isamap.ir.contraction import contraction_of
from isamap.ir.cpu import Core
from isamap.ir.einsum import Statement, parse_statement
from isamap.ir.panels import scratch_elements
from isamap.ir.scalar import reads
from isamap.ir.workload import Tensor, Workload, workload
from isamap.tiling.cached import blockings


@dataclass(frozen=True)
class Kernel:
    """A compiled einsum. Thread-safe: every call brings its own scratch memory."""

    work: Workload
    blocking: Blocking
    scratch_elements: int
    code: bytes = field(repr=False)
    native: Native = field(repr=False, compare=False)

    @property
    def output(self) -> Tensor:
        return self.work.tensor(self.work.outputs[0])

    def __call__(self, *arrays: object, out: object | None = None) -> Array:
        """The output, in ``out`` where it is given; ``arrays`` are the inputs in the order in which they are read, or
        the output first where it goes on from what it holds. Raises InputError."""
        names = [name for name in self.work.inputs if name != self.output.name]
        continues = self.output.name in self.work.inputs
        if len(arrays) != len(names):
            raise InputError([Fault((), f"{len(names)} arrays: {' '.join(names)}", str(len(arrays)))])
        if continues and out is None:
            raise InputError([Fault(("out",), f"the array that {self.output.name} goes on from", "none")])
        given = {name: as_array(name, array) for name, array in zip(names, arrays, strict=True)}
        result = np.empty(self.output.shape, np.float32) if out is None else as_array(self.output.name, out)
        addresses = [require(result, self.output, written=True)]
        addresses += [require(array, self.work.tensor(name), written=False) for name, array in given.items()]
        require_apart(self.output.name, result, given)
        scratch = np.empty(self.scratch_elements, np.float32)
        self.native.call(*addresses, scratch.__array_interface__["data"][0])
        return result


def jit(statement: str, core: Core, **arrays: object) -> Kernel:
    """The einsum ``statement`` for arrays of these shapes, strides and types; where the output is among them, sums are
    added to what it holds. Raises InputError, also where this CPU has not what code for ``core`` may use, and
    Unsupported for what is not compiled yet."""
    if core.llvm is not None:
        require_runs(core.llvm, core.name)
    work = _workload(statement, {name: as_array(name, given) for name, given in arrays.items()})
    what = contraction_of(work)
    ((how, _),) = blockings(what, core, most=1)
    lanes = core.vector_bytes // what.output.dtype.size_bytes
    code = object_code(str(kernel(what, how, lanes)))
    return Kernel(work, how, scratch_elements(what, how), code, loaded(code, "kernel", ARGUMENTS))


def _workload(statement: str, arrays: dict[str, Array]) -> Workload:
    """The workload of one einsum on such arrays; the output's shape follows from the others where it is not given."""
    tensors = {name: tensor_of(name, array) for name, array in arrays.items()}
    written = statement.partition("[")[0].strip()
    parsed = parse_statement(statement, frozenset((*tensors, written)))
    read = [access.tensor for access in reads(parsed.value)]
    unused = [name for name in arrays if name not in (*read, written)]
    if unused:
        raise InputError([Fault((name,), f"a tensor of {statement}", repr(name)) for name in unused])
    if written not in arrays:
        tensors[written] = _output(written, parsed, tensors)
    inputs = [name for name in dict.fromkeys((written, *read)) if name in arrays]
    return workload("jit", tensors.values(), [parsed], inputs=inputs, outputs=[written])


def _output(name: str, statement: Statement, tensors: dict[str, Tensor]) -> Tensor:
    """The output of ``statement``: along each dimension as long as the axis that alone indexes it, and some input."""
    extents = {
        index.axes[0]: extent
        for access in reads(statement.value)
        for index, extent in zip(access.affine_indices, tensors[access.tensor].shape, strict=False)
        if len(index.axes) == 1 and index == affine(index.axes[0])
    }
    (output,) = statement.outputs
    unknown = [str(index) for index in output.affine_indices if str(index) not in extents]
    if unknown:
        raise InputError([Fault((name,), "an array whose shape says how long it is", ", ".join(unknown))])
    shape = tuple(extents[str(index)] for index in output.affine_indices)
    return Tensor(name, next(iter(tensors.values())).dtype, shape)
