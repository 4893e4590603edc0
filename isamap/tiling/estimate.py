"""An estimate of what a nest costs: the busiest queue or resource in closed form, and the computations with all that
they wait for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from math import prod

from isamap.errors import InvalidNoun
from isamap.ir.binding import Binding, Role, move_cycles, move_extents, transfer_cycles
from isamap.ir.expression import Expression, evaluate
from isamap.ir.hardware import Instruction, Transfer, Use
from isamap.tiling.carrying import carried, carry_cycles
from isamap.tiling.chain import chain_idle_cycles
from isamap.tiling.fitting import Kept, Pins, fetches, fit
from isamap.tiling.hold import OutputSlots, output_slots
from isamap.tiling.nest import Loop, Nest, histogram, legal, loops, piece
from isamap.tiling.rehearsal import idle_cycles


@dataclass(frozen=True)
class Estimate:
    """What a nest would cost, and the slots per tensor role that the estimate assumes."""

    cycles: float
    energy_pj: float
    traffic_bytes: float
    issues: float
    slots: tuple[tuple[str, int], ...]
    held: tuple[tuple[str, int], ...]
    staging_slots: int

    def value(self, objective: str) -> float:
        """The quantity to minimise. An issue counts as a sixteenth of a cycle, so that coarser tiles win ties."""
        cycles = self.cycles + self.issues / 16
        values = {"latency": cycles, "energy": self.energy_pj, "traffic": self.traffic_bytes}
        return cycles * self.energy_pj if objective == "edp" else values[objective] * (1 + self.issues * 1e-9)


class Busy:
    """Cycles that each queue and each exclusively used resource is kept busy, and energy and traffic on the way."""

    def __init__(self, binding: Binding) -> None:
        self.binding = binding
        self.cycles: dict[str, float] = {}
        self.energy_pj = 0.0
        self.traffic_bytes = 0.0
        self.count = 0.0

    def add(self, queue: str, uses: Iterable[Use], cycles: float, times: float) -> None:
        self.count += times
        cycles *= times
        for name in (queue, *(use.resource for use in uses if use.bytes_per_cycle is None)):
            self.cycles[name] = self.cycles.get(name, 0.0) + cycles

    def transfer(
        self, transfer: Transfer, role: Role, sizes: Mapping[str, int], times: float, inside: float = 1.0
    ) -> None:
        """A piece of ``sizes``, in as many blocks as it takes; the share ``inside`` of it comes from the tensor."""
        size_bytes, lines, count = carried(transfer, role, sizes)
        self.add(transfer.channel, transfer.uses, transfer_cycles(transfer, size_bytes, lines) * inside, times * count)
        self.traffic_bytes += size_bytes * inside * times * count
        for share, at, beside in ((inside, size_bytes, 0), (1 - inside, 0, size_bytes)):
            if share:
                values = {"bytes": at, "border_bytes": beside, "rows": lines}
                self.energy_pj += _energy(transfer.energy_pj, values) * share * times * count

    def move(self, move: Instruction, extents: tuple[int, ...], times: float) -> None:
        self.add(move.unit, move.uses, move_cycles(move, extents), times)
        values = dict(zip(move.axis_names, extents, strict=True)) | {"initialise": 0}
        self.energy_pj += _energy(move.energy_pj, values) * times

    def issues(self, nest: Nest) -> None:
        """Every issue of the computing instruction, by the sizes that ragged edges give it."""
        binding, tile, block = self.binding, dict(nest.tile), dict(nest.block)
        tables = [histogram(e, block[x], tile[x]).items() for x, e in binding.extents.items()]
        for combination in product(*tables):
            sizes = {x: size for x, (size, _) in zip(binding.extents, combination, strict=True)}
            times = prod(count for _, count in combination)
            self.add(binding.instruction.unit, binding.instruction.uses, binding.issue_cycles(sizes, False), times)
            values = binding.extents_of_issue(sizes) | {"initialise": 0}
            self.energy_pj += _energy(binding.instruction.energy_pj, values) * times

    def output(self, slots: OutputSlots, tiles: float, tile: Mapping[str, int]) -> None:
        """Every tile out, and in again for each session but a first one that starts from nothing."""
        role = self.binding.output
        fills = slots.sessions * tiles - (0 if self.binding.continues else tiles)
        extents = move_extents(self.binding, tile)
        if role.route.drain is not None:
            self.move(role.route.drain, extents, slots.sessions * tiles)
        if role.route.fill is not None and fills > 0:
            self.move(role.route.fill, extents, fills)
        if role.route.fetch is not None and self.binding.continues:
            self.transfer(role.route.fetch, role, tile, tiles)
        if role.route.store is not None:
            self.transfer(role.route.store, role, tile, tiles)

    def latency(self) -> float:
        """Cycles of the busiest queue or resource."""
        counts = {queue.name: queue.count for queue in self.binding.target.queues}
        return max(cycles / counts.get(name, 1) for name, cycles in self.cycles.items())

    def computing(self) -> float:
        """Cycles in which the computing unit cannot start anything else, nor those that use its ports."""
        instruction = self.binding.instruction
        ports = [self.cycles[use.resource] for use in instruction.uses if use.bytes_per_cycle is None]
        count = next(queue.count for queue in self.binding.target.queues if queue.name == instruction.unit)
        return max(self.cycles[instruction.unit] / count, *ports, 0.0)


def _energy(cost: Expression | None, values: Mapping[str, int]) -> float:
    return 0.0 if cost is None else float(evaluate(cost, values))


def estimate(binding: Binding, nest: Nest, *, patient: bool = True, pins: Pins | None = None) -> Estimate | None:
    """The estimate of ``nest`` with the slots that ``pins`` gives; None where it is not legal or does not fit. One
    that is not ``patient`` leaves out that the unit may stand idle for want of pieces: it is never larger."""
    if not legal(binding, nest):
        return None
    try:
        return _estimate(binding, nest, patient, pins or Pins())
    except InvalidNoun:
        return None


def _estimate(binding: Binding, nest: Nest, patient: bool, pins: Pins) -> Estimate | None:
    nest_loops, tile, name = loops(nest, binding.extents), dict(nest.tile), binding.output.operand.name
    for spare in (1, 0) if nest.ahead else (0,):
        out = output_slots(binding, nest_loops, tile, spare, nest.turning, pins.slots.get(name))
        out = pins.output(name, out) if out is not None else None
        kept = fit(binding, nest, nest_loops, out, spare, pins) if out is not None else None
        if out is not None and kept is not None:
            return estimate_of(binding, nest, nest_loops, out, kept, patient=patient)
    return None


def estimate_of(
    binding: Binding,
    nest: Nest,
    nest_loops: list[Loop],
    out: OutputSlots,
    kept: Mapping[str, Kept],
    *,
    patient: bool = True,
) -> Estimate:
    """The estimate where it is known what is held, in how many slots."""
    tile = dict(nest.tile)
    busy, output = Busy(binding), binding.output
    busy.issues(nest)
    for one in kept.values():
        if one.role.route.fetch is not None:
            times = fetches(nest, nest_loops, one)
            busy.transfer(one.role.route.fetch, one.role, piece(one.role, nest), times, one.inside)
    busy.output(out, prod(binding.extents[x] / tile[x] for x in output.access.axes), tile)
    slots = (*((name, one.slots) for name, one in kept.items()), (output.operand.name, out.slots))
    held = (*((name, one.hold.slots) for name, one in kept.items()), (output.operand.name, out.held))
    if patient:
        idle = idle_cycles(binding, nest, nest_loops, out, kept)
    else:
        idle = 0.0 if nest.turning else chain_idle_cycles(binding, nest, nest_loops)
    total = max(busy.latency(), busy.computing() + idle) + _epilogue(binding, tile)
    return Estimate(total, busy.energy_pj, busy.traffic_bytes, busy.count, slots, held, out.staging)


def _epilogue(binding: Binding, tile: Mapping[str, int]) -> float:
    """The last tile out."""
    route, output = binding.output.route, binding.output
    total = carry_cycles(route.store, output, tile) if route.store is not None else 0
    return total + (move_cycles(route.drain, move_extents(binding, tile)) if route.drain else 0)
