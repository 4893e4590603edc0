"""A match spelled out: each operand of the instruction with its tensor, its access, its route and its layouts.

Tiling, scheduling and lowering all begin here, so that they speak of the same pieces.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod

from isamap.errors import Unsupported
from isamap.ir.answers import Home, Match
from isamap.ir.einsum import Einsum
from isamap.ir.hardware import Instruction, Operand, Target, Transfer, cycles
from isamap.ir.region import Layout, operand_layout, rounded_up
from isamap.ir.resident import Resident, home_bytes, require_free, resident
from isamap.ir.routes import Route, route
from isamap.ir.scalar import Access
from isamap.ir.workload import Tensor, Workload


@dataclass(frozen=True)
class Role:
    """One operand of the instruction as this match uses it; ``label`` names its pieces in a tiling: the tensor, or
    ``tensor.operand`` where several operands hold one tensor. ``tensor`` and ``access`` are those of the outermost
    memory: where a store computes on the way, what it writes."""

    operand: Operand
    access: Access
    tensor: Tensor
    route: Route
    fused: tuple[tuple[str, tuple[str, ...]], ...]
    written: bool
    label: str
    home: Resident | None = None  # where the tensor stays on chip: it is neither fetched nor stored

    @cached_property
    def _known(self) -> dict[object, Layout]:
        """Layouts asked for before: a search asks again and again."""
        return {}

    def __getstate__(self) -> dict[str, object]:
        """What goes to another process: all but the layouts asked for."""
        return {name: value for name, value in self.__dict__.items() if name != "_known"}

    def layout(self, sizes: Mapping[str, int]) -> Layout:
        """How a piece of ``sizes`` lies in the operand's own memory."""
        key = ("own", *sizes.items())
        if key not in self._known:
            found = operand_layout(self.operand, dict(self.fused), self.access, sizes, written=self.written)
            self._known[key] = found
        return self._known[key]

    def staged_layout(self, sizes: Mapping[str, int]) -> Layout:
        """How it lies in the memory where a fetch ends and a store begins."""
        key = ("staged", *sizes.items())
        if key not in self._known:
            self._known[key] = self._staged_layout(sizes)
        return self._known[key]

    def _staged_layout(self, sizes: Mapping[str, int]) -> Layout:
        move = self.route.drain if self.written else self.route.fill
        if move is None:
            return self.layout(sizes)
        ours = move.operand(move.written[0]) if not self.written else _other(move, move.written[0])
        staged = _other(move, ours.name)
        by_position = dict(zip(self.operand.axes, staged.axes, strict=True))
        fused = {by_position[name]: factors for name, factors in self.fused if name in by_position}
        return operand_layout(staged, fused, self.access, sizes, written=self.written)

    def slot_bytes(self, sizes: Mapping[str, int]) -> int:
        """Bytes of a slot for a piece in the operand's memory: aligned, and a whole bank where there are banks."""
        memory = self.route.memory
        needed = rounded_up(self.operand.dtype.bytes_for(self.layout(sizes).elements), memory.alignment_bytes)
        return rounded_up(needed, memory.bank_bytes) if memory.banks > 1 else needed

    def staged_slot_bytes(self, sizes: Mapping[str, int]) -> int:
        """Bytes of a slot for a piece in the landing memory."""
        needed = self.operand.dtype.bytes_for(self.staged_layout(sizes).elements)
        return rounded_up(needed, self.route.landing.alignment_bytes)


@dataclass(frozen=True)
class Binding:
    """An einsum, the instruction that does it, and the roles of the operands (the written one first)."""

    number: int
    einsum: Einsum
    match: Match
    target: Target
    instruction: Instruction
    roles: tuple[Role, ...]
    continues: bool  # the output is also an input: its first contribution accumulates
    stored: Match | None = None  # the einsum that the store does on the way
    reserved: tuple[tuple[str, int], ...] = ()  # bytes of each memory that tensors which stay on chip take meanwhile

    def room(self) -> dict[str, int]:
        """Bytes of each memory that this einsum's pieces may take."""
        taken = dict(self.reserved)
        return {memory.name: memory.capacity_bytes - taken.get(memory.name, 0) for memory in self.target.memories}

    @property
    def strip(self) -> tuple[str, int] | None:
        """The axis, and how many of its values at a time, that cut the einsum into the strips in which tensors pass on
        chip; None where none does."""
        return next((role.home.strip for role in self.roles if role.home and role.home.strip), None)

    @property
    def output(self) -> Role:
        return self.roles[0]

    @property
    def inputs(self) -> tuple[Role, ...]:
        return self.roles[1:]

    @property
    def fetched(self) -> tuple[Role, ...]:
        """The inputs that come in pieces."""
        return tuple(role for role in self.inputs if role.home is None)

    @property
    def extents(self) -> dict[str, int]:
        return self.einsum.extents

    def extents_of_issue(self, sizes: Mapping[str, int]) -> dict[str, int]:
        """Extent of each instruction axis for a tile of ``sizes``."""
        return {axis: prod(sizes[x] for x in fused) for axis, fused in self.match.axes}

    def issue_cycles(self, sizes: Mapping[str, int], initialise: bool) -> int:
        """Cycles that one issue on a tile keeps the unit busy."""
        values = self.extents_of_issue(sizes) | {"initialise": int(initialise)}
        return cycles(self.instruction.initiation_interval_cycles, values)


