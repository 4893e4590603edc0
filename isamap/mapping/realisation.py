"""What each operand of a match needs: its tensor as it lies, a strided view, a copy, or an element repeated.

A list of kernel axes fused into one instruction axis *nests* in an access when one stride serves it: the element stride
of each axis is the next one's stride times its extent (axes of extent 1 have no stride to keep), and all but the outer
one fit the instruction axis whole. A fused axis is a box, never a run across a row: 2 rows x 8 columns of a 112 wide
image have two strides though the image is dense.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise, permutations, product
from math import prod

from isamap.ir.affine import Affine
from isamap.ir.answers import Realisation
from isamap.ir.hardware import Operand
from isamap.ir.scalar import Access
from isamap.ir.workload import Tensor, is_copy
from isamap.mapping.givens import Axes, Givens
from isamap.mapping.windowed import foreign_windows
from isamap.mapping.windows import nonlinear_axes, overlaps


def stride(access: Access, tensor: Tensor, axis: str) -> int:
    """Elements between neighbours along ``axis`` in the tensor as it is stored (affine indices only)."""
    return sum(
        index.coefficient(axis) * step
        for index, step in zip(access.indices, tensor.element_strides, strict=True)
        if isinstance(index, Affine)
    )


def nests(access: Access, tensor: Tensor, fused: Iterable[str], extents: dict[str, int], most: int) -> bool:
    """Does one stride serve ``fused`` (outer to inner) in ``access``, on an instruction axis of at most ``most``?"""
    long = [axis for axis in fused if extents[axis] > 1]
    pairs = pairwise(long)
    steps = {axis: stride(access, tensor, axis) for axis in long}
    if not all(steps[outer] == steps[inner] * extents[inner] for outer, inner in pairs):
        return False
    return prod(extents[axis] for axis in long[1:]) <= most


def nested_order(g: Givens, fused: Iterable[str], most: int) -> tuple[str, ...] | None:
    """An order of ``fused`` that nests in every access of the kernel that depends on any of it; None: there is none."""
    axes = tuple(fused)
    held = [n for n, depends in enumerate(g.kernel_dependence) if not depends.isdisjoint(axes)]
    for order in permutations(axes):
        if all(nests(g.kernel_accesses[n], g.tensors[n], order, g.extents, most) for n in held):
            return order
    return None


def ordered(g: Givens, fused: Iterable[str]) -> tuple[str, ...]:
    """``fused`` as the axes appear in the output; summed ones as they appear in the first read that has them."""
    appearance = list(dict.fromkeys(axis for access in g.kernel_accesses for axis in access.axes))
    return tuple(sorted(fused, key=appearance.index))


def realisation(g: Givens, orientation: int, axes: Axes) -> tuple[tuple[str, Realisation], ...]:
    """(operand, what it needs) in the order of the instruction's operands."""
    found: dict[str, Realisation] = {}
    for n, held in enumerate(g.orientations[orientation]):
        found.setdefault(g.operands[n].name, _of_operand(g, n, held, axes))
    return tuple((operand.name, found[operand.name]) for operand in g.instruction.operands if operand.name in found)


def _of_operand(g: Givens, n: int, held: int, axes: Axes) -> Realisation:
    access, tensor, operand = g.kernel_accesses[held], g.tensors[held], g.operands[n]
    mapped = frozenset(x for fused in axes for x in fused) & g.kernel_dependence[held]
    if mapped & nonlinear_axes(access) or (operand.is_interleaved and not is_copy(g.meaning)):
        return "gather"
    own = [(axis, fused) for axis, fused in zip(g.axes, axes, strict=True) if axis.name in g.dependence[n]]
    if g.windows[n]:
        return _of_windows(g, n, held, axes)
    one_stride = all(nests(access, tensor, fused, g.extents, axis.most) for axis, fused in own)
    overlapping = overlaps(access, tuple(g.extents.items()), mapped)
    if overlapping and not _may_overlap(operand, one_stride):
        return "gather"
    if any(x not in mapped for _, fused in own for x in fused):
        return "broadcast"
    return "direct" if one_stride and not overlapping else "view"


def _of_windows(g: Givens, n: int, held: int, axes: Axes) -> Realisation:
    """Of an operand whose lanes share elements: one stride must serve each window (p + r), and what the tensor holds
    once the operand holds once."""
    access, tensor = g.kernel_accesses[held], g.tensors[held]
    if foreign_windows(g, n, access, axes):
        return "gather"
    feeds = {d.name: fused for d, fused in zip(g.axes, axes, strict=True)}
    for window in g.windows[n]:
        steps = [(c, stride(access, tensor, x)) for d, c in window.terms for x in feeds[str(d)] if g.extents[x] > 1]
        if any(c * other != factor * step for c, step in steps for factor, other in steps):
            return "gather"
    own = [(axis, fused) for axis, fused in zip(g.axes, axes, strict=True) if axis.name in g.dependence[n]]
    if any(x not in g.kernel_dependence[held] for _, fused in own for x in fused):
        return "broadcast"
    return "direct" if all(nests(access, tensor, fused, g.extents, axis.most) for axis, fused in own) else "view"


def _may_overlap(operand: Operand, one_stride: bool) -> bool:
    """May the operand's strides be such that lanes share elements? A dense block needs them copied apart."""
    return operand.strides in ("per_kernel_axis", "any") or (operand.strides == "one_per_axis" and one_stride)


def fused_sets(candidates: Iterable[str]) -> list[frozenset[str]]:
    """Every non-empty set of ``candidates``, in a fixed order."""
    names = tuple(candidates)
    choices = product((False, True), repeat=len(names))
    return [frozenset(x for x, taken in zip(names, choice, strict=True) if taken) for choice in choices if any(choice)]
