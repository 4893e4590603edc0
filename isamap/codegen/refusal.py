"""What no register tile can do, said before any code is made."""

from __future__ import annotations

from isamap.errors import Unsupported
from isamap.ir.blocking import Blocking, Panels
from isamap.ir.contraction import Contraction
from isamap.ir.cpu import MultiplyAdd
from isamap.ir.factors import grouped_axis, packed_factors, summed_factor, taken
from isamap.ir.panels import size_at


def refuse(what: Contraction, how: Blocking, product: MultiplyAdd) -> None:
    """Raises Unsupported where the instruction cannot be used, or lanes would lie apart in memory."""
    taken(what, how.vector, product)
    if what.factors[0].tensor == what.factors[1].tensor:
        raise _unsupported(f"{what.factors[0].tensor} multiplied by itself", "give it two names")
    if what.finish is None and what.output.dtype != what.sums:
        raise _unsupported(f"sums in {what.sums} stored as {what.output.dtype}")
    if how.early and (not what.reduced or how.vector in what.reduced):
        raise _unsupported(f"{how.early[0]} early, where the lanes lie along the reduced axes, or there are none")
    packed = {panels.tensor for panels in how.panels}
    for each in (what.output, *what.factors):
        step = each.strides.get(how.vector, 0)
        if each.tensor not in packed and step not in (0, 1):
            raise _unsupported(f"elements of {each.tensor} {step} apart along {how.vector}")
    if how.vector in what.parallel and what.output.strides[how.vector] != 1:
        raise _unsupported(f"an output whose elements along {how.vector} are not next to each other")
    if product.group > 1:
        _refuse_groups(what, how, product)


def _refuse_groups(what: Contraction, how: Blocking, product: MultiplyAdd) -> None:
    """Groups must be whole in panels, and lie along a reduced axis of both factors, never along the lanes."""
    name, axis = product.instruction, grouped_axis(what)
    if how.vector in what.reduced:
        raise _unsupported(f"lanes along the reduced axis {how.vector} with {name}", "they lie along a parallel axis")
    if axis is None or not all(factor.strides.get(axis) for factor in what.factors):
        both = "no reduced axis" if axis is None else f"an innermost reduced axis, {axis}, that one factor lacks"
        raise _unsupported(f"{both} with {name}, which adds {product.group} products of neighbours along it")
    along = packed_factors(what, how.vector, product)
    if not along:
        raise _unsupported(f"factors neither of which has the lanes' axis {how.vector} with {name}")
    packed = {panels.tensor for panels in how.panels}
    for tensor in along:
        if tensor not in packed:
            raise _unsupported(f"{tensor}, which lies along the lanes, in place with {name}", "it needs panels")
    for panels in how.panels:
        _refuse_cut(what, how, panels, axis, product.group)
    summed = summed_factor(what, how.vector, product)
    lacking = [x for x in what.reduced if summed is not None and not what.factor(summed).strides.get(x)]
    if lacking:
        raise _unsupported(f"s8 * s8 with {name} over {' and '.join(lacking)}, which {summed} lacks")


def _refuse_cut(what: Contraction, how: Blocking, panels: Panels, axis: str, group: int) -> None:
    block = size_at(what, how, axis, panels.depth)
    for loop in how.loops[panels.depth :]:
        if loop.axis == axis and loop.step < block and loop.step % group:
            raise _unsupported(
                f"blocks of {loop.step} along {axis} in panels of {panels.tensor}", f"a multiple of {group} is possible"
            )


def _unsupported(feature: str, hint: str = "") -> Unsupported:
    return Unsupported("code generation", feature, hint)
