"""A contraction as arrays in memory: sums of products of two tensors, each with the distances between its elements.

S[..] += A[..] * B[..]        over the axes that S lacks
O[..]  = finish(S[..], ..)    what is stored of each sum; the sum itself where nothing else is said
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from isamap.errors import Unsupported
from isamap.ir.dtype import DType
from isamap.ir.einsum import Einsum
from isamap.ir.inline import inlined
from isamap.ir.scalar import Access, Apply, Cast, Read, Scalar, reads
from isamap.ir.workload import Tensor, Workload

AGAIN = "'"
"""Ends the name of a factor that is the same tensor as the other one."""


@dataclass(frozen=True)
class Strided:
    """A tensor: how many elements apart its neighbours along each axis lie, and where all axes are 0 (``constant``)."""

    tensor: str
    dtype: DType
    strides: Mapping[str, int]
    constant: int = 0


@dataclass(frozen=True)
class Finish:
    """What is stored of a sum: ``value`` reads it as the tensor ``sums``, and elements of ``others``, one of these for
    each of the ``accesses``, along axes of the output."""

    value: Scalar
    sums: str
    others: tuple[Strided, ...] = ()

    @property
    def accesses(self) -> tuple[Access, ...]:
        """What is read beside the sum, each once, in the order of appearance."""
        return tuple(dict.fromkeys(access for access in reads(self.value) if access.tensor != self.sums))


@dataclass(frozen=True)
class Contraction:
    """Sums over the axes that the output lacks; ``continues``: they are added to what the output holds."""

    extents: Mapping[str, int]
    output: Strided
    factors: tuple[Strided, Strided]
    continues: bool = False
    sum_dtype: DType | None = None
    finish: Finish | None = None

    @property
    def sums(self) -> DType:
        """The type of the sums: the output's, unless it is said."""
        return self.sum_dtype or self.output.dtype

    @property
    def parallel(self) -> tuple[str, ...]:
        return tuple(axis for axis in self.extents if axis in self.output.strides)

    @property
    def reduced(self) -> tuple[str, ...]:
        return tuple(axis for axis in self.extents if axis not in self.output.strides)

    @property
    def in_place(self) -> frozenset[str]:
        """The tensors that may be the output's very memory: read beside a sum, just where that is stored."""
        others = self.finish.others if self.finish else ()
        elsewhere = {each.tensor for each in others if replace(each, tensor=self.output.tensor) != self.output}
        names = {each.tensor for each in others} - elsewhere
        return frozenset(names - {factor.tensor.removesuffix(AGAIN) for factor in self.factors})

    def factor(self, tensor: str) -> Strided:
        return next(factor for factor in self.factors if factor.tensor == tensor)


def contraction_of(work: Workload) -> Contraction:
    """The first einsum of ``work`` as a contraction, those after it as what is stored of its sums. Raises Unsupported
    where they are none."""
    einsum = work.einsums[0]
    if einsum.operator != "+=":
        raise _no_contraction(einsum, f"the operator {einsum.operator}")
    factors = [_strided(work.tensor(access.tensor), access, einsum) for access in _factors(einsum)]
    one, other = _told_apart(factors[0], factors[1])
    sums = _strided(work.tensor(einsum.output.tensor), einsum.output, einsum)
    continues = einsum.output.tensor in work.inputs
    if continues and len(work.einsums) > 1:
        hint = f"give the sums a name of their own, and add {sums.tensor} to them afterwards"
        raise Unsupported("code generation", f"finishing sums that go on from what {sums.tensor} holds", hint)
    if len(work.einsums) == 1:
        found = Contraction(einsum.extents, sums, (one, other), continues)
    else:
        stored = inlined(work)
        output = _strided(work.tensor(stored.output.tensor), stored.output, stored)
        finish = _finish(work, stored, einsum.output.tensor, output)
        found = Contraction(einsum.extents, output, (one, other), sum_dtype=sums.dtype, finish=finish)
    if found.output.tensor in (factor.tensor for factor in factors):
        raise _no_contraction(einsum, f"the output {found.output.tensor} as a factor")
    return found


def _told_apart(one: Strided, other: Strided) -> tuple[Strided, Strided]:
    """A tensor that is multiplied by itself is two factors of different names."""
    return one, replace(other, tensor=other.tensor + AGAIN) if one.tensor == other.tensor else other


def _finish(work: Workload, stored: Einsum, sums: str, output: Strided) -> Finish:
    finish = Finish(stored.value, sums)
    others = tuple(_strided(work.tensor(access.tensor), access, stored) for access in finish.accesses)
    elsewhere = [each for each in others if each.tensor == output.tensor and each != output]
    if elsewhere:
        raise _no_contraction(stored, f"{output.tensor}, read where it is not written,")
    return replace(finish, others=others)


def _factors(einsum: Einsum) -> tuple[Access, Access]:
    match einsum.value:
        case Apply("*", (one, other)):
            return _read(one, einsum), _read(other, einsum)
    raise _no_contraction(einsum, f"the value {einsum.value}")


def _read(value: Scalar, einsum: Einsum) -> Access:
    match value:
        case Read(access) | Cast(_, Read(access), _):
            return access
    raise _no_contraction(einsum, f"the factor {value}")


def _no_contraction(einsum: Einsum, what: str) -> Unsupported:
    return Unsupported(
        "code generation", f"{what} in {einsum.statement}", "sums of products of two tensors are compiled"
    )


def _strided(tensor: Tensor, access: Access, einsum: Einsum) -> Strided:
    """The elements that ``access`` meets; raises Unsupported for indices that no strides describe, and borders."""
    strides = dict.fromkeys(access.axes, 0)
    constant = 0
    ranges = {axis: (0, extent - 1) for axis, extent in einsum.extents.items()}
    for index, extent, stride in zip(access.affine_indices, tensor.shape, tensor.element_strides, strict=True):
        least, most = index.bounds(ranges)
        if not index.is_linear or least < 0 or most >= extent:
            raise Unsupported(
                "code generation", f"the index {index} of {access}, {least} to {most} of {extent} elements"
            )
        constant += index.constant * stride
        for axis in index.axes:
            strides[axis] += index.coefficient(axis) * stride
    return Strided(tensor.name, tensor.dtype, strides, constant)


def overlaps(strided: Strided, extents: Mapping[str, int]) -> bool:
    """May two points of the axes meet one element? (False only where the strides rule it out.)"""
    steps = sorted((abs(strided.strides[x]), extents[x]) for x in strided.strides if extents[x] > 1)
    return any(step == 0 for step, _ in steps) or any(
        wider < step * extent for (step, extent), (wider, _) in pairwise(steps)
    )
