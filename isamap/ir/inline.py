"""Elementwise einsums after a contraction, put together: what is stored of each sum as one value.

S[m,n] += A[m,k] * B[k,n]                 C[m,n] = max(S[m,n] + bias[n], 0)
T[i,j]  = S[i,j] + bias[j]          ->
C[i,j]  = max(T[i,j], 0)                  over the axes of the sums
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from isamap.errors import Unsupported
from isamap.ir.affine import affine
from isamap.ir.dtype import DType
from isamap.ir.einsum import Einsum
from isamap.ir.scalar import Access, Apply, Cast, Literal, Read, Scalar, infer, reads, rebuild
from isamap.ir.workload import Workload

_MOST_READS = 200


def inlined(work: Workload) -> Einsum:
    """What is stored of the sums of the first einsum of ``work``, as an einsum over its parallel axes that reads the
    sums and inputs. Raises Unsupported where an einsum after it is not elementwise over these axes."""
    first = work.einsums[0]
    written = {first.output.tensor: first.output}
    values: dict[str, Scalar] = {first.output.tensor: Read(first.output)}
    for einsum in work.einsums[1:]:
        last = _over_axes_of(first, _spelled_out(einsum, work, written), written)
        value = rebuild(last.value, lambda node: _put(node, values))
        if sum(1 for _ in reads(value)) > _MOST_READS:
            raise _not_elementwise(einsum, f"more than {_MOST_READS} reads put together")
        written[last.output.tensor], values[last.output.tensor] = last.output, value
    for name in values:
        if name != last.output.tensor:
            _refuse_unless_between(name, work)
    return replace(last, value=values[last.output.tensor])


def _put(node: Scalar, values: Mapping[str, Scalar]) -> Scalar:
    return values.get(node.access.tensor, node) if isinstance(node, Read) else node


def _spelled_out(einsum: Einsum, work: Workload, written: Mapping[str, Access]) -> Einsum:
    """With ``=``, and a type: what the output held before is read where the operator goes on from it."""
    value, name = einsum.value, einsum.output.tensor
    if einsum.operator not in ("=", "+=", "*=", "max=", "min="):
        raise _not_elementwise(einsum, f"the operator {einsum.operator}")
    if einsum.reduction_axes:
        raise _not_elementwise(einsum, f"it reduces along {' and '.join(einsum.reduction_axes)}")
    if einsum.operator != "=" and (name in work.inputs or name in written):
        value = Apply(einsum.operator[:-1], (Read(einsum.output), value))
    if infer(value, work.dtype_of) is None:
        value = _typed(value, work.tensor(name).dtype, einsum)
    return replace(einsum, operator="=", value=value)


def _typed(value: Scalar, dtype: DType, einsum: Einsum) -> Scalar:
    """A choice between numbers, each of which has the type of what it is written to."""
    match value:
        case Literal():
            return Cast(dtype, value)
        case Apply("select", (condition, one, other)):
            return Apply("select", (condition, _typed(one, dtype, einsum), _typed(other, dtype, einsum)))
    raise _not_elementwise(einsum, f"{value} is made of numbers only")


def _over_axes_of(first: Einsum, einsum: Einsum, written: Mapping[str, Access]) -> Einsum:
    """``einsum`` with the axes of the sums, along which it reads what was written before."""
    names: dict[str, str] = {}
    before = [access for access in einsum.reads if access.tensor in written]
    if not before:
        raise _not_elementwise(einsum, f"it reads none of {' '.join(written)}")
    for access in before:
        own, theirs = _plain_axes(access, einsum), _plain_axes(written[access.tensor], einsum)
        if any(names.setdefault(a, b) != b for a, b in zip(own, theirs, strict=True)):
            raise _not_elementwise(einsum, f"{access.tensor} is not read at the axes where it is written")
    beyond = [axis for axis in einsum.extents if axis not in names]
    if beyond:
        raise _not_elementwise(einsum, f"{first.output} lacks the axis {' and '.join(beyond)}")
    extents = {names[axis]: extent for axis, extent in einsum.extents.items()}
    wanted = {axis: first.extents[axis] for axis in first.parallel_axes}
    if len(extents) < len(names) or extents != wanted:
        raise _not_elementwise(einsum, f"it does not meet every element of {first.output} once")
    return einsum.rename(names)


def _plain_axes(access: Access, einsum: Einsum) -> list[str]:
    """The axes that alone index the dimensions of a result between two einsums."""
    names = [axes[0] for index in access.indices if len(axes := index.axes) == 1 and index == affine(axes[0])]
    if len(set(names)) < len(access.indices):
        raise _not_elementwise(einsum, f"{access}, between two einsums, is not indexed by axes alone")
    return names


def _refuse_unless_between(name: str, work: Workload) -> None:
    roles = {"an output": name in work.outputs, "an input": name in work.inputs, "a view": work.tensor(name).alias_of}
    for role, holds in roles.items():
        if holds:
            hint = f"only {work.einsums[-1].output.tensor}, the last result, is stored"
            raise Unsupported("code generation", f"{name}, between two einsums, as {role}", hint)


def _not_elementwise(einsum: Einsum, why: str) -> Unsupported:
    hint = "after the sums come einsums over the same axes, element by element"
    return Unsupported("code generation", f"{einsum.statement} ({why})", hint)
