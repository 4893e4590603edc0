"""A machine: memories, what moves data between them, and instructions (meaning, cost, spelling).

Every number has its unit in its name. Costs are expressions: of ``bytes``, ``border_bytes`` and ``rows`` (runs of the
innermost block axis) for transfers, of the extents actually used and of ``initialise`` (0 or 1) for instructions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal

from isamap.errors import Fault, InvalidNoun
from isamap.ir.affine import Affine
from isamap.ir.dtype import DType
from isamap.ir.einsum import Axis, Einsum
from isamap.ir.expression import Expression, Number, evaluate
from isamap.ir.implementation import Implementation
from isamap.ir.target_machine import TargetMachine

StrideRule = Literal["per_kernel_axis", "one_per_axis", "unit_innermost", "contiguous", "any"]
STRIDE_RULES: tuple[StrideRule, ...] = ("per_kernel_axis", "one_per_axis", "unit_innermost", "contiguous", "any")


@dataclass(frozen=True)
class Memory:
    """Bytes that a program addresses (``explicit``) or not (``cache``). Banks are equal contiguous parts, each held
    whole by one issue at a time; ``count`` copies are private to as many units. A cache's sets hold ``ways`` lines of
    ``line_bytes`` each; ``latency_cycles`` pass from a load's address to its data where the memory has them."""

    name: str
    capacity_bytes: int
    kind: Literal["explicit", "cache"] = "explicit"
    alignment_bytes: int = 1
    banks: int = 1
    count: int = 1
    read_pj_per_byte: float | None = None
    write_pj_per_byte: float | None = None
    source: str = ""
    ways: int | None = None
    line_bytes: int | None = None
    latency_cycles: int | None = None

    def __post_init__(self) -> None:
        given = {"capacity_bytes": self.capacity_bytes, "alignment_bytes": self.alignment_bytes}
        optional = {"ways": self.ways, "line_bytes": self.line_bytes, "latency_cycles": self.latency_cycles}
        said = {name: number for name, number in optional.items() if number is not None}
        _require_positive(("memories", self.name), given | {"banks": self.banks, "count": self.count} | said)
        if faults := [fault.under("memories", self.name) for fault in _cache_faults(self)]:
            raise InvalidNoun(faults)

    @property
    def bank_bytes(self) -> int:
        return self.capacity_bytes // self.banks

    @property
    def sets(self) -> int | None:
        """Sets of a cache; None where its ways or its lines are not known."""
        if self.ways is None or self.line_bytes is None:
            return None
        return self.capacity_bytes // (self.ways * self.line_bytes)


@dataclass(frozen=True)
class Resource:
    """A port (``spad.aread``) or a bus: so many bytes per cycle."""

    name: str
    bytes_per_cycle: int

    def __post_init__(self) -> None:
        _require_positive(("resources", self.name), {"bytes_per_cycle": self.bytes_per_cycle})


@dataclass(frozen=True)
class Queue:
    """A unit or a transfer channel: takes its issues in program order, ``count`` of them at a time."""

    name: str
    count: int = 1

    def __post_init__(self) -> None:
        _require_positive(("queues", self.name), {"count": self.count})


@dataclass(frozen=True)
class Use:
    """What an issue holds of a resource: all of it (None) or so many bytes per cycle."""

    resource: str
    bytes_per_cycle: int | None = None


@dataclass(frozen=True)
class Transfer:
    """Copies a block of up to ``dimensions`` axes from one memory to another.

    ``block`` fixes the extents exactly; ``meaning`` (an einsum of D from S) computes on the way; ``multicast`` copies
    of the destination memory receive the data at once.
    """

    name: str
    source_memory: str
    destination_memory: str
    channel: str
    uses: tuple[Use, ...]
    cost_cycles: Expression
    latency_cycles: Expression = Number(0)
    dimensions: int = 1
    block: tuple[int, ...] | None = None
    source_strides: StrideRule = "any"
    destination_strides: StrideRule = "any"
    energy_pj: Expression | None = None
    meaning: Einsum | None = None
    multicast: int = 1
    source: str = ""

    @property
    def immediates(self) -> tuple[str, ...]:
        """Names of the numbers that each transfer brings."""
        return self.meaning.immediates if self.meaning is not None else ()


@dataclass(frozen=True)
class Operand:
    """One tensor of an instruction's meaning: its type, the axes that index it in order (two in a window ``x + s``),
    memory, and the strides it may have (a rule, or fixed ones in elements, one per axis). ``orders`` are (mode, choice,
    axes): under that choice of the machine's mode the axes lie in another order. ``layout``: coordinates, functions of
    the axes, in whose row-major order the elements lie (``k // 4, i, k % 4``); None: that of the strides."""

    name: str
    dtype: DType
    axes: tuple[str, ...]
    memory: str
    strides: StrideRule | tuple[int, ...] = "contiguous"
    orders: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    layout: tuple[Affine, ...] | None = None

    @property
    def is_interleaved(self) -> bool:
        """Does its layout cut an axis in parts, so that no strides describe it?"""
        return self.layout is not None and not all(index.is_linear for index in self.layout)

    def under(self, modes: Mapping[str, str]) -> Operand:
        """The operand as it lies under a choice of modes."""
        for mode, choice, axes in self.orders:
            if modes.get(mode) == choice:
                return replace(self, axes=axes, orders=())
        return self


