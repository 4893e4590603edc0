"""The lanes of one full issue of a match, one by one: who shares an element, and where elements lie."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import product
from math import prod

from isamap.check.match_case import Case
from isamap.check.match_tiles import Point, element
from isamap.ir.affine import Affine
from isamap.ir.answers import Violation
from isamap.ir.hardware import Operand
from isamap.ir.scalar import Access
from isamap.ir.workload import is_copy

_LANES = 20_000


def shared_lanes(case: Case) -> Iterator[Violation]:
    """Rules windowed and feed, for operands in which lanes share elements."""
    for operand, own in case.own.items():
        met = _meeting(case, own)
        twice = [d for d in met if len(case.fused[d]) > 1]
        yield from (Violation("windowed", f"{operand} {d}", "takes several axes of the kernel") for d in twice)
        if met and not twice and not _agree(case, own, case.held[operand], met):
            yield Violation("feed", operand, f"lanes that share an element of {own} want different ones")


def _lengths(case: Case, axes: list[str]) -> dict[str, int]:
    """As many lanes per axis as an issue can have, fewer where that would be too many to walk."""
    most = {axis.name: axis.most for axis in case.instruction.axes}
    found = {d: min(most[d], prod(case.einsum.extents[x] for x in case.fused[d])) for d in axes}
    while prod(found.values()) > _LANES:
        longest = max(found, key=lambda d: found[d])
        found[longest] = found[longest] // 2
    return found


def _meeting(case: Case, own: Access) -> list[str]:
    """The axes along which lanes of the instruction differ that share an element, at its greatest extents or near."""
    indices = own.affine_indices
    if set(own.axes) <= {str(index) for index in indices}:  # an element's place says which lane it is
        return []
    most = {axis.name: axis.most for axis in case.instruction.axes}
    lengths = {d: min(most[d], max(2, _LANES // 4 ** len(own.axes))) for d in own.axes}
    while prod(lengths.values()) > _LANES and max(lengths.values()) > 2:
        lengths = {d: max(2, length // 2) for d, length in lengths.items()}
    seen: dict[tuple[int, ...], dict[str, set[int]]] = {}
    for lane in product(*map(range, lengths.values())):
        index = dict(zip(lengths, lane, strict=True))
        there = seen.setdefault(tuple(i.evaluate(index) for i in indices), {d: set() for d in lengths})
        for d, number in index.items():
            there[d].add(number)
    return [d for d in lengths if any(len(there[d]) > 1 for there in seen.values())]


def _agree(case: Case, own: Access, held: Access, met: list[str]) -> bool:
    """Do lanes that share an element want one? Along axes that do not meet they are equal."""
    wanted: dict[tuple[int, ...], set[str]] = defaultdict(set)
    lengths = _lengths(case, met)
    steps = any(not isinstance(i, Affine) or not i.is_linear for i in held.indices)
    for start in (0, 1) if steps else (0,):  # where an index is not linear it matters where a tile begins
        for lane in product(*map(range, lengths.values())):
            index = dict.fromkeys(own.axes, 0) | dict(zip(lengths, lane, strict=True))
            point: Point = {}
            for d in met:
                point |= dict.fromkeys(case.fused[d], start + index[d])
            wanted[(start, *(i.evaluate(index) for i in own.affine_indices))].add(element(held, case.at(point)))
    return all(len(elements) == 1 for elements in wanted.values())


def moves_in_place(case: Case) -> Iterator[Violation]:
    """Rule strides."""
    if not is_copy(case.meaning):
        return
    for operand, access in case.held.items():
        named = case.instruction.operand(operand)
        if case.lies_outside(named.memory) and not _takes(case, named, access):
            yield Violation("strides", operand, f"{access} does not lie as {named.strides} of {named.axes} asks")


def _takes(case: Case, operand: Operand, access: Access) -> bool:
    """Is the address of every lane of a full issue what the operand's strides say?"""
    if operand.strides in ("any", "per_kernel_axis"):
        return True
    lengths, most = _lengths(case, list(operand.axes)), {axis.name: axis.most for axis in case.instruction.axes}
    long = {d: [case.einsum.extents[x] for x in case.fused[d] if case.einsum.extents[x] > 1] for d in operand.axes}
    if any(prod(extents[1:]) > most[d] for d, extents in long.items()):
        return False
    start = _address(case, access, {})
    steps = [_address(case, access, _point(case, d, 1)) - start if lengths[d] > 1 else None for d in operand.axes]
    dense = [prod(lengths[d] for d in operand.axes[n + 1 :]) for n in range(len(operand.axes))]
    wanted: tuple[int | None, ...] = (None,) * len(steps)
    if isinstance(operand.strides, tuple):
        wanted = operand.strides
    elif operand.strides == "contiguous":
        wanted = tuple(dense)
    elif operand.strides == "unit_innermost":
        wanted = (*wanted[1:], 1)
    right = all(w is None or s is None or s == w for s, w in zip(steps, wanted, strict=True))
    return right and all(
        _address(case, access, _point(case, d, number)) - start == number * (step or 0)
        for d, step in zip(operand.axes, steps, strict=True)
        for number in range(lengths[d])
    )


def _point(case: Case, d: str, lane: int) -> Point:
    """The kernel's coordinates of a lane along ``d``, the inner axis running fastest."""
    found: Point = {}
    for x in reversed(case.fused[d]):
        lane, found[x] = divmod(lane, case.einsum.extents[x])
    return found


def _address(case: Case, access: Access, point: Point) -> int:
    steps = case.workload.tensor(access.tensor).element_strides
    return sum(i.evaluate(case.at(point)) * step for i, step in zip(access.affine_indices, steps, strict=True))
