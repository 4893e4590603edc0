"""Compulsory traffic: what must cross from and to the outermost memory however the work is done.

Every element of an input that some point of the domain reads must come in at least once, every element of an output
that is written must go out at least once (the I/O argument of Hong and Kung, "I/O complexity: the red-blue pebble
game", STOC 1981, with an unlimited fast memory). Reads outside a tensor give its border and move nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from isamap.ir.affine import Affine
from isamap.ir.injective import reached
from isamap.ir.scalar import Access
from isamap.ir.workload import Tensor, Workload


def values_inside(index: Affine, extents: Mapping[str, int], size: int) -> int:
    """How many different values in [0, size) a linear ``index`` takes over its axes: a bit per value."""
    terms = [(index.coefficient(axis), extents[axis]) for axis in index.axes]
    low = index.constant + sum(min(0, coefficient * (extent - 1)) for coefficient, extent in terms)
    bits = reached(terms)
    inside = bits >> -low if low < 0 else bits << low
    return (inside & ((1 << size) - 1)).bit_count()


def touched_elements(access: Access, extents: Mapping[str, int], tensor: Tensor) -> int:
    """At least so many elements of ``tensor`` are touched through ``access``: exactly, where no axis is in two indices.

    A gather, ``//`` or ``%`` counts as one value; where an axis is in several indices, only the longest counts.
    """
    counts = []
    for index, size in zip(access.indices, tensor.shape, strict=True):
        linear = isinstance(index, Affine) and index.is_linear
        counts.append(values_inside(index, extents, size) if linear and isinstance(index, Affine) else 1)
    axes = [axis for index in access.indices for axis in index.axes]
    if len(set(axes)) < len(axes):
        return max(counts, default=1)
    total = 1
    for count in counts:
        total *= count
    return total


def compulsory_bytes(work: Workload, without: frozenset[str] = frozenset()) -> tuple[int, int]:
    """(bytes in, bytes out) that any program for ``work`` moves at least, tensors ``without`` left out."""
    coming: dict[str, int] = {}
    going: dict[str, int] = {}
    for einsum in work.einsums:
        for access in einsum.reads:
            if access.tensor in work.inputs and access.tensor not in without:
                count = touched_elements(access, einsum.extents, work.tensor(access.tensor))
                coming[access.tensor] = max(coming.get(access.tensor, 0), count)
        for access in einsum.outputs:
            if access.tensor in work.outputs and access.tensor not in without:
                count = touched_elements(access, einsum.extents, work.tensor(access.tensor))
                going[access.tensor] = max(going.get(access.tensor, 0), count)
    return _bytes(work, coming), _bytes(work, going)


def _bytes(work: Workload, counts: Mapping[str, int]) -> int:
    """Bytes of so many elements of each tensor; of those that share their bytes with others, the most of any."""
    found: dict[str, int] = {}
    for name, count in counts.items():
        tensor = root = work.tensor(name)
        while root.alias_of is not None:
            root = work.tensor(root.alias_of[0])
        found[root.name] = max(found.get(root.name, 0), tensor.dtype.bytes_for(count))
    return sum(found.values())
