"""Where a pipelined loop's buffers lie, what its operations are at those places, and who begins and ends a tile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from isamap.errors import Unsupported
from isamap.ir.answers import Buffer, Step
from isamap.ir.binding import Binding, Role
from isamap.ir.block import blocks
from isamap.ir.loop_body import ModuloSchedule
from isamap.ir.steady_state import SteadyState
from isamap.ir.workload import Workload
from isamap.lowering.operations import Emitter, emitter


@dataclass(frozen=True)
class Out:
    """How an output tile leaves: moved first, or stored as it lies."""

    drain: Emitter | None
    stores: tuple[Emitter, ...]


@dataclass(frozen=True)
class Rotating:
    """An emitter per operation, and per operation that computes one for the first trip (``first``, which has all).
    ``opening`` and ``closing``: the first contribution of a trip to each output buffer and the last."""

    steady: SteadyState
    depth: dict[str, int]
    emitters: tuple[Emitter, ...]
    first: tuple[Emitter, ...]
    computations: tuple[int, ...]
    opening: dict[int, str]
    closing: dict[str, int]
    out: dict[str, Out]

    def depths(self, operation: int) -> list[int]:
        """Of each buffer of an operation; 1 for the outermost memory."""
        return [self.depth.get(name, 1) for name in self.steady.tasks[operation].step.buffers]

    def slots(self, operation: int, trip: int) -> list[int]:
        """The slot of each of its buffers in a trip."""
        return [trip % depth for depth in self.depths(operation)]


def rotating(work: Workload, binding: Binding, steady: SteadyState, schedule: ModuloSchedule) -> Rotating:
    """The buffers side by side from the bottom of each memory up; raises Unsupported, see ``lower_pipelined``."""
    for feature in _features(work, binding, steady):
        raise Unsupported("lowering", f"a pipelined loop {feature}")
    steps, output = [task.step for task in steady.tasks], binding.output
    operands = [operand.name for operand in binding.instruction.operands]
    computations = tuple(o for o, step in enumerate(steps) if step.performs == binding.instruction.name)
    added: dict[str, list[int]] = {}
    for o in computations:
        added.setdefault(steps[o].buffers[operands.index(output.operand.name)], []).append(o)
    roles = dict.fromkeys(added, output)
    for o in computations:
        roles |= {name: _role(binding, operand) for operand, name in zip(operands, steps[o].buffers, strict=True)}
    depth = {buffer.name: count for count, buffer in zip(schedule.depth, steady.body.buffers, strict=True)}
    places = _Places(binding, steady, depth)
    for buffer in steady.body.buffers:
        places.put(buffer.name, roles[buffer.name], buffer.slot_bytes, staged=False)
    out = {name: places.out(name) for name in added}
    emitters = tuple(places.emitter(step) for step in steps)
    opening = {members[0]: name for name, members in added.items()}
    first = [
        places.emitter(replace(s, mode="initialise")) if o in opening else emitters[o] for o, s in enumerate(steps)
    ]
    closing = {name: members[-1] for name, members in added.items()}
    return Rotating(steady, depth, emitters, tuple(first), computations, opening, closing, out)


def _features(work: Workload, binding: Binding, steady: SteadyState) -> Iterator[str]:
    extents, tile, block = binding.extents, dict(steady.tile), dict(steady.block)
    if len(work.einsums) > 1 or binding.continues:
        yield f"in {work.name}, which has several einsums or continues from a value"
    if binding.instruction.initialise == "never":
        yield f"of {binding.instruction.name}, whose accumulators nothing clears"
    for x, extent in extents.items():
        size = tile[x] * block[x]
        if extent % size:
            yield f"over {x} in steps of {size}, which leave a rest of {extent}"
        if x not in binding.output.access.axes and x != steady.loop and size < extent:
            yield f"over {steady.loop} that sums up a part of {x} only"
    if steady.loop in binding.output.access.axes:
        yield f"over {steady.loop}, with which {binding.output.label} changes"
    for role in binding.inputs:
        if steady.loop not in role.access.axes:
            yield f"over {steady.loop}, with which {role.label} does not change"


def _role(binding: Binding, operand: str) -> Role:
    return next(role for role in binding.roles if role.operand.name == operand)


@dataclass
class _Places:
    """Buffers as they are put down one after another, under the names that emitters read: the operand's is part of
    them."""

    binding: Binding
    steady: SteadyState
    depth: dict[str, int]
    top: dict[str, int] = field(default_factory=dict)
    buffers: dict[str, Buffer] = field(default_factory=dict)
    addresses: dict[str, tuple[int, ...]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def put(self, name: str, role: Role, slot_bytes: int, *, staged: bool) -> None:
        """The slots of a buffer, above what lies in its memory already; raises Unsupported where they do not fit."""
        memory, count = role.route.landing if staged else role.route.memory, self.depth.get(name, 1)
        self.names[name] = full = f"{name}.{role.operand.name}@{memory.name}"
        low = self.top.get(memory.name, 0)
        self.top[memory.name] = low + count * slot_bytes
        if self.top[memory.name] > self.binding.room()[memory.name]:
            more = self.top[memory.name] - self.binding.room()[memory.name]
            raise Unsupported("lowering", f"a pipelined loop whose tiles need {more} bytes more of {memory.name}")
        self.buffers[full] = Buffer(full, role.tensor.name, memory.name, count, slot_bytes, 1, self.steady.tile)
        self.addresses[full] = tuple(low + n * slot_bytes for n in range(count))

    def emitter(self, step: Step) -> Emitter:
        named = tuple(self.names[name] if name else "" for name in step.buffers)
        return emitter(replace(step, buffers=named), self.binding, self.buffers, self.addresses, self.binding.target)

    def out(self, name: str) -> Out:
        """How the output tile in buffer ``name`` leaves: through a slot of its own where it is moved first."""
        binding, role, piece = self.binding, self.binding.output, self.steady.tile
        way, lies, drain = role.route, name, None
        if way.drain is not None:
            lies = f"staged {name}"
            self.put(lies, role, role.staged_slot_bytes(dict(piece)), staged=True)
            ends = tuple(name if operand.memory == way.memory.name else lies for operand in way.drain.operands)
            drain = self.emitter(Step(way.drain.name, binding.number, piece, ends, role.tensor.name))
        assert way.store is not None
        store = Step(way.store.name, binding.number, piece, (lies, ""), role.tensor.name)
        parts = range(blocks(way.store, role.staged_layout(dict(piece))))
        return Out(drain, tuple(self.emitter(replace(store, part=part)) for part in parts))
