"""What a match is, by walking issues lane by lane: slow, and without a word of the matcher's.

An assignment lays the instruction's reads on the kernel's and sends each kernel axis to an axis of the instruction or
nowhere. It is a match iff in issues of all sizes every operand element is the right one for all lanes that meet it, no
two elements of the output are one, both sides compute the same of the same numbers, and what one operand depends on the
other depends on: an element changes along a kernel axis where a step along the instruction's axis changes the lane's.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import permutations, product
from math import prod

from isamap.ir.scalar import Access, Apply, Literal, Read, Scalar
from tests.mapping.random_pairs import Pair

Assignment = tuple[tuple[int, ...], tuple[tuple[str, frozenset[str]], ...]]
OPERATIONS = {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "max": max}
REDUCING = ("+=", "*=", "max=", "min=")


def matches(pair: Pair, *, replicate: bool, empty_axes: bool) -> set[Assignment]:
    """Every assignment that is one, with or without leave to repeat inputs and to leave axes unfed."""
    needed = [axis.name for axis in pair.meaning.axes]
    if pair.einsum.operator != pair.meaning.operator:
        afresh = pair.instruction.initialise != "never" and pair.meaning.operator in REDUCING
        if pair.einsum.operator != "=" or not afresh:
            return set()
        needed = [d for d in needed if d in pair.meaning.parallel_axes]
    return {
        (order, sets)
        for order in permutations(range(1, len(pair.einsum.reads) + 1))
        if len(order) == len(pair.meaning.reads) and computes(pair, order)
        for sets in assigned(pair, order, replicate)
        if (any(fused for _, fused in sets) if empty_axes else all(fused for d, fused in sets if d in needed))
        if any(fused for _, fused in sets) and right(pair, order, dict(sets))
    }


def computes(pair: Pair, order: tuple[int, ...]) -> bool:
    """Do both expressions give the same, the reads being random numbers?"""
    rng = random.Random(0)
    for _ in range(8):
        numbers = [rng.randint(-99, 99) for _ in order]
        ours, theirs = iter([numbers[n - 1] for n in order]), iter(numbers)
        if value(pair.meaning.value, ours) != value(pair.einsum.value, theirs):
            return False
    return True


def value(node: Scalar, reads: Iterator[int]) -> int | float:
    match node:
        case Read():
            return next(reads)
        case Literal(number):
            return number
        case Apply(function, arguments):
            one, other = (value(argument, reads) for argument in arguments)
            return OPERATIONS[function](one, other)  # type: ignore[no-untyped-call]
    raise AssertionError(node)


def assigned(pair: Pair, order: tuple[int, ...], replicate: bool) -> Iterator[tuple[tuple[str, frozenset[str]], ...]]:
    """Every way to send kernel axes where the operands change as their tensors do."""
    xs, ds = list(pair.einsum.extents), [axis.name for axis in pair.meaning.axes]
    held = [pair.einsum.output, *(pair.einsum.reads[n - 1] for n in order)]
    own = [pair.meaning.output, *pair.meaning.reads]

    def alike(x: str, d: str) -> bool:
        for n, (mine, theirs) in enumerate(zip(own, held, strict=True)):
            steps, changes = moves(mine, d, ds), moves(theirs, x, xs)
            if steps != changes and not (replicate and n > 0 and steps):
                return False
        return True

    able = [[None, *(d for d in ds if alike(x, d))] for x in xs]
    for places in product(*able):
        sets = tuple((d, frozenset(x for x, to in zip(xs, places, strict=True) if to == d)) for d in ds)
        if not any(len(fused) > 1 and shares(pair, d) for d, fused in sets):
            yield sets


def moves(access: Access, axis: str, axes: list[str]) -> bool:
    """Does a step along ``axis`` lead to another element?"""
    here = dict.fromkeys(axes, 0)
    return at(access, here) != at(access, here | {axis: 1})


def at(access: Access, point: dict[str, int]) -> tuple[int, ...]:
    return tuple(index.evaluate(point) for index in access.affine_indices)


def shares(pair: Pair, d: str) -> bool:
    """Do two lanes with different indices on ``d`` meet one element of an operand that a step along ``d`` changes?"""
    most = {axis.name: axis.most for axis in pair.instruction.axes}
    for access in pair.meaning.reads:
        own = [axis for axis in most if axis in access.axes]
        seen: dict[tuple[int, ...], set[int]] = {}
        for lane in product(*(range(most[axis]) for axis in own)) if d in own else ():
            index = dict(zip(own, lane, strict=True))
            seen.setdefault(at(access, index), set()).add(index[d])
        if any(len(found) > 1 for found in seen.values()):
            return True
    return False


def right(pair: Pair, order: tuple[int, ...], sets: dict[str, frozenset[str]]) -> bool:
    held = [pair.einsum.output, *(pair.einsum.reads[n - 1] for n in order)]
    own = [pair.meaning.output, *pair.meaning.reads]
    fused = {d: sorted(some) for d, some in sets.items()}
    for size in sizes(pair, fused):
        wanted: list[dict[tuple[int, ...], tuple[int, ...]]] = [{} for _ in own]
        for index, point in issue(pair, fused, size):
            for found, mine, theirs in zip(wanted, own, held, strict=True):
                meant = at(theirs, turned(pair, point))
                if found.setdefault(at(mine, index), meant) != meant:
                    return False
        if len(set(wanted[0].values())) < len(wanted[0]):
            return False
    return True


def turned(pair: Pair, point: dict[str, int]) -> dict[str, int]:
    """``point``, those coordinates counted from the other end that every index counts down."""
    extents = pair.einsum.extents
    indices = [i for access in (pair.einsum.output, *pair.einsum.reads) for i in access.affine_indices]
    down = [x for x in extents if all(index.coefficient(x) < 0 for index in indices if x in index.axes)]
    return point | {x: extents[x] - 1 - point[x] for x in down}


def sizes(pair: Pair, fused: dict[str, list[str]]) -> Iterator[dict[str, int]]:
    """Every size of a tile that the instruction takes and that cannot grow."""
    most = {axis.name: axis.most for axis in pair.instruction.axes}
    per_axis = []
    for d, xs in fused.items():
        boxes = [box for box in product(*(range(1, pair.einsum.extents[x] + 1) for x in xs)) if prod(box) <= most[d]]
        largest = [b for b in boxes if not any(b != c and all(map(int.__le__, b, c)) for c in boxes)]
        per_axis.append([dict(zip(xs, box, strict=True)) for box in largest])
    for choice in product(*per_axis):
        yield {x: size for box in choice for x, size in box.items()}


def issue(
    pair: Pair, fused: dict[str, list[str]], size: dict[str, int]
) -> Iterator[tuple[dict[str, int], dict[str, int]]]:
    """(index on the instruction's axes, kernel point) of each lane of the first issue."""
    for corner in product(*(range(size[x]) for x in size)):
        step = dict(zip(size, corner, strict=True))
        index = {}
        for d, xs in fused.items():
            index[d] = 0
            for x in xs:
                index[d] = index[d] * size[x] + step[x]
        yield index, dict.fromkeys(pair.einsum.extents, 0) | step