def transfer_cycles(transfer: Transfer, size_bytes: int, rows: int = 1) -> int:
    """Cycles that moving so many bytes in so many rows holds the channel."""
    return cycles(transfer.cost_cycles, {"bytes": size_bytes, "border_bytes": 0, "rows": rows})


def move_cycles(move: Instruction, extents: tuple[int, ...]) -> int:
    """Cycles of a drain or fill whose axes have ``extents``."""
    values = dict(zip(move.axis_names, extents, strict=True)) | {"initialise": 0}
    return cycles(move.initiation_interval_cycles, values)


def move_extents(binding: Binding, sizes: Mapping[str, int]) -> tuple[int, ...]:
    """Extents of the output's tile along the operand's axes, which are a move's axes by position."""
    issue = binding.extents_of_issue(sizes)
    return tuple(issue[axis] for axis in binding.output.operand.axes)


def bind_all(
    work: Workload, matches: Sequence[Match], target: Target, homes: Mapping[str, Home] | None = None
) -> list[Binding]:
    """A binding per match on an instruction; a match on a transfer joins that of the einsum whose result it stores.

    ``homes`` names the tensors that stay on chip, and the home of each.
    """
    transfers = {transfer.name for transfer in target.transfers}
    joined = {tensor: m for m in matches if m.instruction in transfers for _, tensor, n in m.operands if n > 0}
    found = []
    for match in matches:
        if match.instruction not in transfers:
            written = next(tensor for _, tensor, number in match.operands if number == 0)
            found.append(bind(work, match, target, joined.get(written), homes))
    return found


def matches_of(bindings: Iterable[Binding]) -> list[Match]:
    """The match of every einsum, in order: of those that an instruction does and those that a store does."""
    found = [match for b in bindings for match in (b.match, b.stored) if match is not None]
    return sorted(found, key=lambda match: match.einsum)


def bind(
    work: Workload, match: Match, target: Target, stored: Match | None = None, homes: Mapping[str, Home] | None = None
) -> Binding:
    """The binding of ``match``, and of ``stored``, the einsum that a transfer does while it stores the output.

    Raises Unsupported where an operand has no route or the roles are not one to one.
    """
    einsum = work.einsums[match.einsum]
    instruction = target.instruction(match.instruction).under(match.modes)
    if len(instruction.meaning) != 1:
        raise Unsupported("scheduling", f"{instruction.name}, whose meaning is several einsums")
    _refuse_unproved(instruction, match)
    _refuse_overlaps(work, einsum)
    accesses = (einsum.output, *einsum.reads)
    holders = [tensor for _, tensor, _ in match.operands]
    roles = []
    for name, tensor, number in match.operands:
        operand = instruction.operand(name)
        written = number == 0
        if accesses[number].tensor != tensor:
            raise Unsupported("scheduling", f"operand {name} of {instruction.name} on another access than {tensor}")
        way = route(target, operand, written=written)
        label = tensor if holders.count(tensor) == 1 else f"{tensor}.{name}"
        role = Role(operand, accesses[number], work.tensor(tensor), way, match.axes, written, label)
        if tensor in (homes or {}):
            roles.append(_at_home(role, einsum, (homes or {})[tensor], target))
        else:
            roles.append(_through(role, stored, work, target) if written and stored else role)
    if len({role.home.strip for role in roles if role.home and role.home.strip}) > 1:
        raise Unsupported("scheduling", f"{einsum.statement}, whose tensors pass in strips of different axes")
    roles.sort(key=lambda role: not role.written)
    if [role.written for role in roles].count(True) != 1:
        raise Unsupported("scheduling", f"{instruction.name} with other than one output")
    continues = einsum.operator != "=" and (
        einsum.output.tensor in work.inputs
        or any(einsum.output.tensor == o.tensor for before in work.einsums[: match.einsum] for o in before.outputs)
    )
    if continues and not _comes_in(roles[0], target):
        raise Unsupported("scheduling", f"an output that continues from {roles[0].tensor.name} without a way in")
    return Binding(
        match.einsum,
        einsum,
        match,
        target,
        instruction,
        tuple(roles),
        continues,
        stored,
        _reserved(work, match.einsum, target, homes or {}),
    )


