"""Pure moves find tensors where they lie: a vector load takes the strides that it takes, and no copy can help it.

For an instruction that only copies (``D[i] = S[i]``) and an operand in the outermost memory, or in a cache of it, the
rule of the operand's strides holds for the tensor itself. Its axes d, from the last to the first, are fed by kernel
axes fused in some order; those of extent 1 have no stride to keep, and one stride must serve d (``nests``):

    any, per_kernel_axis    nothing more, nor that
    one_per_axis            nothing more
    unit_innermost          the last axis has stride 1
    contiguous              the last axis has stride 1; one further out the next one's stride times its extent, which
                            the instruction must take whole
    fixed strides           axis d has the stride given
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations, product
from math import prod

from isamap.ir.hardware import Operand
from isamap.mapping.givens import Axes, Givens
from isamap.mapping.realisation import fused_sets, nests, stride


def misplaced(g: Givens, w: int, replicate: bool) -> Iterator[tuple[int, Axes]]:
    """The kernel axes per axis of the instruction that accesses in place cannot take in orientation ``w``, and the
    number of an access that cannot."""
    here = _bound(g)
    if not here:
        return
    able = [[x for x in g.extents if g.may_feed(w, x, d.name, replicate)] for d in g.axes]
    for sets in product(*([frozenset[str](), *fused_sets(xs)] for xs in able)):
        axes = tuple(tuple(x for x in g.extents if x in fused) for fused in sets)
        fed = [x for fused in axes for x in fused]
        if len(fed) == len(set(fed)) and _order(g, w, here, axes) is None:
            yield next((n for n in here if _order(g, w, [n], axes) is None), here[-1]), axes


def ordered_in_place(g: Givens, w: int, axes: Axes) -> Axes:
    """``axes`` with the fused ones in an order that every access in place takes, where there is one."""
    return _order(g, w, _bound(g), axes) or axes


def _bound(g: Givens) -> list[int]:
    """The accesses of the instruction that take their tensor's strides as they are, or not at all."""
    free = ("any", "per_kernel_axis")
    return [n for n, here in enumerate(g.in_place) if here and g.operands[n].strides not in free]


def stride_reasons(g: Givens, w: int, about: Sequence[tuple[str, ...]]) -> list[str]:
    """Sentences about clauses of the rule, (orientation, access, ``d=x,y`` ...); of single axes where there are."""
    found: dict[str, None] = {}
    clauses = [(int(one), int(n), [part.split("=")[1].split(",") for part in parts]) for one, n, *parts in about]
    near = [clause for clause in clauses if clause[0] == w] or clauses
    single = [clause for clause in near if all(len(fused) == 1 for fused in clause[2])] or near
    fewest = min(len(sets) for _, _, sets in single)
    for orientation, n, sets in (clause for clause in single if len(clause[2]) == fewest):
        held = g.orientations[orientation][n]
        access, tensor = g.kernel_accesses[held], g.tensors[held]
        steps = [f"{stride(access, tensor, x)} along {x}" for fused in sets for x in fused]
        does = "writes" if n == 0 else "reads"
        found[
            f"{g.instruction.name} {does} {tensor.name} {_rule(g.operands[n])}; {access} has stride {_and(steps)}"
        ] = None
    return list(found)


def _rule(operand: Operand) -> str:
    """As it completes *reads X ...*."""
    match operand.strides:
        case tuple(fixed):
            return f"at strides {', '.join(map(str, fixed))}"
        case "unit_innermost":
            return f"with stride 1 along {operand.axes[-1]}" if operand.axes else "element by element"
        case "one_per_axis":
            return "at one stride per axis"
    return str(operand.strides)


def _and(parts: Sequence[str]) -> str:
    return " and ".join(parts)


def named(g: Givens, axes: Axes) -> tuple[str, ...]:
    """``d=x,y`` for each axis that is fed."""
    return tuple(f"{d.name}={','.join(fused)}" for d, fused in zip(g.axes, axes, strict=True) if fused)


def _order(g: Givens, w: int, here: Sequence[int], axes: Axes) -> Axes | None:
    """``axes``, each in an order in which the accesses ``here`` take them as their tensors lie; None: there is none."""
    if not here:
        return axes
    orders = product(*(permutations(fused) for fused in axes))
    return next((order for order in orders if all(_takes(g, w, n, order) for n in here)), None)


def _takes(g: Givens, w: int, n: int, axes: Axes) -> bool:
    """Does access ``n`` take its tensor as it lies, the axes fused in this order?"""
    operand, held = g.operands[n], g.orientations[w][n]
    access, tensor = g.kernel_accesses[held], g.tensors[held]
    place = {d.name: (d, fused) for d, fused in zip(g.axes, axes, strict=True)}
    dense, whole = 1, True
    for number, name in reversed(list(enumerate(operand.axes))):
        d, fused = place[name]
        long = [x for x in fused if g.extents[x] > 1]
        wanted = _wanted(operand, number, dense)
        if not nests(access, tensor, fused, g.extents, d.most) or (long and not whole):
            return False
        if long and wanted is not None and stride(access, tensor, long[-1]) != wanted:
            return False
        extent = prod(g.extents[x] for x in fused)
        dense, whole = dense * extent, operand.strides != "contiguous" or (whole and extent <= d.most)
    return True


def _wanted(operand: Operand, number: int, dense: int) -> int | None:
    """The stride that axis ``number`` of ``operand`` must have, ``dense`` elements further in; None: any."""
    match operand.strides:
        case tuple(fixed):
            return fixed[number]
        case "contiguous":
            return dense
        case "unit_innermost" if number == len(operand.axes) - 1:
            return 1
    return None
