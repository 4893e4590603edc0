"""Ragged blocks that starve: a last block of few tiles uses each piece less often than it takes to bring the next ones.

Blocks are of kinds, one per set of axes along which they are ragged. A kind whose pieces keep a channel or a bus busy
for longer than its issues take makes the unit wait for the difference, as often as there are such blocks.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from itertools import product
from math import prod

from isamap.ir.binding import Binding, Role
from isamap.ir.hardware import Transfer
from isamap.tiling.carrying import carry_cycles
from isamap.tiling.fitting import Kept, fetches
from isamap.tiling.nest import Loop, Nest, histogram, piece

Kind = tuple[bool, ...]
"""Per axis of the einsum: is the block ragged along it?"""


def starved_cycles(
    binding: Binding, nest: Nest, nest_loops: Sequence[Loop], kept: Mapping[str, Kept], but: Container[Kind]
) -> float:
    """Cycles that the unit waits in blocks of all kinds ``but`` some."""
    return sum(
        count * max(0.0, _carrying(binding, nest, nest_loops, kept, sizes) - _computing(binding, nest, sizes))
        for kind, sizes, count in _kinds(binding, nest)
        if kind not in but
    )


def _kinds(binding: Binding, nest: Nest) -> Iterator[tuple[Kind, dict[str, int], int]]:
    """Every kind with its sizes and how many blocks are of it."""
    block = dict(nest.block)
    cuts = [
        [(False, block[x], extent // block[x]), *([(True, extent % block[x], 1)] if extent % block[x] else [])]
        for x, extent in binding.extents.items()
    ]
    for cut in product(*cuts):
        sizes = {x: size for x, (_, size, _) in zip(binding.extents, cut, strict=True)}
        yield tuple(ragged for ragged, _, _ in cut), sizes, prod(count for _, _, count in cut)


def _computing(binding: Binding, nest: Nest, block: Mapping[str, int]) -> float:
    """Cycles of the issues of a block."""
    tile = dict(nest.tile)
    tables = [histogram(size, size, tile[x]).items() for x, size in block.items()]
    total = 0
    for combination in product(*tables):
        sizes = {x: size for x, (size, _) in zip(block, combination, strict=True)}
        total += binding.issue_cycles(sizes, False) * prod(count for _, count in combination)
    return total / next(q.count for q in binding.target.queues if q.name == binding.instruction.unit)


def _carrying(
    binding: Binding, nest: Nest, nest_loops: Sequence[Loop], kept: Mapping[str, Kept], block: Mapping[str, int]
) -> float:
    """Cycles for which the pieces of a block keep the busiest channel or bus, each input's fetches being spread over
    all blocks by how many of its pieces they have."""
    busy: dict[str, float] = {}

    def add(transfer: Transfer | None, role: Role, sizes: Mapping[str, int], times: float) -> None:
        if transfer is not None:
            cycles = carry_cycles(transfer, role, sizes) * times
            for way in (transfer.channel, *(use.resource for use in transfer.uses if use.bytes_per_cycle is None)):
                busy[way] = busy.get(way, 0.0) + cycles

    for one in kept.values():
        sizes = piece(one.role, nest)
        mine = prod(block[x] / sizes[x] for x in one.role.access.axes)
        if nest.rolls(one.role):
            mine = one.hold.pieces * prod(block[x] / binding.extents[x] for x in one.role.access.axes)
        foreign = [x for x in binding.extents if x not in one.role.access.axes]
        every = one.hold.pieces * prod(binding.extents[x] / dict(nest.block)[x] for x in foreign)
        add(one.role.route.fetch, one.role, sizes, one.inside * fetches(nest, nest_loops, one) * mine / every)
    role, tile = binding.output, dict(nest.tile)
    sums = prod(binding.extents[x] / dict(nest.block)[x] for x in binding.extents if x not in role.access.axes)
    add(role.route.store, role, tile, prod(block[x] / tile[x] for x in role.access.axes) / sums)
    counts = {queue.name: queue.count for queue in binding.target.queues}
    return max((cycles / counts.get(way, 1) for way, cycles in busy.items()), default=0.0)
