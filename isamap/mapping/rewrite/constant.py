"""An einsum with fewer operands than an instruction: the others hold constants.

A sum ``Y[i] += X[i,k]`` on a product ``C[i,j] += A[i,k] * B[k,j]`` becomes ``Y[i] += X[i,k] * B[k+1]`` where B has one
element and a border of 1: it is read beside its shape only, so every read gives 1 and nobody has to fill it. Average
pooling ``Y += X * 0.25`` is the same with 0.25.

    value      the expression laid on the instruction's, reads of constants filled in (``filled``)
    axes       a constant depends on a kernel axis x as its operand does on the axes of the instruction that x could
               feed: those that index the other operands as x does. Where no x could feed one that indexes the output,
               an output that only this workload sees gets an axis of extent 1 for it
    outside    a constant is indexed by x + 1 in dimensions of extent 1, or by 1: always outside

Proof (``constant_proof``): an added operand is neutral, a literal and the border that stands for it are one number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice, product

from isamap.errors import InvalidNoun
from isamap.ir.affine import Affine
from isamap.ir.dtype import DType
from isamap.ir.einsum import Einsum, Statement
from isamap.ir.hardware import Target
from isamap.ir.scalar import Access, Read, rebuild, without_identity_casts
from isamap.ir.workload import Tensor, Workload
from isamap.mapping.orientation import uses_index
from isamap.mapping.rewrite.constant_proof import same_value, spelled
from isamap.mapping.rewrite.filled import Filled, fillings, numbered
from isamap.mapping.rewrite.mask import deepened
from isamap.mapping.rewrite.pattern import Pattern, patterns
from isamap.mapping.rewrite.rewritten import Rewritten, fresh, fresh_axis

_MOST = 8  # choices of axes for the constants of one filling
Choice = tuple[tuple[bool, ...], ...]  # per kernel axis: which of the constants depend on it
Axes = Mapping[str, tuple[str, ...]]  # of the instruction: those that index each operand


def constant(work: Workload, number: int, target: Target) -> Iterator[Rewritten]:
    """``work`` with constants in einsum ``number`` that make it what an instruction of the target computes."""
    einsum, seen = work.einsums[number], set[str]()
    if len(einsum.outputs) != 1 or not einsum.reads or uses_index(einsum.value):
        return
    subject = numbered(without_identity_casts(einsum.value, work.dtype_of))
    for pattern in patterns(target):
        types = _types(work, einsum, pattern)
        for filled in fillings(pattern.value, subject, types) if pattern.operator == einsum.operator else ():
            for one in _rewritten(work, number, target, pattern, filled, types) if filled.is_larger else ():
                if (text := _text(work, one.workload, number)) not in seen:
                    seen.add(text)
                    yield one


def _types(work: Workload, einsum: Einsum, pattern: Pattern) -> dict[str, DType]:
    """Of the pattern's operands; a transfer takes what there is."""
    return dict(pattern.types) or {"S": work.tensor(einsum.reads[0].tensor).dtype}


def _rewritten(
    work: Workload, number: int, target: Target, pattern: Pattern, filled: Filled, types: Mapping[str, DType]
) -> Iterator[Rewritten]:
    axes: dict[str, tuple[str, ...]] = {"": ()}
    if filled.constants:
        meaning = target.instruction(pattern.name).meaning[0]
        axes = {"": meaning.output.axes, **{access.tensor: access.axes for access in meaning.reads}}
    units = _units(axes, filled) if _is_ours(work, work.einsums[number].output.tensor) else ()
    for alone in dict.fromkeys((units, ())):
        for choice in islice(_choices(work.einsums[number], axes, filled), _MOST):
            try:
                one = _with_constants(work, number, axes, filled, choice, alone, types)
            except InvalidNoun:  # other types than the instruction's
                continue
            after = one.workload.einsums[number]
            if pattern.computes(after.operator, after.value, one.workload.dtype_of):
                because = f"{work.einsums[number].statement} has fewer operands than {pattern.name}: {one.because}"
                yield replace(one, because=because)


def _choices(einsum: Einsum, axes: Axes, filled: Filled) -> Iterator[Choice]:
    """For each kernel axis the ways in which constants may depend on it."""
    options = []
    for x in einsum.extents:
        kernel = [x in einsum.output.axes, *(x in einsum.reads[read - 1].axes for _, read in filled.held)]
        like = [d for d in _all(axes) if _indexing(axes, filled, d) == kernel]
        ways = [tuple(d in axes[operand] for operand, _ in filled.constants) for d in like]
        options.append(list(dict.fromkeys(ways)) or [(False,) * len(filled.constants)])
    return product(*options)


