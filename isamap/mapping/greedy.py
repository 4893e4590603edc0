"""The matcher that a compiler usually has: one pass, one answer, no proof that there is no other.

For each orientation in turn, each kernel axis in order of appearance joins the first instruction axis that it may
feed; the first orientation that feeds every instruction axis is taken. It finds the match with the most kernel axes
where each has one place to go, and nothing at all where an early axis takes the place that a later one needed, or
where what it found breaks a rule of the whole (windows, strides in place).
"""

from __future__ import annotations

from isamap.ir.hardware import Instruction, Target
from isamap.ir.workload import Workload
from isamap.mapping.givens import Freedom, Givens, Realise, givens
from isamap.mapping.in_place import ordered_in_place
from isamap.mapping.match import match_set
from isamap.mapping.match_set import MatchSet
from isamap.mapping.realisation import nested_order, ordered
from isamap.mapping.refusals import refusals
from isamap.mapping.solutions import Solution, keeps
from isamap.mapping.windows import overlaps


def map_einsum_greedily(
    workload: Workload,
    number: int,
    instruction: Instruction,
    *,
    realise: Realise = "gather",
    replicate: bool = False,
    empty_axes: bool = False,
    target: Target | None = None,
) -> MatchSet:
    """At most one match; the same kind of answer as ``map_einsum``, never ``complete``."""
    refused = refusals(workload, number, instruction)
    if refused:
        return MatchSet(number, instruction.name, reasons=refused, complete=False)
    g, freedom = givens(workload, number, instruction, target), Freedom(realise, replicate, empty_axes)
    for orientation in range(len(g.orientations)):
        solution = _fill(g, freedom, orientation)
        if solution is not None:
            return match_set(workload, g, [solution], complete=False)
    reason = f"greedy: no orientation of {instruction.name} had all its axes fed in one pass"
    return MatchSet(number, instruction.name, reasons=(reason,), complete=False)


def _fill(g: Givens, freedom: Freedom, orientation: int) -> Solution | None:
    if not g.agree[orientation]:
        return None
    fused: list[tuple[str, ...]] = [()] * len(g.axes)
    for x in g.extents:
        for position, axis in enumerate(g.axes):
            joined = ordered(g, (*fused[position], x))
            mapped = frozenset(y for names in fused for y in names) | {x}
            may = g.same_kind(x, axis.name) and g.fits(orientation, x, axis.name, freedom.replicate)
            if may and _realisable(g, freedom, mapped, joined, axis.most):
                fused[position] = joined
                break
    if freedom.realise == "direct":
        fused = [nested_order(g, names, d.most) or names for names, d in zip(fused, g.axes, strict=True)]
    found = Solution(orientation, ordered_in_place(g, orientation, tuple(fused)))
    return found if keeps(g, freedom, found) else None


def _realisable(g: Givens, freedom: Freedom, mapped: frozenset[str], joined: tuple[str, ...], most: int) -> bool:
    if freedom.realise == "gather":
        return True
    extents = tuple(g.extents.items())
    if any(overlaps(access, extents, mapped) for access in g.kernel_accesses):
        return False
    return freedom.realise == "view" or nested_order(g, joined, most) is not None
