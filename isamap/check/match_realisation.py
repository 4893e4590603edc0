"""Does each operand of a match need no more than the match says? Addresses, one by one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import islice, pairwise, product
from math import prod

from isamap.check.match_case import Case
from isamap.check.match_tiles import Point, element
from isamap.ir.affine import Affine
from isamap.ir.answers import Violation
from isamap.ir.scalar import Access, Read


def realised(case: Case) -> Iterator[Violation]:
    """Rule realisation."""
    for operand, need in case.match.realisation:
        access = case.held[operand]
        if need in ("direct", "view") and _is_cut(case, operand):
            yield Violation("realisation", operand, "no strides describe the order in which its elements lie")
        elif need in ("direct", "view") and not _has_strides(case, access):
            yield Violation("realisation", operand, f"{access} has no strides along the axes that are mapped")
        elif need == "direct" and not all(_one_stride(case, access, d) for d in case.own[operand].axes):
            yield Violation("realisation", operand, f"{access} needs several strides on one instruction axis")
        elif need == "direct" and _meets_twice(case, operand, access):
            yield Violation("realisation", operand, f"{access} meets an element twice")


def _is_cut(case: Case, operand: str) -> bool:
    """Does an instruction that computes want the operand in an order that cuts an axis in parts?"""
    order = case.instruction.operand(operand).layout or ()
    return any(not index.is_linear for index in order) and not isinstance(case.meaning.value, Read)


def _address(case: Case, access: Access, point: Point) -> int:
    """The element's offset, 0 along the axes that ``point`` does not name."""
    steps = case.workload.tensor(access.tensor).element_strides
    whole = case.at(point)
    return sum(i.evaluate(whole) * step for i, step in zip(access.affine_indices, steps, strict=True))


def _has_strides(case: Case, access: Access) -> bool:
    """Along each axis, and over small corners of all of them, is the address linear?"""
    if not all(isinstance(index, Affine) for index in access.indices):
        return False
    axes, start = [x for x in case.match.mapped_axes if x in access.axes], _address(case, access, {})
    step = {x: _address(case, access, {x: 1}) - start for x in axes}
    lines = ({x: n} for x in axes for n in range(min(case.einsum.extents[x], 64)))
    corners = (dict(zip(axes, corner, strict=True)) for corner in product((0, 1), repeat=len(axes)))
    points = [*lines, *corners]
    return all(_address(case, access, p) == start + sum(step[x] * n for x, n in p.items()) for p in points)


def _one_stride(case: Case, access: Access, d: str) -> bool:
    long = [x for x in case.fused[d] if case.einsum.extents[x] > 1]
    most = next(axis.most for axis in case.instruction.axes if axis.name == d)
    if prod(case.einsum.extents[x] for x in long[1:]) > most:
        return False
    points = islice(product(*(range(case.einsum.extents[x]) for x in long)), most)
    found = [_address(case, access, dict(zip(long, point, strict=True))) for point in points]
    return len({after - before for before, after in pairwise(found)}) <= 1


def _meets_twice(case: Case, operand: str, access: Access) -> bool:
    """Does one element of the tensor lie at two places of the operand? (Lanes may share a place: windows.)"""
    axes = [x for x in case.match.mapped_axes if x in access.axes]
    places: dict[str, set[tuple[int, ...]]] = defaultdict(set)
    for corner in product(*(range(min(case.einsum.extents[x], 3)) for x in axes)):
        point = dict(zip(axes, corner, strict=True))
        places[element(access, case.at(point))].add(_place(case, operand, point))
    return any(len(found) > 1 for found in places.values())


def _place(case: Case, operand: str, point: Point) -> tuple[int, ...]:
    """Where the lane of a point near the origin finds its element in the operand."""
    lanes: Point = {}
    for d, fused in case.fused.items():
        lanes[d] = 0
        for x in fused:
            lanes[d] = lanes[d] * min(case.einsum.extents[x], 3) + point.get(x, 0)
    return tuple(index.evaluate(lanes) for index in case.own[operand].affine_indices)