def _units(axes: Axes, filled: Filled) -> tuple[str, ...]:
    """The axes of the instruction that index its output and constants only."""
    alone = [True, *(False for _ in filled.held)]
    return tuple(d for d in _all(axes) if _indexing(axes, filled, d) == alone)


def _indexing(axes: Axes, filled: Filled, axis: str) -> list[bool]:
    """Does ``axis`` index the instruction's output, and each operand that holds a read of the kernel's?"""
    return [axis in axes[""], *(axis in axes[operand] for operand, _ in filled.held if operand in axes)]


def _all(axes: Axes) -> tuple[str, ...]:
    return tuple(dict.fromkeys(axis for own in axes.values() for axis in own))


def _is_ours(work: Workload, name: str) -> bool:
    """May the tensor gain dimensions: nobody else sees it, and it lies as it comes?"""
    tensor = work.tensor(name)
    shared = tensor.alias_of is not None or any(t.alias_of and t.alias_of[0] == name for t in work.tensors)
    return name not in (*work.inputs, *work.outputs) and not shared and tensor.strides is None and work.repeat is None


def _with_constants(
    work: Workload,
    number: int,
    axes: Axes,
    filled: Filled,
    choice: Choice,
    units: Sequence[str],
    types: Mapping[str, DType],
) -> Rewritten:
    einsum = work.einsums[number]
    alone = {unit: fresh_axis(einsum, f"unit_{n}" if n else "unit") for n, unit in enumerate(units)}
    accesses = {str(n): access for n, access in enumerate(einsum.reads, 1)}
    constants = []
    for position, (operand, border) in enumerate(filled.constants):
        indexing = [x for x, depends in zip(einsum.extents, choice, strict=True) if depends[position]]
        indexing += [alone[unit] for unit in units if unit in axes[operand]]
        name = fresh(work, f"constant_{operand}")
        beside = tuple(Affine(((x, 1),), 1) for x in indexing) or (Affine((), 1),)
        constants.append(Tensor(name, types[operand], (1,) * len(beside), border))
        accesses[operand] = Access(name, beside)
    value = rebuild(filled.value, lambda node: Read(accesses[node.access.tensor]) if isinstance(node, Read) else node)
    output = Access(einsum.output.tensor, (*einsum.output.indices, *(Affine(((z, 1),)) for z in alone.values())))
    extents = {axis.name: (axis.least, axis.most) for axis in einsum.axes} | dict.fromkeys(alone.values(), (1, 1))
    after = Statement((output,), einsum.operator, value).over(extents)
    whole = _put_in(work, number, after, len(units), constants)
    held = ", ".join(f"{tensor.name} = {tensor.border}" for tensor in constants) or "immediates"
    proved = same_value(einsum, after, {tensor.name: tensor for tensor in constants}, work.dtype_of)
    return Rewritten(whole, "constant", held, proved, tuple(range(len(whole.einsums))))


def _put_in(work: Workload, number: int, after: Einsum, units: int, constants: Sequence[Tensor]) -> Workload:
    """``work`` with einsum ``number`` replaced, its output deeper by ``units`` dimensions of extent 1."""
    name, einsums, tensors = after.output.tensor, list(work.einsums), list(work.tensors)
    for _ in range(units):
        einsums = [deepened(einsum, name) for einsum in einsums]
        tensors = [replace(t, shape=(*t.shape, 1)) if t.name == name else t for t in tensors]
    einsums[number] = after
    inputs = (*work.inputs, *(tensor.name for tensor in constants))
    return replace(work, tensors=(*tensors, *constants), einsums=tuple(einsums), inputs=inputs)


def _text(before: Workload, after: Workload, number: int) -> str:
    """The einsum, constants by type and value: the same for those that differ in the order of factors only."""
    added, einsum = set(after.inputs) - set(before.inputs), after.einsums[number]

    def change(access: Access) -> Access:
        tensor = after.tensor(access.tensor)
        return Access(f"{tensor.dtype} {tensor.border!r}", access.indices) if tensor.name in added else access

    value = rebuild(einsum.value, lambda node: Read(change(node.access)) if isinstance(node, Read) else node)
    return f"{einsum.output} {spelled(value)}"