def _comes_in(role: Role, target: Target) -> bool:
    """Can what the output holds already be brought to where it is added to?"""
    way = role.route
    if role.home is not None or way.memory == target.outermost:
        return way.drain is None or way.fill is not None
    return way.fetch is not None and (way.drain is None or way.fill is not None)


def _at_home(role: Role, einsum: Einsum, home: Home, target: Target) -> Role:
    """The role of a tensor in its ``home``: met in place, or for an output drained to its place there."""
    way, memory = role.route, target.memory(home.memory)
    if role.written and way.drain is not None and way.landing.name == memory.name:
        staged = next(operand for operand in way.drain.operands if operand.memory == memory.name)
        if staged.strides != "one_per_axis" or any(len(fused) > 1 for _, fused in role.fused):
            require_free(staged, home)
        way = replace(way, fetch=None, store=None)
    else:
        require_free(role.operand, home)
        way = Route(role.operand, memory, None, None)
    return replace(role, route=way, home=resident(memory, home, role.tensor, role.access, einsum))


def _reserved(work: Workload, number: int, target: Target, homes: Mapping[str, Home]) -> tuple[tuple[str, int], ...]:
    """Bytes of the tensors that are on chip while einsum ``number`` runs."""
    taken: dict[str, int] = {}
    for name, home in homes.items():
        users = [n for n, e in enumerate(work.einsums) if name in [a.tensor for a in (*e.outputs, *e.reads)]]
        if min(users) <= number <= max(users):
            needed = home_bytes(work.tensor(name), home, target.memory(home.memory))
            taken[home.memory] = taken.get(home.memory, 0) + needed
    return tuple(taken.items())


def _through(role: Role, stored: Match, work: Workload, target: Target) -> Role:
    """The output's role where a transfer computes on the way out: another tensor, at the same points."""
    transfer, einsum = target.transfer(stored.instruction), work.einsums[stored.einsum]
    if transfer.source_memory != role.route.landing.name:
        raise Unsupported("scheduling", f"{transfer.name} from {role.route.landing.name}, where {role.label} lies")
    axis_of = {
        theirs.axes[0]: ours.axes[0]
        for theirs, ours in zip(einsum.reads[0].affine_indices, role.access.affine_indices, strict=True)
    }
    access = einsum.output.rename(lambda name: axis_of.get(name, name))
    tensor = work.tensor(einsum.output.tensor)
    return replace(role, access=access, tensor=tensor, route=replace(role.route, store=transfer))


def _refuse_unproved(instruction: Instruction, match: Match) -> None:
    """Raise Unsupported where the machine might do something else, where lanes share elements (windows), or where
    elements lie in an order of their own."""
    if instruction.implementation is not None and not match.proved:
        feature = f"{instruction.name}, whose implementation is not proved to do what it means,"
        raise Unsupported("scheduling", feature)
    for access in (*instruction.meaning[0].outputs, *instruction.meaning[0].reads):
        if any(len(index.axes) > 1 for index in access.indices):
            raise Unsupported("tiling", f"{access} of {instruction.name}, whose lanes share elements,")
    for operand in instruction.operands:
        if operand.layout is not None:
            order = ", ".join(map(str, operand.layout))
            raise Unsupported("tiling", f"the layout [{order}] of operand {operand.name} of {instruction.name}")


def _refuse_overlaps(work: Workload, einsum: Einsum) -> None:
    """Raise Unsupported where tiles in any order would meet in memory, or leave a part of the output unwritten."""
    output = work.tensor(einsum.output.tensor)
    if any(access.tensor == output.name for access in einsum.reads):
        raise Unsupported("scheduling", f"{einsum.statement}, which reads the tensor that it writes")
    if any(tensor.alias_of is not None for tensor in work.tensors):
        views = " ".join(tensor.name for tensor in work.tensors if tensor.alias_of is not None)
        raise Unsupported("scheduling", f"a view of another tensor's bytes ({views})")
    written = {  # left sides are injective: one element per point
        str(other.output): prod(other.extents[axis] for axis in other.output.axes)
        for other in work.einsums
        if [access.tensor for access in other.outputs] == [output.name]
    }
    if output.name not in work.inputs and sum(written.values()) < output.elements:
        raise Unsupported(
            "scheduling",
            f"{output.name}, of whose {output.elements} elements only {sum(written.values())} are written",
            "make it an input as well, so that the others have a value",
        )


def _other(move: Instruction, name: str) -> Operand:
    return next(operand for operand in move.operands if operand.name != name)
