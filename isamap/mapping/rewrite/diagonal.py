"""An axis that all operands share, brought into a matrix product by a diagonal operand.

``O[c,p] += I[c,p] * W[c]`` runs over c in every tensor. With c = B*b + x for I and c = B*b + y for O and W,

    O[B*b + y, p] += I[B*b + x, p] * W[B*b + y, y - x]

where W has one more dimension, of extent 1, and is 0 outside it: the operand is diagonal in x and y. That is a matrix
product with x summed and y apart, of which 1/B is not 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from isamap.errors import InvalidNoun
from isamap.ir.affine import Affine, Quotient, Remainder
from isamap.ir.hardware import Target
from isamap.ir.scalar import Access
from isamap.ir.workload import Workload
from isamap.mapping.rewrite.change import Change, changed, equal, put_in, vanishes
from isamap.mapping.rewrite.mask import deepened, divisors, lane_counts, masked
from isamap.mapping.rewrite.rewritten import Rewritten, fresh_axis


def diagonal(work: Workload, number: int, target: Target) -> Iterator[Rewritten]:
    """``work`` with an axis that all operands of einsum ``number`` share made diagonal in one of them, in the largest
    blocks that the target's lanes allow."""
    einsum = work.einsums[number]
    if einsum.operator != "+=" or len(einsum.outputs) != 1 or len(einsum.reads) != 2:
        return
    smaller = sorted((1, 2), key=lambda n: work.tensor(einsum.reads[n - 1].tensor).elements)
    for mask in smaller[:1]:
        for axis in einsum.parallel_axes:
            if all(axis in access.axes for access in einsum.reads) and vanishes(einsum.value, mask):
                extent = einsum.extents[axis]
                for block in sorted({max(divisors(extent, lanes)) for lanes in lane_counts(target)} - {1}):
                    yield from _rewritten(work, number, mask, axis, block)


def _rewritten(work: Workload, number: int, mask: int, axis: str, block: int) -> Iterator[Rewritten]:
    einsum = work.einsums[number]
    held, other = einsum.reads[mask - 1], einsum.reads[2 - mask]
    tensor = masked(work, held.tensor, deeper=True)
    if tensor is None or other.tensor == held.tensor:
        return
    outer, inner, summed = (fresh_axis(einsum, f"{axis}_{part}") for part in ("block", "out", "in"))
    blocks = einsum.extents[axis] // block
    start = Affine(((outer, block),)) if blocks > 1 else Affine()
    c = Affine(((axis, 1),))
    forward = [(inner, Affine(((Remainder(c, block), 1),))), (summed, Affine(((Remainder(c, block), 1),)))]
    extents = [(inner, block), (summed, block)]
    if blocks > 1:
        forward.append((outer, Affine(((Quotient(c, block), 1),))))
        extents.append((outer, blocks))
    here, there = start + Affine(((inner, 1),)), start + Affine(((summed, 1),))
    change = Change(tuple(forward), ((axis, here),), tuple(extents))
    put = put_in(held, {axis: here})
    difference = Affine(((inner, 1),)) - Affine(((summed, 1),))
    reads = {mask: Access(held.tensor, (*put.indices, difference)), 3 - mask: put_in(other, {axis: there})}
    after = changed(einsum, change, reads)
    try:
        others = [deepened(one, tensor.name) for one in work.einsums]
        einsums = (*others[:number], after, *others[number + 1 :])
        tensors = tuple(tensor if one.name == tensor.name else one for one in work.tensors)
        whole = replace(work, einsums=einsums, tensors=tensors)
    except InvalidNoun:
        return
    proved = equal(einsum, after, change, mask, {t.name: t for t in whole.tensors})
    because = f"{axis}, which every operand has, in blocks of {block}: {held.tensor} is diagonal, 1/{block} of it not 0"
    yield Rewritten(whole, "diagonal", because, proved, tuple(range(len(einsums))))
