"""(Match, tile, block) -> SteadyState: one trip of a loop over tiles, between its prologue and its epilogue.

A trip steps the axis ``loop`` by one tile and computes a *block* of tiles of the other axes. A piece of an input that
changes with the loop is brought in anew in every trip, once, however many tiles read it; one that does not stays. An
output tile that changes with the loop is computed, moved and stored within the trip, its contributions in the order of
the axes; one that does not is added to trip after trip and stays. Every tile is whole: ragged edges are left to the
epilogue. In a banked memory each tile has a bank of its own, so that no two meet in one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise, product

from isamap.ir.answers import Step, sizes
from isamap.ir.binding import Binding, Role, move_extents
from isamap.ir.block import block as block_of
from isamap.ir.block import blocks, rows
from isamap.ir.hardware import Instruction, Transfer
from isamap.ir.loop_body import Dependence, Hold, LoopBody, LoopBuffer, LoopOperation
from isamap.ir.steady_state import LoopTask, SteadyState
from isamap.scheduling.modes import first_mode, next_mode
from isamap.scheduling.modulo.refuse import refuse
from isamap.scheduling.tasks import Cost, instruction_cost, transfer_cost


def steady_state(binding: Binding, tile: Mapping[str, int], block: Mapping[str, int], loop: str) -> SteadyState:
    """The steady state of a loop over ``loop``. ``tile`` sizes every axis of the einsum; ``block`` says how many tiles
    of an axis a trip covers, 1 where it does not say.

    Raises InputError for sizes that do not fit the einsum or the instruction, Unsupported for what a body cannot say.
    """
    refuse(binding, tile, block, loop)
    trip = _Trip(binding, dict(tile), dict(block), loop)
    body = trip.body()
    counts = {x: block.get(x, 1) for x in binding.extents}
    return SteadyState(body, tuple(trip.tasks), loop, sizes({x: tile[x] for x in counts}), sizes(counts))


@dataclass
class _Trip:
    """The operations, dependences and buffers of one trip, and the operations' tasks, as they are written down."""

    binding: Binding
    tile: dict[str, int]
    block: dict[str, int]
    loop: str
    operations: list[LoopOperation] = field(default_factory=list)
    dependences: list[Dependence] = field(default_factory=list)
    buffers: list[LoopBuffer] = field(default_factory=list)
    tasks: list[LoopTask] = field(default_factory=list)

    def body(self) -> LoopBody:
        counts = [range(self.block.get(x, 1)) for x in self.binding.extents]
        tiles = [dict(zip(self.binding.extents, at, strict=True)) for at in product(*counts)]
        arrivals = self._arrivals(tiles)
        readers: dict[str, list[int]] = {}
        added: dict[str, list[int]] = {}
        for at in tiles:
            contributions = added.setdefault(self._name(self.binding.output, at), [])
            number = self._computation(at, opens=not contributions)
            contributions.append(number)
            for role in self.binding.inputs:
                readers.setdefault(self._name(role, at), []).append(number)
        for name, (role, loads) in arrivals.items():
            released = tuple((reader, 0) for reader in readers[name]) if loads else ()
            size = role.slot_bytes(self.tile)
            self.buffers.append(LoopBuffer(name, role.route.memory.name, size, loads, released))
        for contributions in added.values():
            self._output(contributions)
        return self._on_machine()

    def _changes(self, role: Role) -> bool:
        """Is the piece another one in every trip?"""
        return self.loop in role.access.axes

    def _name(self, role: Role, at: Mapping[str, int]) -> str:
        """``A[m1]``: the piece of A in the block's second tile along m."""
        axes = [x for x in role.access.axes if self.block.get(x, 1) > 1]
        return f"{role.label}[{' '.join(f'{x}{at[x]}' for x in axes)}]" if axes else role.label

    def _arrivals(self, tiles: Iterable[Mapping[str, int]]) -> dict[str, tuple[Role, tuple[int, ...]]]:
        """Every piece of an input, with the loads that bring it in; none where it stays."""
        found: dict[str, tuple[Role, tuple[int, ...]]] = {}
        for at in tiles:
            for role in self.binding.inputs:
                name, fetch = self._name(role, at), role.route.fetch
                if name not in found and fetch is not None:
                    found[name] = role, self._transfers(("", name), at, role, fetch) if self._changes(role) else ()
        return found

    def _transfers(
        self, buffers: tuple[str, str], at: Mapping[str, int], role: Role, transfer: Transfer
    ) -> tuple[int, ...]:
        """One operation per block that the transfer takes; ``buffers`` are where it reads and writes."""
        layout, found = role.staged_layout(self.tile), []
        for part in range(blocks(transfer, layout)):
            piece, _ = block_of(transfer, layout, part)
            cost = transfer_cost(transfer, role.tensor.dtype.bytes_for(piece.points), 0, rows(piece))
            step = Step(transfer.name, self.binding.number, sizes(self.tile), buffers, role.tensor.name, "", part)
            name = f"{transfer.name} {self._name(role, at)}{f' part {part}' if part else ''}"
            found.append(self._add(name, cost, step, at))
        return tuple(found)

    def _computation(self, at: Mapping[str, int], *, opens: bool) -> int:
        binding, piece = self.binding, sizes(self.tile)
        mode = first_mode(binding) if opens and self._changes(binding.output) else next_mode(binding)
        instruction, extents = binding.instruction, binding.extents_of_issue(self.tile)
        holders = {role.operand.name: self._name(role, at) for role in binding.roles}
        buffers = tuple(holders[operand.name] for operand in instruction.operands)
        step = Step(instruction.name, binding.number, piece, buffers, "", mode, 0, (piece,) * len(buffers))
        axes = [x for x in binding.extents if self.block.get(x, 1) > 1]
        name = f"{instruction.name} {' '.join(f'{x}{at[x]}' for x in axes)}".rstrip()
        return self._add(name, instruction_cost(instruction, extents, mode == "initialise", ()), step, at)

    def _output(self, contributions: list[int]) -> None:
        """The way of an output tile: its contributions one after the other, then out, or on in the next trip."""
        role = self.binding.output
        at = dict(zip(self.binding.extents, self.tasks[contributions[0]].tile, strict=True))
        name, way, size = self._name(role, at), role.route, role.slot_bytes(self.tile)
        for earlier, later in pairwise(contributions):
            self._one_by_one(earlier, later, 0)
        if not self._changes(role):
            self._one_by_one(contributions[-1], contributions[0], 1)
            self.buffers.append(LoopBuffer(name, way.memory.name, size))
            return
        lies, writers = name, tuple(contributions)
        if way.drain is not None:
            lies = f"{name}@{way.landing.name}"
            drain = self._drain(way.drain, name, lies, at)
            self._one_by_one(contributions[-1], drain, 0)
            self.buffers.append(LoopBuffer(name, way.memory.name, size, writers, ((drain, 0),)))
            writers, size = (drain,), role.staged_slot_bytes(self.tile)
        assert way.store is not None
        stores = self._transfers((lies, ""), at, role, way.store)
        self.buffers.append(LoopBuffer(lies, way.landing.name, size, writers, tuple((s, 0) for s in stores)))

    def _drain(self, move: Instruction, home: str, staged: str, at: Mapping[str, int]) -> int:
        extents = dict(zip(move.axis_names, move_extents(self.binding, self.tile), strict=True))
        memory = self.binding.output.route.memory.name
        buffers = tuple(home if operand.memory == memory else staged for operand in move.operands)
        step = Step(move.name, self.binding.number, sizes(self.tile), buffers, self.binding.output.tensor.name)
        return self._add(f"{move.name} {home}", instruction_cost(move, extents, False, ()), step, at)

    def _one_by_one(self, earlier: int, later: int, distance: int) -> None:
        """Both work on one tile: the later one needs the result, and the bank where there are banks."""
        first = self.operations[earlier]
        lag = max(first.latency_cycles, first.occupancy_cycles)
        self.dependences.append(Dependence(earlier, later, lag, distance))

    def _add(self, name: str, cost: Cost, step: Step, at: Mapping[str, int]) -> int:
        whole = {resource.name: resource.bytes_per_cycle for resource in self.binding.target.resources}
        holds = [Hold(cost.queue, 1, cost.interval)]
        for use in cost.uses:
            share = whole[use.resource] if use.bytes_per_cycle is None else use.bytes_per_cycle
            holds.append(Hold(use.resource, share, cost.occupancy))
        self.operations.append(LoopOperation(name, tuple(holds), cost.occupancy, cost.latency))
        self.tasks.append(LoopTask(step, tuple(at[x] for x in self.binding.extents)))
        return len(self.operations) - 1

    def _on_machine(self) -> LoopBody:
        """The body, with what there is of everything that it uses."""
        target = self.binding.target
        used = {hold.resource for operation in self.operations for hold in operation.holds}
        there = [(queue.name, queue.count) for queue in target.queues]
        there += [(resource.name, resource.bytes_per_cycle) for resource in target.resources]
        memories = {buffer.memory for buffer in self.buffers}
        room = [(name, size) for name, size in self.binding.room().items() if name in memories]
        return LoopBody(
            tuple(self.operations),
            tuple(self.dependences),
            tuple(self.buffers),
            tuple(one for one in there if one[0] in used),
            tuple(room),
        )
