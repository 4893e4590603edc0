"""What a contraction is to a library of linear algebra: products of matrices with leading dimensions.

C[i,j] = sum over k of A[i,k] * B[k,j], for every i below ``rows`` and j below ``columns``, for each of a ``batch``. The
elements of a row of C lie next to each other. What is column-major is the same product of the transposed matrices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod

from isamap.deploy.against.library import Lacking
from isamap.ir.contraction import Contraction, Strided


@dataclass(frozen=True)
class Matrix:
    """A tensor as a matrix: rows (columns if ``is_transposed``) begin ``leading`` elements apart, the matrices of a
    batch ``step``; the first begins ``offset`` elements into the tensor."""

    tensor: str
    dtype: str
    is_transposed: bool
    leading: int
    step: int
    offset: int


@dataclass(frozen=True)
class Product:
    """``batch`` products of ``a`` (rows x summed) and ``b`` (summed x columns); ``continues``: added to what ``c``
    holds."""

    batch: int
    rows: int
    columns: int
    summed: int
    a: Matrix
    b: Matrix
    c: Matrix
    continues: bool

    @property
    def dtypes(self) -> tuple[str, str, str]:
        return self.a.dtype, self.b.dtype, self.c.dtype


def product_of(what: Contraction) -> Product:
    """``what`` as products of matrices. Raises Lacking where it is none."""
    if what.finish is not None:
        raise _no_product("what is done to the sums")
    kinds = _kinds(what)
    one, other, output = *what.factors, what.output
    batch, (one_step, other_step, step) = _fused(kinds["batch"], what.extents, (one, other, output))
    rows, (one_row, row) = _fused(kinds["row"], what.extents, (one, output))
    columns, (other_column, column) = _fused(kinds["column"], what.extents, (other, output))
    summed, (one_summed, other_summed) = _fused(kinds["summed"], what.extents, (one, other))
    if columns > 1 and column != 1:
        one, other, one_step, other_step = other, one, other_step, one_step
        rows, columns, row, column = columns, rows, column, row
        one_row, other_column, one_summed, other_summed = other_column, one_row, other_summed, one_summed
    if columns > 1 and column != 1:
        raise _no_product(f"an output whose neighbours lie {row} and {column} elements apart")
    return Product(
        batch, rows, columns, summed,
        _matrix(one, (rows, summed), (one_row, one_summed), one_step),
        _matrix(other, (summed, columns), (other_summed, other_column), other_step),
        _matrix(output, (rows, columns), (row, column), step),
        what.continues,
    )  # fmt: skip


def _kinds(what: Contraction) -> dict[str, list[str]]:
    """The axes longer than 1 by what they do: batch, row, column, summed."""
    one, other = (factor.strides for factor in what.factors)
    kinds: dict[str, list[str]] = {"batch": [], "row": [], "column": [], "summed": []}
    names = {(True, True, True): "batch", (True, False, True): "row", (False, True, True): "column",
             (True, True, False): "summed"}  # fmt: skip
    for axis, extent in what.extents.items():
        if extent > 1:
            kind = names.get((axis in one, axis in other, axis in what.output.strides))
            if kind is None:
                raise _no_product(f"the axis {axis}, of one factor alone")
            kinds[kind].append(axis)
    return kinds


def _fused(axes: Sequence[str], extents: Mapping[str, int], tensors: Sequence[Strided]) -> tuple[int, tuple[int, ...]]:
    """Several axes as one: its extent, and how far apart its elements lie in each of the tensors."""
    order = sorted(axes, key=lambda axis: -tensors[0].strides[axis])
    for outer, inner in pairwise(order):
        if any(each.strides[outer] != each.strides[inner] * extents[inner] for each in tensors):
            raise _no_product(f"the axes {' and '.join(order)}, which are no single one in memory")
    return prod(extents[axis] for axis in order), tuple(each.strides[order[-1]] if order else 0 for each in tensors)


def _matrix(tensor: Strided, extents: tuple[int, int], strides: tuple[int, int], step: int) -> Matrix:
    """Rows, or columns, whose elements lie next to each other and which do not overlap."""
    (rows, columns), (row, column) = extents, strides
    for is_transposed, length, count, near, far in (
        (False, columns, rows, column, row),
        (True, rows, columns, row, column),
    ):
        if (near == 1 or length == 1) and (far >= length or count == 1):
            leading = far if count > 1 else length
            return Matrix(tensor.tensor, tensor.dtype.name, is_transposed, leading, step, tensor.constant)
    raise _no_product(f"a matrix in {tensor.tensor} whose neighbours lie {row} and {column} elements apart")


def _no_product(what: str) -> Lacking:
    return Lacking(f"libraries have products of matrices with leading dimensions, not {what}")
