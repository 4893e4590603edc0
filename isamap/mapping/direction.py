"""An axis may be counted from either end: ``k-1-r`` is as good an index as ``r``.

An axis whose coefficients are negative wherever it stands is counted from its other end, which visits the same points.
How an einsum is written then plays no part in what its operands need: one stride serves an axis and a turned one. Where
an axis runs forward in one access and backward in another (a flipped filter), it stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping

from isamap.ir.affine import Affine
from isamap.ir.einsum import Einsum
from isamap.ir.scalar import Access, Read, Scalar, rebuild


def forward(einsum: Einsum) -> Einsum:
    """The same einsum, its backward axes counted from the other end (one that uses no index as a value)."""
    accesses = (*einsum.outputs, *einsum.reads)
    indices = [index for access in accesses for index in access.indices]
    turned = {
        x: Affine(((x, -1),), extent - 1)
        for x, extent in einsum.extents.items()
        if all(isinstance(index, Affine) and _runs_back(index, x) for index in indices if x in index.axes)
    }
    if not turned:
        return einsum

    def put(node: Scalar) -> Scalar:
        return Read(_put_in(node.access, turned)) if isinstance(node, Read) else node

    outputs = tuple(_put_in(output, turned) for output in einsum.outputs)
    return Einsum(outputs, einsum.operator, rebuild(einsum.value, put), einsum.axes)


def _runs_back(index: Affine, axis: str) -> bool:
    return index.coefficient(axis) < 0 and all(
        isinstance(a, str) or axis not in a.numerator.axes for a, _ in index.terms
    )


def _put_in(access: Access, values: Mapping[str, Affine]) -> Access:
    return Access(access.tensor, tuple(i.substitute(values) if isinstance(i, Affine) else i for i in access.indices))