@dataclass(frozen=True)
class Instruction:
    """Meaning + cost + spelling. ``modes`` are (name, choices) with the legal combinations in ``legal_modes``
    (empty: all). ``implementation`` is what it does bit by bit; ``value_ranges`` are (operand, (least, greatest)):
    only where the operands' values lie in them must it do what it means."""

    name: str
    unit: str
    axes: tuple[Axis, ...]
    operands: tuple[Operand, ...]
    meaning: tuple[Einsum, ...]
    initiation_interval_cycles: Expression
    occupancy_cycles: Expression
    latency_cycles: Expression
    initialise: Literal["optional", "never", "always"] = "never"
    uses: tuple[Use, ...] = ()
    operand_latency_cycles: tuple[tuple[str, Expression], ...] = ()
    energy_pj: Expression | None = None
    modes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    legal_modes: tuple[tuple[tuple[str, str], ...], ...] = ()
    issue_slots: tuple[str, ...] = ()
    emit: str | None = None
    source: str = ""
    implementation: Implementation | None = None
    value_ranges: tuple[tuple[str, tuple[int | float, int | float]], ...] = ()

    def operand(self, name: str) -> Operand:
        return next(operand for operand in self.operands if operand.name == name)

    @property
    def axis_names(self) -> tuple[str, ...]:
        return tuple(axis.name for axis in self.axes)

    @property
    def immediates(self) -> tuple[str, ...]:
        """Names of the numbers that each issue brings."""
        return tuple(dict.fromkeys(name for einsum in self.meaning for name in einsum.immediates))

    @property
    def combinations(self) -> tuple[tuple[tuple[str, str], ...], ...]:
        """Every legal choice of all modes, in order; one empty choice where there are no modes."""
        every = product(*([(name, choice) for choice in choices] for name, choices in self.modes))
        legal = [dict(one) for one in self.legal_modes]
        return tuple(one for one in every if not legal or dict(one) in legal)

    def under(self, modes: tuple[tuple[str, str], ...]) -> Instruction:
        """The instruction as it is under a choice of modes: operands whose axes lie in another order."""
        given = dict(modes)
        operands = tuple(operand.under(given) for operand in self.operands)
        if operands == self.operands:
            return self
        order = {
            now.name: [was.axes.index(axis) for axis in now.axes]
            for now, was in zip(operands, self.operands, strict=True)
        }
        meaning = tuple(einsum.permuted(order) for einsum in self.meaning)
        implementation = self.implementation.permuted(order) if self.implementation else None
        return replace(self, operands=operands, meaning=meaning, implementation=implementation)

    @property
    def written(self) -> tuple[str, ...]:
        """Names of the operands that it writes."""
        return tuple(dict.fromkeys(output.tensor for einsum in self.meaning for output in einsum.outputs))


@dataclass(frozen=True)
class Target:
    """A machine. The first explicit memory is the outermost: inputs and outputs live there. ``llvm``: what LLVM makes
    machine code for; None: its programs are simulated."""

    name: str
    memories: tuple[Memory, ...]
    ports: tuple[Resource, ...]
    buses: tuple[Resource, ...]
    channels: tuple[Queue, ...]
    transfers: tuple[Transfer, ...]
    units: tuple[Queue, ...]
    instructions: tuple[Instruction, ...]
    issue: Literal["queued", "static"] = "queued"
    clock_hz: int | None = None
    parameters: tuple[tuple[str, int | float], ...] = ()
    source: str = ""
    llvm: TargetMachine | None = None

    def __post_init__(self) -> None:
        faults = [*_name_faults(self), *_reference_faults(self), *_connection_faults(self)]
        if faults:
            raise InvalidNoun(faults)

    @property
    def outermost(self) -> Memory:
        return self.memories[0]

    def memory(self, name: str) -> Memory:
        return next(memory for memory in self.memories if memory.name == name)

    def instruction(self, name: str) -> Instruction:
        return next(instruction for instruction in self.instructions if instruction.name == name)

    def transfer(self, name: str) -> Transfer:
        return next(transfer for transfer in self.transfers if transfer.name == name)

    @property
    def resources(self) -> tuple[Resource, ...]:
        """Ports, then buses, in the order of the machine's file."""
        return (*self.ports, *self.buses)

    @property
    def queues(self) -> tuple[Queue, ...]:
        """Channels, then units: the queues of a program, in the order in which ties are served."""
        return (*self.channels, *self.units)


