"""Does a tiling do every point once, in issues that the instruction takes, with pieces that fit? Axis by axis.

What is checked for capacity is a lower bound of what a slot takes: the elements that a piece touches, not the gaps
between them. The placement's checker sees the real bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise, product
from math import prod

from isamap.ir.affine import Affine
from isamap.ir.answers import Level, Tiling, Violation
from isamap.ir.einsum import Einsum
from isamap.ir.hardware import Instruction, Target
from isamap.ir.scalar import Access
from isamap.ir.workload import Workload

RULES: dict[str, str] = {
    "match": "The match names an einsum of the workload and an instruction of the target.",
    "axes": "Every level has a tile size for each axis of the einsum, and for no other.",
    "order": "A level's order names axes of the einsum, none twice; what begins at the far end is one of its loops.",
    "cover": "Every point of the domain is done exactly once.",
    "outer": "A kernel axis that feeds no instruction axis has extent 1 in an issue.",
    "extent": "The extents of every issue, ragged ones too, lie in the instruction's ranges.",
    "memory": "A level lies in an explicit memory of the target.",
    "pieces": "A piece belongs to an operand, and holds at least a tile (of two values one) and at most a block of it.",
    "buffers": "Every operand has buffers, at least as many as pieces are held.",
    "capacity": "The buffers of a memory fit into it together.",
}


def check_tiling(tiling: Tiling, work: Workload, target: Target) -> list[Violation]:
    """Every violation of ``RULES``."""
    match = tiling.match
    names = [instruction.name for instruction in target.instructions]
    if not 0 <= match.einsum < len(work.einsums) or match.instruction not in names or not tiling.levels:
        what = f"einsum {match.einsum} of {len(work.einsums)} on {match.instruction}, {len(tiling.levels)} levels"
        return [Violation("match", "tiling", what)]
    einsum, instruction = work.einsums[match.einsum], target.instruction(match.instruction)
    found = [violation for n, level in enumerate(tiling.levels) for violation in _check_level(n, level, einsum, target)]
    if found:
        return found
    issues = {axis: list(intervals(tiling, axis, extent)) for axis, extent in einsum.extents.items()}
    for axis, extent in einsum.extents.items():
        found += _check_cover(axis, extent, issues[axis])
    found += _check_extents(tiling, instruction, issues)
    found += _check_pieces(tiling, einsum)
    found += _check_capacity(tiling, einsum, instruction, work, target)
    return found


def _check_level(number: int, level: Level, einsum: Einsum, target: Target) -> Iterator[Violation]:
    where, axes = f"level {number}", set(einsum.extents)
    if {axis for axis, _ in level.tile} != axes or len(level.tile) != len(axes):
        yield Violation("axes", where, f"{dict(level.tile)} instead of {' '.join(einsum.extents)}")
    if not set(level.order) <= axes or len(set(level.order)) < len(level.order):
        yield Violation("order", where, f"{' '.join(level.order)}, of {' '.join(einsum.extents)}")
    if not set(level.backward) <= set(level.order):
        yield Violation("order", where, f"{' '.join(level.backward)} backward, of {' '.join(level.order)}")
    if level.memory not in [memory.name for memory in target.memories if memory.kind == "explicit"]:
        yield Violation("memory", where, f"{level.memory!r} is no explicit memory of {target.name}")


def intervals(tiling: Tiling, axis: str, extent: int) -> Iterator[tuple[int, int]]:
    """The range of ``axis`` that each issue does, in order: loops of every level, then one tile."""
    ranges = [(0, extent)]
    for level in tiling.levels:
        size = dict(level.tile)[axis]
        if axis in level.order:
            ranges = [(at, min(at + size, high)) for low, high in ranges for at in range(low, high, size)]
        else:  # no loop: only the first tile of the range is done
            ranges = [(low, min(low + size, high)) for low, high in ranges]
    return iter(ranges)


def _check_cover(axis: str, extent: int, done: list[tuple[int, int]]) -> Iterator[Violation]:
    edges = [(0, 0), *sorted(done), (extent, extent)]
    for (_, high), (low, _) in pairwise(edges):
        if low != high:
            what = f"{high}..{low - 1} is lost" if low > high else f"{low}..{high - 1} is done twice"
            yield Violation("cover", axis, what)


def _check_extents(
    tiling: Tiling, instruction: Instruction, issues: dict[str, list[tuple[int, int]]]
) -> Iterator[Violation]:
    sizes = {axis: {high - low for low, high in done} for axis, done in issues.items()}
    for axis in sorted(set(issues) - set(tiling.match.mapped_axes)):
        if sizes[axis] != {1}:
            yield Violation("outer", axis, f"extents {sorted(sizes[axis])} in an issue of {instruction.name}")
    ranges = {axis.name: (axis.least, axis.most) for axis in instruction.axes}
    for name, fused in tiling.match.axes:
        least, most = ranges[name]
        for combination in product(*(sorted(sizes[x]) for x in fused)):
            if not least <= prod(combination) <= most:
                yield Violation("extent", name, f"{prod(combination)}, not in {least}..{most}")


def _labels(tiling: Tiling) -> dict[str, tuple[str, int]]:
    """What the tables of a level call each operand -> (operand, number of its access)."""
    tensors = [tensor for _, tensor, _ in tiling.match.operands]
    return {
        tensor if tensors.count(tensor) == 1 else f"{tensor}.{operand}": (operand, number)
        for operand, tensor, number in tiling.match.operands
    }


def _check_pieces(tiling: Tiling, einsum: Einsum) -> Iterator[Violation]:
    labels, tile = _labels(tiling), dict(tiling.levels[-1].tile)
    accesses = (einsum.output, *einsum.reads)
    for number, level in enumerate(tiling.levels):
        for label, piece in level.pieces:
            where = f"level {number}, {label}"
            if label not in labels or not {axis for axis, _ in piece} <= set(tile):
                yield Violation("pieces", where, f"{dict(piece)} of one of {' '.join(labels)}")
                continue
            axes = accesses[labels[label][1]].axes
            places = dict(level.buffers).get(label, dict(tiling.levels[-1].buffers).get(label))
            block = dict(tiling.levels[0].tile)
            if places == 1 and all(dict(piece).get(x) in (einsum.extents[x], block[x]) for x in axes):
                continue  # a tensor, or a strip of it, that stays on chip
            for axis in axes:
                size = dict(piece).get(axis, tile[axis])
                least = 1 if tile[axis] == 2 else tile[axis]
                if not least <= size <= dict(level.tile)[axis]:
                    yield Violation("pieces", where, f"{axis} = {size}, tile {tile[axis]}, {dict(level.tile)[axis]}")
    named = {label for level in tiling.levels for label, _ in level.buffers}
    if named != set(labels):
        yield Violation("buffers", "tiling", f"of {' '.join(sorted(named))} instead of {' '.join(sorted(labels))}")
    for number, level in enumerate(tiling.levels):
        for label, held in level.held:
            if not 1 <= held <= dict(level.buffers).get(label, 0):
                yield Violation("buffers", f"level {number}, {label}", f"{held} held in {dict(level.buffers)}")


def _check_capacity(
    tiling: Tiling, einsum: Einsum, instruction: Instruction, work: Workload, target: Target
) -> Iterator[Violation]:
    labels, accesses = _labels(tiling), (einsum.output, *einsum.reads)
    needs: dict[str, int] = {}
    for level in tiling.levels:
        for label, count in level.buffers:
            if label not in labels:
                continue
            operand, number = labels[label]
            waits = number == 0 and level is not tiling.levels[-1]  # an output on its way out
            memory = target.memory(level.memory if waits else instruction.operand(operand).memory)
            piece = dict(tiling.levels[-1].tile) | dict(dict(level.pieces).get(label, ()))
            size = work.tensor(accesses[number].tensor).dtype.bytes_for(touched(accesses[number], piece))
            unit = memory.alignment_bytes
            needs[memory.name] = needs.get(memory.name, 0) + count * -(-size // unit) * unit
    for name, needed in needs.items():
        capacity = target.memory(name).capacity_bytes
        if needed > capacity:
            yield Violation("capacity", name, f"{needed} bytes at least, of {capacity}")


def touched(access: Access, sizes: dict[str, int]) -> int:
    """How many values each coordinate takes, multiplied; where an axis is in two coordinates only the longest."""
    counts = []
    for index in access.indices:
        values = {0}
        for axis in index.axes if isinstance(index, Affine) and index.is_linear else ():
            assert isinstance(index, Affine)
            step = index.coefficient(axis)
            values = {value + step * n for value in values for n in range(sizes[axis])}
        counts.append(len(values))
    axes = [axis for index in access.indices for axis in index.axes]
    return prod(counts) if len(set(axes)) == len(axes) else max(counts, default=1)
