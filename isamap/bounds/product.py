"""What bounds ask of an einsum that multiplies two tensors: whose elements meet in how many points.

``Z op= f(X, Y)``: every point of the domain needs one element of X, one of Y and one of Z. An access *projects* where
each of its indices has one axis at most, so that an element is met in all points of the axes that it lacks: its
*fibre*. In a convolution it does so once its windows are fixed (``p + r`` at one r).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from math import prod

from isamap.bounds.compulsory import touched_elements
from isamap.ir.affine import Affine
from isamap.ir.dtype import DType
from isamap.ir.einsum import Einsum
from isamap.ir.scalar import Access, Apply, Cast, Read, Scalar
from isamap.ir.workload import Tensor, Workload

_MOST_VALUES = 20_000


@dataclass(frozen=True)
class Factor:
    """One of the three tensors. ``element_bytes`` is the least that an element takes, casts on the way included."""

    access: Access
    tensor: Tensor
    elements: int
    element_bytes: float


@dataclass(frozen=True)
class Product:
    """The two that are read, then the one that is written."""

    extents: Mapping[str, int]
    factors: tuple[Factor, Factor, Factor]

    @property
    def tensors(self) -> frozenset[str]:
        return frozenset(factor.access.tensor for factor in self.factors)


def product_of(work: Workload, einsum: Einsum) -> Product | None:
    """The product that ``einsum`` is: of two reads, casts aside, of three tensors that share no bytes, no axis in two
    indices of one; None where it is none."""
    if len(einsum.outputs) != 1 or not isinstance(einsum.value, Apply) or len(einsum.value.arguments) != 2:
        return None
    read = [_read(argument, work.dtype_of) for argument in einsum.value.arguments]
    if read[0] is None or read[1] is None:
        return None
    written = (einsum.output, work.tensor(einsum.output.tensor).dtype.bits)
    if len({access.tensor for access, _ in (*read, written)}) < 3 or any(t.alias_of for t in work.tensors):  # type: ignore[misc]
        return None
    for access, _ in (*read, written):  # type: ignore[misc]
        axes = [axis for index in access.indices for axis in index.axes]
        if len(set(axes)) < len(axes):
            return None
    one, two, three = (_factor(work, einsum, access, bits) for access, bits in (read[0], read[1], written))
    return Product(einsum.extents, (one, two, three))


def _read(value: Scalar, dtype_of: Mapping[str, DType]) -> tuple[Access, int] | None:
    """The access under casts, and the bits of the narrowest type that its element has on the way."""
    if isinstance(value, Cast):
        inner = _read(value.argument, dtype_of)
        return inner and (inner[0], min(inner[1], value.dtype.bits))
    if isinstance(value, Read) and all(isinstance(index, Affine) for index in value.access.indices):
        return value.access, dtype_of[value.access.tensor].bits
    return None


def _factor(work: Workload, einsum: Einsum, access: Access, bits: int) -> Factor:
    tensor = work.tensor(access.tensor)
    return Factor(access, tensor, touched_elements(access, einsum.extents, tensor), bits / 8)


def projected(access: Access, extents: Mapping[str, int], fixed: Iterable[str] = ()) -> frozenset[str] | None:
    """The axes, those ``fixed`` and those of one value left out, that each element stands for one value of; None where
    one element stands for several."""
    left_out = {*fixed, *(axis for axis, extent in extents.items() if extent == 1)}
    axes = [[axis for axis in index.axes if axis not in left_out] for index in access.affine_indices]
    linear = all(index.is_linear for index in access.affine_indices)
    alone = {names[0] for names in axes if len(names) == 1}
    return frozenset(alone) if linear and all(map(alone.issuperset, axes)) else None


def fibre(factor: Factor, extents: Mapping[str, int]) -> int | None:
    """In how many points each element is met; None where that differs from element to element."""
    axes = projected(factor.access, extents)
    return None if axes is None else prod(extent for axis, extent in extents.items() if axis not in axes)


def points_inside(given: Product) -> int | None:
    """In how many points all three elements lie inside their tensors; None where that is not easily told."""
    points, seen = prod(given.extents.values()), set[str]()
    for factor in (factor for factor in given.factors if factor.tensor.border is not None):
        for index, size in zip(factor.access.affine_indices, factor.tensor.shape, strict=True):
            extents = [given.extents[axis] for axis in index.axes]
            if prod(extents) > _MOST_VALUES or seen & set(index.axes):
                return None
            seen.update(index.axes)
            values = (index.evaluate(dict(zip(index.axes, p, strict=True))) for p in product(*map(range, extents)))
            points = points // prod(extents) * sum(0 <= value < size for value in values)
    return points
