"""One axis of an einsum in two: ``x = inner*x_outer + x_inner``, where two axes of an instruction want one each."""

from __future__ import annotations

from dataclasses import replace

from isamap.ir.affine import Affine
from isamap.ir.einsum import Axis, Einsum
from isamap.ir.scalar import Access, Index, Read, Scalar, rebuild


def split(einsum: Einsum, axis: str, inner: int) -> Einsum:
    """The einsum with ``axis`` in a part ``axis_outer`` and a part ``axis_inner`` of extent ``inner``, a divisor."""
    extent = einsum.extents[axis]
    assert extent % inner == 0
    parts = Affine.of([(f"{axis}_outer", inner), (f"{axis}_inner", 1)])

    def changed(index: Affine | Access) -> Affine | Access:
        return index.substitute({axis: parts}) if isinstance(index, Affine) else moved(index)

    def moved(access: Access) -> Access:
        return Access(access.tensor, tuple(map(changed, access.indices)))

    def change(node: Scalar) -> Scalar:
        match node:
            case Read(access):
                return Read(moved(access))
            case Index(index):
                return Index(index.substitute({axis: parts}))
        return node

    sizes = {f"{axis}_outer": extent // inner, f"{axis}_inner": inner}
    axes = [
        new for old in einsum.axes for new in ([old] if old.name != axis else [Axis(n, e, e) for n, e in sizes.items()])
    ]
    outputs = tuple(map(moved, einsum.outputs))
    return replace(einsum, outputs=outputs, value=rebuild(einsum.value, change), axes=tuple(axes))


def largest_divisor(extent: int, most: int) -> int:
    """The largest divisor of ``extent`` that is at most ``most`` and leaves something over; 1: there is none."""
    return next((f for f in range(min(most, extent // 2), 1, -1) if extent % f == 0), 1)
