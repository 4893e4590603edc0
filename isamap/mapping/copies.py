"""Bytes of the copies that a match makes, because operands cannot meet their tensors as they lie.

Coordinates of an access are *linked* when an axis steps both; a group of linked coordinates g has the axes X(g). Of
the kernel axes M that feed the instruction, an operand's own are those fused into its axes. As packed, a copy has

    elements = prod_g points(g) * prod_{x in own, not in the access} extent(x)

    points(g)   prod_{x in X(g)} extent(x)      where g meets an element twice while M runs, or no stride describes it
                values that its coordinates take where strides do: each element once, the windows of outer axes overlap

``gather`` copies. ``broadcast`` does where the operand's strides cannot be 0 along an axis that its tensor lacks; one
with a free stride per kernel axis reads the same element again. ``direct`` and ``view`` copy nothing: a transfer steps
over their strides on its way in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import gcd, prod

from isamap.ir.affine import Affine
from isamap.ir.answers import Realisation
from isamap.ir.einsum import Einsum
from isamap.ir.hardware import Instruction, Operand
from isamap.ir.scalar import Access
from isamap.mapping.windows import nonlinear_axes, windows

Index = Affine | Access


def copied_bytes(
    einsum: Einsum,
    instruction: Instruction,
    fused: Mapping[str, Iterable[str]],
    held: Mapping[str, int],
    needs: Mapping[str, Realisation],
) -> dict[str, int]:
    """Bytes of each operand's copy, as packed; operands that are not copied are left out.

    ``fused`` are the kernel axes of each axis of the instruction, ``held`` the number of the access that an operand
    holds (0: the output), ``needs`` its realisation.
    """
    accesses, mapped = (einsum.output, *einsum.reads), [x for axes in fused.values() for x in axes]
    found: dict[str, int] = {}
    for name, number in held.items():
        operand = instruction.operand(name)
        if needs[name] == "gather" or (needs[name] == "broadcast" and not _may_repeat(operand)):
            own = [x for axis in operand.axes for x in fused.get(axis, ())]
            found[name] = operand.dtype.bytes_for(_elements(accesses[number], einsum, mapped, own))
    return found


def _may_repeat(operand: Operand) -> bool:
    return operand.strides in ("per_kernel_axis", "any")


def _elements(access: Access, einsum: Einsum, mapped: Iterable[str], own: Iterable[str]) -> int:
    """Of the copy, one per point of what must be packed."""
    extents, running = einsum.extents, frozenset(mapped)
    clashes = [group for group in windows(access, tuple(extents.items())) if group <= running]
    loose = nonlinear_axes(access)
    total = prod(extents[x] for x in own if x not in access.axes)
    for indices in _linked(access.indices):
        axes = {x for index in indices for x in index.axes}
        points = prod(extents[x] for x in axes)
        if axes & loose or any(group <= axes for group in clashes):
            total *= points
        else:
            total *= min(points, prod(_values(i, extents) for i in indices if isinstance(i, Affine)))
    return total


def _linked(indices: Iterable[Index]) -> Iterator[list[Index]]:
    """The indices in groups that have no axis in common."""
    left = list(indices)
    while left:
        group, axes = [left[0]], set(left[0].axes)
        left = left[1:]
        while more := [index for index in left if axes & set(index.axes)]:
            group += more
            axes |= {x for index in more for x in index.axes}
            left = [index for index in left if index not in more]
        yield group


def _values(index: Affine, extents: dict[str, int]) -> int:
    """How many values a linear index takes, counted in its greatest common step."""
    steps = [(abs(index.coefficient(x)), extents[x] - 1) for x in index.axes if extents[x] > 1]
    step = gcd(*(size for size, _ in steps)) or 1
    return sum(size * reach for size, reach in steps) // step + 1
