"""A heuristic schedule read as a body and a plan of it: the same tasks, seen as pieces, tiles and computations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from isamap.errors import Unsupported
from isamap.ir.answers import Buffer, Schedule
from isamap.ir.binding import Binding
from isamap.ir.hardware import Target
from isamap.ir.region import rounded_up
from isamap.scheduling.acyclic.body import Body, Computation, Key, Piece, Plan, Stay, Tile, Where
from isamap.scheduling.acyclic.symmetry import alike
from isamap.scheduling.acyclic.walk import Walk
from isamap.scheduling.tasks import Cost
from isamap.scheduling.timed import Costs, Issue, Place, read_issues, roles_by_buffer

_COMMUTING = ("=", "+=", "*=", "min=", "max=")


@dataclass(frozen=True)
class Reading:
    """``body`` with the ``plan`` that the schedule is, the issue that each task came from, and the buffer that each
    stay is a slot of."""

    body: Body
    plan: Plan
    issues: dict[Key, Issue]
    homes: dict[Where, Buffer]
    costs: Costs
    fresh: bool  # a tile's first computation initialises it
    limit: int | None  # how often a piece may be brought in where that is less often than it is read


def read(schedule: Schedule, bindings: Sequence[Binding], target: Target) -> Reading:
    """The body of ``schedule``; raises Unsupported, with the reason, for what a body cannot say."""
    if len(bindings) != 1:
        raise Unsupported("scheduling", "several einsums in one model")
    binding = bindings[0]
    _refuse(schedule, binding, target)
    roles = roles_by_buffer(schedule.steps, {binding.number: binding})
    walk = Walk(roles, binding)
    for issue in read_issues(schedule, bindings, target):
        walk.step(issue)
    costs = Costs({binding.number: binding}, roles, {})
    buffers = {buffer.name: buffer for buffer in schedule.buffers}
    return _Assembly(walk, costs, buffers, target).reading(schedule)


def _refuse(schedule: Schedule, binding: Binding, target: Target) -> None:
    memories = {buffer.name: target.memory(buffer.memory) for buffer in schedule.buffers}
    for step in schedule.steps:
        if step.second:
            raise Unsupported("scheduling", f"operand {step.second[0][0]} of {step.performs} in two pieces")
        many = [name for name in step.buffers if name and memories[name].banks > 1]
        if len(many) > 1 or (many and "" in step.buffers):
            raise Unsupported("scheduling", f"{step.performs}, which touches a banked memory beside its output tile")
        if step.performs == binding.instruction.name and many and many != [_output(binding, step.buffers)]:
            raise Unsupported("scheduling", f"inputs of {step.performs} in a banked memory")
    if binding.instruction.initialise == "always":
        raise Unsupported("scheduling", f"an order of its own for {binding.instruction.name}, which always initialises")


def _output(binding: Binding, names: Sequence[str]) -> str:
    operands = [operand.name for operand in binding.instruction.operands]
    return names[operands.index(binding.output.operand.name)]


@dataclass
class _Assembly:
    """A body and a plan from what the walk found."""

    walk: Walk
    costs: Costs
    buffers: Mapping[str, Buffer]
    target: Target

    def reading(self, schedule: Schedule) -> Reading:
        walk, binding = self.walk, self.walk.binding
        operator, dtype = binding.einsum.operator, binding.output.tensor.dtype
        fresh = binding.instruction.meaning[0].operator != "=" and not binding.continues
        computations = [self._computation(c, fresh) for c in range(len(walk.computations))]
        body = Body(
            tuple(self._piece(p) for p in range(len(walk.copies))),
            tuple(self._tile(t) for t in range(len(walk.tiles))),
            tuple(computations),
            tuple((m.name, m.capacity_bytes, m.banks) for m in self.target.memories),
            tuple((queue.name, queue.count) for queue in self.target.queues),
            tuple((resource.name, resource.bytes_per_cycle) for resource in self.target.resources),
            ordered=dtype.is_float or operator not in _COMMUTING,
        )
        body = replace(body, pieces=tuple(self._copied(body, p) for p in range(len(body.pieces))))
        plan = self._plan(body, schedule)
        chains = alike(body, [self._ranges(c) for c in range(len(computations))])
        opening = [plan.start["compute", c, 0, 0] for c in range(len(computations))]
        ordered = tuple(tuple(sorted(chain, key=lambda group: min(opening[c] for c in group))) for chain in chains)
        roomy = body.roomy()
        less = [
            piece.copies
            for p, piece in enumerate(body.pieces)
            if piece.copies < len(body.readers(p)) and piece.stay.memory not in roomy
        ]
        homes = {where: self.buffers[place[0]] for where, place in walk.places.items()}
        found = replace(body, alike=ordered)
        return Reading(found, plan, walk.keys, homes, self.costs, fresh, min(less, default=None))

    def _cost(self, key: Key) -> Cost:
        issue = self.walk.keys[key]
        return self.costs.issue(issue.step, issue.origin, issue.slots).cost

    def _costs(self, kind: str, number: int) -> tuple[Cost, ...]:
        """Of all parts of a load, an entry or a store."""
        parts = sum(key[:3] == (kind, number, 0) for key in self.walk.keys)
        return tuple(self._cost((kind, number, 0, part)) for part in range(parts))

    def _stay(self, where: Where, kind: str) -> Stay:
        """Of the size of the piece or tile itself, which may be smaller than a slot at an edge."""
        buffer = self.buffers[self.walk.places[where][0]]
        key = next(key for key in self.walk.keys if key[:2] == (kind, where[1]))
        issue = self.walk.keys[key]
        role, extent = self.walk.roles[issue.step.einsum, buffer.name], dict(issue.step.sizes)
        staged = where[0] in ("in", "out")
        size = role.staged_slot_bytes(extent) if staged else role.slot_bytes(extent)
        return Stay(buffer.memory, rounded_up(size, buffer.alignment_bytes), buffer.alignment_bytes)

    def _piece(self, piece: int) -> Piece:
        return Piece(self._stay(("piece", piece, 0), "load"), self._costs("load", piece), self.walk.copies[piece])

    def _copied(self, body: Body, number: int) -> Piece:
        """Once where everything fits; elsewhere as often as in the schedule, and twice where it is read twice."""
        piece = body.pieces[number]
        most = 1 if piece.stay.memory in body.roomy() else min(len(body.readers(number)), max(2, piece.copies))
        return replace(piece, copies=most)

    def _tile(self, tile: int) -> Tile:
        keys = self.walk.keys
        filled, drained = ("fill", tile, 0, 0) in keys, ("drain", tile, 0, 0) in keys
        computed = next(c for c, (t, _) in enumerate(self.walk.computations) if t == tile)
        home = self._stay_of_tile(tile, computed)
        return Tile(
            home,
            self._costs("store", tile),
            self._costs("enter", tile),
            self._stay(("in", tile, 0), "fill") if filled else None,
            self._cost(("fill", tile, 0, 0)) if filled else None,
            self._stay(("out", tile, 0), "drain") if drained else None,
            self._cost(("drain", tile, 0, 0)) if drained else None,
        )

    def _stay_of_tile(self, tile: int, computed: int) -> Stay:
        issue, buffer = self.walk.keys["compute", computed, 0, 0], self.buffers[self.walk.places["home", tile, 0][0]]
        size = self.walk.binding.output.slot_bytes(dict(issue.step.sizes))
        return Stay(buffer.memory, rounded_up(size, buffer.alignment_bytes), buffer.alignment_bytes)

    def _computation(self, number: int, fresh: bool) -> Computation:
        tile, pieces = self.walk.computations[number]
        issue = self.walk.keys["compute", number, 0, 0]
        step = issue.step
        steps = (replace(step, mode="initialise"), replace(step, mode="accumulate")) if fresh else (step, step)
        first, more = (self.costs.issue(each, issue.origin, issue.slots).cost for each in steps)
        return Computation(tile, pieces, first, more)

    def _ranges(self, number: int) -> tuple[tuple[int, int], ...]:
        """(start, size) per axis of a computation's tile."""
        issue = self.walk.keys["compute", number, 0, 0]
        sizes = dict(issue.step.sizes)
        axes = zip(self.walk.binding.extents, issue.origin, strict=True)
        return tuple((low, sizes[axis]) for axis, low in axes)

    def _plan(self, body: Body, schedule: Schedule) -> Plan:
        """The schedule's own times; a piece in a memory with room for everything is brought in once."""
        kept = {key: issue for key, issue in self.walk.keys.items() if key[0] != "load" or self._kept(body, key)}
        reads = {(c, p): copy if copy < body.pieces[p].copies else 0 for (c, p), copy in self.walk.reads.items()}
        start = {key: issue.start for key, issue in kept.items()}
        slots = slot_addresses(schedule, self.target)
        address = {where: slots[place] for where, place in self.walk.places.items()}
        ends = [s + max(kept[k].cost.latency, kept[k].cost.occupancy) for k, s in start.items() if k[0] == "store"]
        return Plan(start, reads, address, max(ends))

    def _kept(self, body: Body, key: Key) -> bool:
        return key[2] < body.pieces[key[1]].copies


def slot_addresses(schedule: Schedule, target: Target) -> dict[Place, int]:
    """The schedule's own addresses, else all slots on top of each other; raises Unsupported where they do not fit."""
    if schedule.placed:
        given = {life.name: address for life, address in schedule.placed}
        return {(b.name, n): given[b.slot_name(n)] for b in schedule.buffers for n in range(b.slots)}
    found: dict[Place, int] = {}
    top = {memory.name: 0 for memory in target.memories}
    for buffer in sorted(schedule.buffers, key=lambda b: (-b.alignment_bytes, -b.slot_bytes)):
        for slot in range(buffer.slots):
            found[buffer.name, slot] = rounded_up(top[buffer.memory], buffer.alignment_bytes)
            top[buffer.memory] = found[buffer.name, slot] + buffer.slot_bytes
    for memory in target.memories:
        if top[memory.name] > memory.capacity_bytes:
            raise Unsupported("scheduling", f"slots that do not fit {memory.name} side by side")
    return found