def cycles(cost: Expression, values: Mapping[str, int]) -> int:
    """A cost in whole cycles, rounded up; raises InvalidNoun where it is negative."""
    value = evaluate(cost, values)
    whole = -int(-value // 1)
    if whole < 0:
        raise InvalidNoun([Fault((), "a cost of at least 0 cycles", f"{cost} = {value}")])
    return whole


def _require_positive(at: tuple[str, ...], numbers: Mapping[str, int]) -> None:
    faults = [Fault((*at, name), "at least 1", str(number)) for name, number in numbers.items() if number < 1]
    if faults:
        raise InvalidNoun(faults)


def _cache_faults(memory: Memory) -> list[Fault]:
    """Lines that are no powers of two, ways that do not share the lines out evenly, a cache's figures elsewhere."""
    line, ways = memory.line_bytes, memory.ways
    if memory.kind != "cache":
        given = {"ways": ways, "line_bytes": line}
        return [Fault((n,), "only where kind is cache", str(v)) for n, v in given.items() if v is not None]
    if line is None:
        return [] if ways is None else [Fault(("ways",), "ways of lines whose size is said", f"{ways} and no line")]
    if line & (line - 1):
        return [Fault(("line_bytes",), "a power of two", str(line))]
    if memory.capacity_bytes % line:
        return [Fault(("line_bytes",), f"lines that fill {memory.capacity_bytes} B", str(line))]
    if ways is not None and memory.capacity_bytes // line % ways:
        lines = f"{memory.capacity_bytes // line} lines"
        return [Fault(("ways",), f"ways that share {lines} out evenly", str(ways))]
    return []


def _name_faults(target: Target) -> list[Fault]:
    groups = {
        "memories": [m.name for m in target.memories], "ports and buses": [r.name for r in target.resources],
        "channels": [c.name for c in target.channels], "units": [u.name for u in target.units],
        "transfers": [t.name for t in target.transfers], "instructions": [i.name for i in target.instructions],
    }  # fmt: skip
    faults = [
        Fault((group,), "different names", f"{name!r} twice")
        for group, given in groups.items()
        for name in dict.fromkeys(given)
        if given.count(name) > 1
    ]
    both = set(groups["transfers"]) & set(groups["instructions"])
    return faults + [Fault(("instructions", n), "a name that no transfer has", repr(n)) for n in sorted(both)]


def _reference_faults(target: Target) -> list[Fault]:
    memories, queues = {m.name for m in target.memories}, {q.name for q in target.queues}
    resources = {r.name for r in target.resources}
    faults: list[Fault] = []

    def require(path: tuple[str, ...], name: str, known: set[str], what: str) -> None:
        if name not in known:
            faults.append(Fault(path, f"{what} of {' '.join(sorted(known)) or 'none'}", repr(name)))

    for transfer in target.transfers:
        at = ("transfers", transfer.name)
        require((*at, "from"), transfer.source_memory, memories, "a memory")
        require((*at, "to"), transfer.destination_memory, memories, "a memory")
        require((*at, "channel"), transfer.channel, {c.name for c in target.channels}, "a channel")
        for use in transfer.uses:
            require((*at, "uses"), use.resource, resources, "a port or bus")
    for instruction in target.instructions:
        at = ("instructions", instruction.name)
        require((*at, "unit"), instruction.unit, queues, "a unit")
        for operand in instruction.operands:
            require((*at, "operands", operand.name), operand.memory, memories, "a memory")
        for use in instruction.uses:
            require((*at, "uses"), use.resource, resources, "a port or bus")
        for n, einsum in enumerate(instruction.meaning):
            faults += [fault.under(*at, "meaning", n) for fault in einsum.unreduced()]
    return faults


def _connection_faults(target: Target) -> list[Fault]:
    """Memories of operands that no chain of transfers and instructions joins to the outermost memory."""
    if not target.memories:
        return [Fault(("memories",), "at least one memory", "none")]
    links = [(t.source_memory, t.destination_memory) for t in target.transfers]
    for instruction in target.instructions:
        written = instruction.written
        sources = [o.memory for o in instruction.operands if o.name not in written]
        links += [(s, o.memory) for o in instruction.operands if o.name in written for s in sources]
    reached, grown = {target.outermost.name}, True
    while grown:
        more = {end for start, end in links if start in reached} - reached
        reached, grown = reached | more, bool(more)
    wanted = f"a memory that data from {target.outermost.name} can reach"
    return [
        Fault(("instructions", i.name, "operands", o.name), wanted, o.memory)
        for i in target.instructions
        for o in i.operands
        if o.memory in {m.name for m in target.memories} and o.memory not in reached
    ]
