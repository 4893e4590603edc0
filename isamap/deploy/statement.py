"""Statements and arrays as a workload: types and shapes of the tensors between are inferred.

S[m,n] += A[m,k] * B[k,n]
C[m,n]  = max(S[m,n] + bias[n], 0)

Statements stand in a list, or in one text with line breaks or semicolons between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from isamap.deploy.arrays import as_array, tensor_of
from isamap.errors import Fault, InputError
from isamap.ir.affine import affine
from isamap.ir.einsum import Statement, parse_statement
from isamap.ir.scalar import infer, reads
from isamap.ir.workload import Tensor, Workload, workload

Statements = str | Iterable[str]


def workload_of(statements: Statements, given: Mapping[str, object]) -> Workload:
    """The workload of ``statements`` on arrays or numbers like the ones ``given``. Raises InputError where one is
    missing or has nothing to do with them, or where types or shapes do not fit."""
    texts = _separate(statements)
    tensors = {name: tensor_of(name, as_array(name, each)) for name, each in given.items()}
    written = [_written(text) for text in texts]
    parsed = [parse_statement(text, frozenset((*tensors, *written))) for text in texts]
    read = [access.tensor for statement in parsed for access in reads(statement.value)]
    unused = [name for name in given if name not in (*read, *written)]
    if unused:
        raise InputError([Fault((name,), f"a tensor of {'; '.join(texts)}", repr(name)) for name in unused])
    for statement in parsed:
        name = statement.outputs[0].tensor
        if name not in tensors:
            tensors[name] = _output(statement, tensors)
    inputs = [name for name in dict.fromkeys((written[-1], *read)) if name in given and _is_input(name, parsed)]
    return workload("jit", tensors.values(), parsed, inputs=inputs, outputs=[written[-1]])


def _separate(statements: Statements) -> list[str]:
    lines = [statements] if isinstance(statements, str) else list(statements)
    if not all(isinstance(line, str) for line in lines):
        raise InputError([Fault((), "a statement, or several", repr(statements))])
    texts = [text.strip() for line in lines for text in line.replace("\n", ";").split(";")]
    if not any(texts):
        raise InputError([Fault((), "a statement such as C[m,n] += A[m,k] * B[k,n]", "none")])
    return [text for text in texts if text]


def _written(text: str) -> str:
    return text.partition("[")[0].strip()


def _is_input(name: str, parsed: Iterable[Statement]) -> bool:
    """Is the tensor's given value met, by reading it or by going on from it, before another one is written?"""
    for statement in parsed:
        if name in (access.tensor for access in reads(statement.value)):
            return True
        if name == statement.outputs[0].tensor:
            return statement.operator != "="
    return False


def _output(statement: Statement, tensors: Mapping[str, Tensor]) -> Tensor:
    """What ``statement`` writes: of the type of its value, along each dimension as long as the axis that alone indexes
    it, and something that is read."""
    (output,) = statement.outputs
    dtype = infer(statement.value, {name: tensor.dtype for name, tensor in tensors.items()})
    if dtype is None:
        fault = Fault((output.tensor,), "a value that has a type", repr(str(statement.value)), "cast it: f32(...)")
        raise InputError([fault])
    extents = {
        index.axes[0]: extent
        for access in reads(statement.value)
        for index, extent in zip(access.indices, tensors[access.tensor].shape, strict=False)
        if len(index.axes) == 1 and index == affine(index.axes[0])
    }
    unknown = [str(index) for index in output.indices if str(index) not in extents]
    if unknown:
        raise InputError([Fault((output.tensor,), "an array whose shape says how long it is", ", ".join(unknown))])
    return Tensor(output.tensor, dtype, tuple(extents[str(index)] for index in output.indices))
