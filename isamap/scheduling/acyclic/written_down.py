"""A body as the lines of ``ir.cut_model``: everything that the solver is given, but for what breaks symmetries."""

from __future__ import annotations

from collections.abc import Iterator

from isamap.ir import cut_model
from isamap.scheduling.acyclic.body import Stay
from isamap.scheduling.acyclic.reading import Reading
from isamap.scheduling.tasks import Cost


def model_hash(reading: Reading) -> str:
    """A hash of everything that the solver is given."""
    return cut_model.model_hash(_lines(reading))


def _lines(reading: Reading) -> Iterator[str]:
    body = reading.body
    yield from (cut_model.memory_line(*memory) for memory in body.memories)
    yield from (cut_model.queue_line(*queue) for queue in body.queues)
    yield from (cut_model.resource_line(*resource) for resource in body.resources)
    tensors = {where[1]: buffer.tensor for where, buffer in reading.homes.items() if where[0] == "tensor"}
    yield from (cut_model.tensor_line(tensors[number], _stay(stay)) for number, stay in enumerate(body.tensors))
    pieces = [_piece_name(reading, number) for number in range(len(body.pieces))]
    names = [_name(reading, number) for number in range(len(body.computations))]
    tiles = {one.tile: _name(reading, c, written=True) for c, one in enumerate(body.computations)}
    for name, piece in zip(pieces, body.pieces, strict=True):
        before = (tiles[t] for t in piece.tiles)
        yield cut_model.piece_line(name, _stay(piece.stay), map(_task, piece.loads), piece.copies, before)
    for number, tile in enumerate(body.tiles):
        where = [_stay(stay) for stay in (tile.stay, tile.inward, tile.outward) if stay is not None]
        moves = [[_task(cost)] for cost in (tile.fill, tile.drain) if cost is not None]
        tensor = "" if tile.tensor is None else tensors[tile.tensor]
        yield cut_model.tile_line(tiles[number], where, [*map(_tasks, (tile.enters, tile.stores)), *moves], tensor)
        if tile.ordered:
            yield cut_model.order_line(names[c] for c in body.of_tile(number))
    for name, one in zip(names, body.computations, strict=True):
        read, met = (pieces[p] for p in one.pieces), (tiles[t] for t in one.tiles)
        yield cut_model.computation_line(name, tiles[one.tile], read, met, _task(one.first), _task(one.more))


def _name(reading: Reading, number: int, *, written: bool = False) -> str:
    """Of a computation, or of the tile that it works on."""
    issue = reading.issues["compute", number, 0, 0]
    binding, size = reading.costs.bindings[issue.step.einsum], dict(issue.step.sizes)
    axes = binding.output.access.axes if written else tuple(binding.extents)
    starts = zip(binding.extents, issue.origin, strict=True)
    ranges = {axis: (low, low + size[axis]) for axis, low in starts if axis in axes}
    return cut_model.box(issue.step.einsum, ranges)


def _piece_name(reading: Reading, number: int) -> str:
    issue = reading.issues["load", number, 0, 0]
    role = reading.costs.roles[issue.step.einsum, issue.writes[0][0]]
    axes = reading.costs.bindings[issue.step.einsum].extents
    start, sizes = dict(zip(axes, issue.origin, strict=True)), dict(issue.step.sizes)
    first = [index.evaluate(start) for index in role.access.affine_indices]
    own = {axis: sizes[axis] for axis in axes if axis in role.access.axes}
    return cut_model.piece(issue.step.einsum, role.label, first, own)


def _stay(where: Stay) -> str:
    return cut_model.stay(where.memory, where.size_bytes, where.alignment_bytes)


def _task(cost: Cost) -> str:
    return cut_model.task(cost.queue, cost.interval, cost.occupancy, cost.latency, cost.uses)


def _tasks(costs: tuple[Cost, ...]) -> list[str]:
    return list(map(_task, costs))
