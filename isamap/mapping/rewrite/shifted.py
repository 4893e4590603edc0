"""A product of bytes on an instruction that wants one of them with the other sign: s8 * s8 on u8 * s8.

With K = 128 every s8 A is U - K for a u8 U = A + K, and ``C[m,n] += s32(A[m,k]) * s32(B[k,n])`` is

    U[m,k] = u8(s32(A[m,k]) + 128)              over A's own elements; a border b of A becomes b + 128 of U
    P[m,n] += s32(U[m,k]) * s32(B[k,n])         on the instruction
    S[n] += 128 * s32(B[k,n])                   only over the axes of the output that B depends on
    C[m,n] = P[m,n] - S[n]

A window of A that hangs over its edge reads the border of U there: padded columns are compensated like all others.
B is read at the same places in P and in S, its border included. Either factor may be the shifted one; u8 becomes s8
with K = -128. Where C has more than this einsum gives it, the last line adds to it.

Proof
    shift       U = A + K as numbers, for every A (Z3, on bit-vectors); so also for the borders
    ring        integers that wrap are a ring, casts to a type of it maps that keep sums and products:
                sum_R A*B = sum_R (U - K)*B = sum_R U*B - sum_R K*B
    summed      R, the summed axes, are the same in all; those that B lacks count as a factor of K
    once        the other axes of S are all axes of the output that B depends on: one S for every element of P
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import prod

from isamap.errors import InvalidNoun
from isamap.ir.affine import Affine
from isamap.ir.einsum import Einsum, Statement
from isamap.ir.hardware import Target
from isamap.ir.scalar import Access, Apply, Literal, Read
from isamap.ir.workload import Tensor, Workload
from isamap.mapping.rewrite.constant import constant
from isamap.mapping.rewrite.offset import is_offset, spellings
from isamap.mapping.rewrite.pattern import Pattern, patterns
from isamap.mapping.rewrite.rewritten import Rewritten, fresh, rebuilt
from isamap.mapping.rewrite.signed_product import SignedProduct, read_of, signed_products


def shifted(work: Workload, number: int, target: Target) -> Iterator[Rewritten]:
    """``work`` where one of the two integer factors of einsum ``number`` has the other sign, for each factor with which
    an instruction of the target then takes the product; K as the target's instructions want it."""
    every = patterns(target)
    for product in signed_products(work, number):
        if any(one.computes("+=", product.shifted_value, product.types) for one in every):
            try:
                base, sum_at = _parts(product, every)
            except InvalidNoun:
                continue
            filled = list(constant(base.workload, sum_at, target))
            for one in filled:
                yield replace(base, workload=one.workload, proved=base.proved and one.proved)
            if not filled:
                yield base


def _parts(product: SignedProduct, every: Sequence[Pattern]) -> tuple[Rewritten, int]:
    """The rewritten workload, K a literal in it, and the number of the einsum that sums up S."""
    work, number, einsum, k = product.work, product.number, product.einsum, product.k
    output, read = einsum.output, read_of(product.other)
    assert read is not None
    own = tuple(x for x in einsum.parallel_axes if x in read.axes)
    step = work.repeat.axis if work.repeat else ""  # which takes one value at a time
    times = prod(einsum.extents[x] for x in einsum.reduction_axes if x not in (*read.axes, step))
    whole = Tensor(fresh(work, f"{output.tensor}_product"), product.wanted, _shape(einsum, einsum.parallel_axes))
    excess = Tensor(fresh(work, f"{output.tensor}_excess"), product.wanted, _shape(einsum, own))
    tensor, border = product.tensor, product.tensor.border
    shifted_tensor = Tensor(product.name, product.flipped, tensor.shape, None if border is None else border + k)
    p, s = _plain(whole.name, einsum.parallel_axes), _plain(excess.name, own)
    shift, proved = _shift(product, every)
    operator = "+=" if _is_begun(work, number) else "="
    einsums = (
        shift,
        Statement((p,), "+=", product.shifted_value).over(_ranges(einsum)),
        Statement((s,), "+=", Apply("*", (Literal(k * times), product.other))).over(_ranges(einsum)),
        Statement((output,), operator, Apply("-", (Read(p), Read(s)))).over(_ranges(einsum)),
    )
    tensors = {one.name: one for one in (shifted_tensor, whole, excess)}
    after, origin = rebuilt(work, number, einsums, tensors)
    because = (
        f"{tensor.name} is {product.name} - {k}, of type {product.flipped}; {excess.name} takes back {k} times the rest"
    )
    return Rewritten(after, "shifted", because, proved, origin), number + 2


def _shift(product: SignedProduct, every: Sequence[Pattern]) -> tuple[Einsum, bool]:
    """The einsum that shifts the tensor, spelled as an instruction does it where one does; is it proved to do that?"""
    work, tensor, types = product.work, product.tensor, product.types
    taken = {axis.name for axis in product.einsum.axes} | {work.repeat.axis if work.repeat else ""}
    names = [next(x for n in range(99) if (x := f"a{d}{'_' * n}") not in taken) for d in range(len(tensor.shape))]
    read = Read(_plain(tensor.name, names))
    possible = spellings(read, tensor.dtype, product.flipped, product.k)
    value = next((v for v in possible if any(one.computes("=", v, types) for one in every)), possible[0])
    extents = {x: (extent, extent) for x, extent in zip(names, tensor.shape, strict=True)}
    einsum = Statement((_plain(product.name, names),), "=", value).over(extents)
    return einsum, is_offset(tensor.dtype, product.flipped, product.k, possible.index(value))


def _is_begun(work: Workload, number: int) -> bool:
    """Does the output of einsum ``number`` hold something before: an input, or what other einsums gave?"""
    before = [output.tensor for einsum in work.einsums[:number] for output in einsum.outputs]
    return work.einsums[number].output.tensor in (*work.inputs, *before)


def _plain(tensor: str, axes: Sequence[str]) -> Access:
    return Access(tensor, tuple(Affine(((x, 1),)) for x in axes))


def _shape(einsum: Einsum, axes: Sequence[str]) -> tuple[int, ...]:
    return tuple(einsum.extents[x] for x in axes)


def _ranges(einsum: Einsum) -> dict[str, tuple[int, int]]:
    return {axis.name: (axis.least, axis.most) for axis in einsum.axes}
