"""A heuristic schedule read as a body and a plan of it: the same tasks, seen as pieces, tiles and computations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from isamap.ir.answers import Buffer, Schedule
from isamap.ir.binding import Binding, Role
from isamap.ir.hardware import Target
from isamap.ir.region import rounded_up
from isamap.scheduling.acyclic.body import Body, Computation, Key, Piece, Plan, Stay, Tile, Where
from isamap.scheduling.acyclic.following import Following
from isamap.scheduling.acyclic.refusals import refuse
from isamap.scheduling.acyclic.side_by_side import slot_addresses
from isamap.scheduling.acyclic.symmetry import Domain, alike
from isamap.scheduling.acyclic.walk import Walk
from isamap.scheduling.tasks import Cost
from isamap.scheduling.timed import Costs, Issue, read_issues, roles_by_buffer

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
    fresh: frozenset[int]  # the einsums of which a tile's first computation initialises it
    limit: int | None  # how often a piece may be brought in where that is less often than it is read

    @property
    def staying(self) -> frozenset[str]:
        """The buffers that hold a whole tensor."""
        return frozenset(buffer.name for where, buffer in self.homes.items() if where[0] == "tensor")


def read(schedule: Schedule, bindings: Sequence[Binding], target: Target) -> Reading:
    """The body of ``schedule``; raises Unsupported, with the reason, for what a body cannot say."""
    numbered = {binding.number: binding for binding in bindings}
    refuse(schedule, bindings, target)
    roles = roles_by_buffer(schedule.steps, numbered)
    walk = Walk(roles, numbered, frozenset(buffer.name for buffer in schedule.buffers if buffer.home is not None))
    for issue in read_issues(schedule, bindings, target):
        walk.step(issue)
    return _Assembly(walk, Costs(numbered, roles, {}), schedule, target).reading()


@dataclass
class _Assembly:
    """A body and a plan from what the walk found."""

    walk: Walk
    costs: Costs
    schedule: Schedule
    target: Target

    @cached_property
    def buffers(self) -> dict[str, Buffer]:
        return {buffer.name: buffer for buffer in self.schedule.buffers}

    @cached_property
    def fresh(self) -> frozenset[int]:
        every = self.walk.bindings.items()
        return frozenset(n for n, b in every if b.instruction.meaning[0].operator != "=" and not b.continues)

    @cached_property
    def tensors(self) -> list[Buffer]:
        """The buffers that hold a whole tensor."""
        return [self.buffers[name] for name in sorted(self.walk.staying)]

    @cached_property
    def following(self) -> Following:
        return Following(self.walk)

    def reading(self) -> Reading:
        walk, target = self.walk, self.target
        self.following.require_all_read()
        body = Body(
            tuple(self._piece(p) for p in range(len(walk.copies))),
            tuple(self._tile(t) for t in range(len(walk.tiles))),
            tuple(self._computation(c) for c in range(len(walk.computations))),
            tuple((m.name, m.capacity_bytes, m.banks) for m in target.memories),
            tuple((queue.name, queue.count) for queue in target.queues),
            tuple((resource.name, resource.bytes_per_cycle) for resource in target.resources),
            tuple(Stay(each.memory, each.slot_bytes, each.alignment_bytes) for each in self.tensors),
        )
        body = replace(body, pieces=tuple(self._copied(body, p) for p in range(len(body.pieces))))
        homes = {where: self.buffers[place[0]] for where, place in walk.places.items()}
        homes |= {("tensor", n, 0): buffer for n, buffer in enumerate(self.tensors)}
        plan = self._plan(body, homes)
        domains = [self._domain(c) for c in range(len(body.computations))]
        opening = [plan.start["compute", c, 0, 0] for c in range(len(body.computations))]
        ordered = tuple(
            tuple(sorted(chain, key=lambda group: min(opening[c] for c in group))) for chain in alike(body, domains)
        )
        roomy = body.roomy()
        less = [
            piece.copies
            for p, piece in enumerate(body.pieces)
            if piece.copies < len(body.readers(p)) and piece.stay.memory not in roomy
        ]
        found = replace(body, alike=ordered)
        return Reading(found, plan, walk.keys, homes, self.costs, self.fresh, min(less, default=None))

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
        lies, copies = self._stay(("piece", piece, 0), "load"), self.walk.copies[piece]
        return Piece(lies, self._costs("load", piece), copies, self.following.of_piece(piece))

    def _copied(self, body: Body, number: int) -> Piece:
        """Once where everything fits; elsewhere as often as in the schedule, and twice where it is read twice."""
        piece = body.pieces[number]
        most = 1 if piece.stay.memory in body.roomy() else min(len(body.readers(number)), max(2, piece.copies))
        return replace(piece, copies=most)

    def _tile(self, tile: int) -> Tile:
        keys = self.walk.keys
        filled, drained = ("fill", tile, 0, 0) in keys, ("drain", tile, 0, 0) in keys
        computed = next(c for c, (t, _) in enumerate(self.walk.computations) if t == tile)
        issue = keys["compute", computed, 0, 0]
        binding = self.walk.bindings[issue.step.einsum]
        role = binding.output
        staged = drained and role.home is None
        return Tile(
            self._stay_of_tile(tile, issue, role) if ("home", tile, 0) in self.walk.places else None,
            self._costs("store", tile),
            self._costs("enter", tile),
            self._stay(("in", tile, 0), "fill") if filled else None,
            self._cost(("fill", tile, 0, 0)) if filled else None,
            self._stay(("out", tile, 0), "drain") if staged else None,
            self._cost(("drain", tile, 0, 0)) if drained else None,
            None if role.home is None else [b.tensor for b in self.tensors].index(role.tensor.name),
            role.tensor.dtype.is_float or binding.einsum.operator not in _COMMUTING,
        )

    def _stay_of_tile(self, tile: int, issue: Issue, role: Role) -> Stay:
        buffer = self.buffers[self.walk.places["home", tile, 0][0]]
        size = role.slot_bytes(dict(issue.step.sizes))
        return Stay(buffer.memory, rounded_up(size, buffer.alignment_bytes), buffer.alignment_bytes)

    def _computation(self, number: int) -> Computation:
        tile, pieces = self.walk.computations[number]
        issue = self.walk.keys["compute", number, 0, 0]
        step, fresh = issue.step, issue.step.einsum in self.fresh
        steps = (replace(step, mode="initialise"), replace(step, mode="accumulate")) if fresh else (step, step)
        first, more = (self.costs.issue(each, issue.origin, issue.slots).cost for each in steps)
        return Computation(tile, pieces, first, more, self.following.of_computation(number))

    def _domain(self, number: int) -> Domain:
        """The einsum of a computation, and (start, size) per axis of its tile."""
        issue = self.walk.keys["compute", number, 0, 0]
        return issue.step.einsum, tuple(
            (low, size) for low, (_, size) in zip(issue.origin, issue.step.sizes, strict=True)
        )

    def _plan(self, body: Body, homes: Mapping[Where, Buffer]) -> Plan:
        """The schedule's own times; a piece in a memory with room for everything is brought in once."""
        kept = {key: issue for key, issue in self.walk.keys.items() if key[0] != "load" or self._kept(body, key)}
        reads = {(c, p): copy if copy < body.pieces[p].copies else 0 for (c, p), copy in self.walk.reads.items()}
        start = {key: issue.start for key, issue in kept.items()}
        slots = slot_addresses(self.schedule, self.target)
        address = {where: slots[place] for where, place in self.walk.places.items()}
        address |= {where: slots[homes[where].name, 0] for where in homes if where[0] == "tensor"}
        ends = [s + max(kept[k].cost.latency, kept[k].cost.occupancy) for k, s in start.items() if k[0] == "store"]
        return Plan(start, reads, address, max(ends))

    def _kept(self, body: Body, key: Key) -> bool:
        return key[2] < body.pieces[key[1]].copies
