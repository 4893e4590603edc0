"""A sum over a product of three or more factors in two steps: the distributive law.

    O[o] += prod F   over axes X     becomes     T[t] += prod G   over t and p;     O[o] += T[t] * prod (F - G)

for every group G of the factors F with one read at least in G and in F - G. Axes p of G that neither O nor a factor
outside G has are summed first; t are the other axes of G. MTTKRP is a matrix product after either of its splits:
``T[i,k,r] += A[i,j,k] * B[j,r]; O[i,r] += T[i,k,r] * C[k,r]`` or ``T[j,k,r] = B * C; O += A * T``.

Side conditions: products and sums are those of one type, a ring (integers modulo 2^n; bool with "and" and "or" is a
semiring, which is enough). Floats only come near, and are not called proved. Checked on the result (``distributes``):
    apart       p occurs in no factor of the second einsum and not on its left
    same        the factors of both einsums, T aside, are those of the original, each as often; T is a factor itself, so
                that no cast stands between
    whole       axes, their extents and the left side are those of the original
An einsum is an assignment, not a sum from 0, only where no axis is left to sum and nothing was in its output before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import combinations, product

from isamap.ir.affine import Affine
from isamap.ir.einsum import Einsum, Statement
from isamap.ir.hardware import Target
from isamap.ir.scalar import Access, Apply, Read, Scalar, reads
from isamap.ir.workload import Tensor, Workload
from isamap.mapping.orientation import without_casts
from isamap.mapping.rewrite.inlining import overlap
from isamap.mapping.rewrite.rewritten import Rewritten, fresh, rebuilt


def split_product(work: Workload, number: int, target: Target) -> Iterator[Rewritten]:
    """``work`` with einsum ``number``, a sum of products, in two einsums, for every group of factors and with the
    operators for which ``target`` has an instruction that multiplies."""
    einsum = work.einsums[number]
    if einsum.operator != "+=" or overlap(work, einsum, einsum):
        return
    factors, able = _factors(einsum.value), _multiplying(target)
    seen = set[tuple[tuple[Scalar, int], ...]]()
    for size in range(2, len(factors)):
        for group in combinations(range(len(factors)), size):
            inner = [factors[n] for n in group]
            outer = [factor for n, factor in enumerate(factors) if n not in group]
            name = tuple(sorted(Counter(inner).items(), key=str))
            if name not in seen and all(any(any(reads(f)) for f in part) for part in (inner, outer)):
                seen.add(name)
                yield from _split(work, number, inner, outer, group[0], able)


def _factors(value: Scalar) -> list[Scalar]:
    if isinstance(value, Apply) and value.function == "*":
        return [factor for argument in value.arguments for factor in _factors(argument)]
    return [value]


def _product(factors: list[Scalar]) -> Scalar:
    whole = factors[0]
    for factor in factors[1:]:
        whole = Apply("*", (whole, factor))
    return whole


def _multiplying(target: Target) -> set[str]:
    """The operators of instructions whose meaning is a product."""
    meanings = [einsum for instruction in target.instructions for einsum in instruction.meaning]
    return {einsum.operator for einsum in meanings if len(_factors(without_casts(einsum.value))) > 1}


def _split(
    work: Workload, number: int, inner: list[Scalar], outer: list[Scalar], place: int, able: set[str]
) -> Iterator[Rewritten]:
    einsum = work.einsums[number]
    name, held = fresh(work, "T"), _axes(inner)
    elsewhere = {*einsum.output.axes, *_axes(outer)}
    step = (work.repeat.axis,) if work.repeat else ()
    kept = [x for x in held if x in elsewhere and x not in step]
    read = Read(Access(name, tuple(Affine(((x, 1),)) for x in kept)))
    ranges = {x: (extent, extent) for x, extent in einsum.extents.items()}
    dtype = work.tensor(einsum.output.tensor).dtype
    tensor = Tensor(name, dtype, tuple(einsum.extents[x] for x in kept))
    rest = [*outer[:place], read, *outer[place:]]
    starts = {*held} - {*kept, *step} == set()
    ends = {*elsewhere, *kept} - {*einsum.output.axes, *step} == set() and _begins(work, number)
    for one, other in product(_operators(starts, able), _operators(ends, able)):
        first = Statement((read.access,), one, _product(inner)).over(ranges)
        second = Statement(einsum.outputs, other, _product(rest)).over(ranges)
        whole, origin = rebuilt(work, number, [first, second], {name: tensor})
        if not distributes(einsum, first, second, step):
            continue
        because = f"{first.statement} first, then {second.statement}"
        because += ", which floats round elsewhere" if dtype.is_float else ""
        yield Rewritten(whole, "split_product", because, not dtype.is_float, origin)


def _operators(assigned: bool, able: set[str]) -> list[str]:
    return [operator for operator in (["=", "+="] if assigned else ["+="]) if operator in able]


def _axes(factors: list[Scalar]) -> tuple[str, ...]:
    return Statement((), "=", _product(factors)).axis_names


def _begins(work: Workload, number: int) -> bool:
    """Does the output start at 0, and nothing else before write it?"""
    name = work.einsums[number].output.tensor
    before = [output.tensor for einsum in work.einsums[:number] for output in einsum.outputs]
    shared = any(t.alias_of is not None and name in (t.name, t.alias_of[0]) for t in work.tensors)
    return name not in (*work.inputs, *before) and not shared


def distributes(before: Einsum, first: Einsum, second: Einsum, step: tuple[str, ...] = ()) -> bool:
    """Are ``first`` and ``second`` together ``before``, by the side conditions? ``step`` is the axis of the steps of a
    recurrence, fixed within each."""
    made = Read(first.output)
    summed = {*first.extents} - {*first.output.axes, *step}
    apart = not summed & {*second.extents}
    same = Counter([*_factors(first.value), *_factors(second.value)]) == Counter([made, *_factors(before.value)])
    whole = {*first.axes, *second.axes} == {*before.axes} and before.outputs == second.outputs
    return apart and same and whole
