"""A body as the lines of ``ir.cut_model``: everything that the solver is given, but for what breaks symmetries."""

from __future__ import annotations

from collections.abc import Iterator

from isamap.ir import cut_model
from isamap.ir.binding import Binding
from isamap.scheduling.acyclic.body import Key, Stay
from isamap.scheduling.acyclic.reading import Reading
from isamap.scheduling.tasks import Cost


def model_hash(reading: Reading, binding: Binding) -> str:
    """A hash of everything that the solver is given of ``binding``."""
    return cut_model.model_hash(_lines(reading, binding))


def _lines(reading: Reading, binding: Binding) -> Iterator[str]:
    body, own = reading.body, binding.output.access.axes
    yield from (cut_model.memory_line(*memory) for memory in body.memories)
    yield from (cut_model.queue_line(*queue) for queue in body.queues)
    yield from (cut_model.resource_line(*resource) for resource in body.resources)
    pieces = [_piece_name(reading, number) for number in range(len(body.pieces))]
    boxes = [_ranges(reading, ("compute", number, 0, 0), binding) for number in range(len(body.computations))]
    names = [cut_model.box(ranges) for ranges in boxes]
    tiles = {}
    for computation, ranges in zip(body.computations, boxes, strict=True):
        tiles[computation.tile] = cut_model.box({axis: ranges[axis] for axis in ranges if axis in own})
    for name, piece in zip(pieces, body.pieces, strict=True):
        yield cut_model.piece_line(name, _stay(piece.stay), map(_task, piece.loads), piece.copies)
    for number, tile in enumerate(body.tiles):
        where = [_stay(stay) for stay in (tile.stay, tile.inward, tile.outward) if stay is not None]
        moves = [[_task(cost)] for cost in (tile.fill, tile.drain) if cost is not None]
        yield cut_model.tile_line(tiles[number], where, [*map(_tasks, (tile.enters, tile.stores)), *moves])
        if body.ordered:
            yield cut_model.order_line(names[c] for c in body.of_tile(number))
    for name, one in zip(names, body.computations, strict=True):
        read = (pieces[p] for p in one.pieces)
        yield cut_model.computation_line(name, tiles[one.tile], read, _task(one.first), _task(one.more))


def _ranges(reading: Reading, key: Key, binding: Binding) -> dict[str, tuple[int, int]]:
    issue = reading.issues[key]
    size = dict(issue.step.sizes)
    return {axis: (low, low + size[axis]) for axis, low in zip(binding.extents, issue.origin, strict=True)}


def _piece_name(reading: Reading, number: int) -> str:
    issue = reading.issues["load", number, 0, 0]
    role = reading.costs.roles[issue.step.einsum, issue.writes[0][0]]
    axes = reading.costs.bindings[issue.step.einsum].extents
    start, sizes = dict(zip(axes, issue.origin, strict=True)), dict(issue.step.sizes)
    first = [index.evaluate(start) for index in role.access.affine_indices]
    return cut_model.piece(role.label, first, {axis: sizes[axis] for axis in axes if axis in role.access.axes})


def _stay(where: Stay) -> str:
    return cut_model.stay(where.memory, where.size_bytes, where.alignment_bytes)


def _task(cost: Cost) -> str:
    return cut_model.task(cost.queue, cost.interval, cost.occupancy, cost.latency, cost.uses)


def _tasks(costs: tuple[Cost, ...]) -> list[str]:
    return list(map(_task, costs))
