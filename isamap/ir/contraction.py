"""A contraction as arrays in memory: sums of products of two tensors, each with the distances between its elements.

S[..] += A[..] * B[..]        over the axes that S lacks
O[..]  = finish(S[..], ..)    what is stored of each sum; the sum itself where nothing else is said
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from isamap.errors import Unsupported
from isamap.ir.dtype import DType
from isamap.ir.einsum import Einsum
from isamap.ir.scalar import Access, Apply, Cast, Read, Scalar
from isamap.ir.workload import Tensor, Workload


@dataclass(frozen=True)
class Strided:
    """A tensor: how many elements apart its neighbours along each axis lie, and where all axes are 0 (``constant``)."""

    tensor: str
    dtype: DType
    strides: Mapping[str, int]
    constant: int = 0


@dataclass(frozen=True)
class Finish:
    """What is stored of a sum: ``value`` reads it as the tensor ``sums``, and one element each of ``others``, which lie
    along axes of the output."""

    value: Scalar
    sums: str
    others: tuple[Strided, ...] = ()


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

    def factor(self, tensor: str) -> Strided:
        return next(factor for factor in self.factors if factor.tensor == tensor)


def contraction_of(work: Workload, number: int = 0) -> Contraction:
    """Einsum ``number`` of ``work`` as a contraction. Raises Unsupported where it is none."""
    einsum = work.einsums[number]
    if einsum.operator != "+=":
        raise _no_contraction(einsum, f"the operator {einsum.operator}")
    factors = _factors(einsum)
    tensors = [einsum.output.tensor, *(access.tensor for access in factors)]
    if len(set(tensors)) < len(tensors):
        raise _no_contraction(einsum, f"{max(tensors, key=tensors.count)} twice")
    reads = tuple(_strided(work.tensor(access.tensor), access, einsum) for access in factors)
    return Contraction(
        einsum.extents,
        _strided(work.tensor(einsum.output.tensor), einsum.output, einsum),
        (reads[0], reads[1]),
        continues=einsum.output.tensor in work.inputs,
    )


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
