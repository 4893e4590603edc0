"""Hardware files: YAML -> Target. Every mistake of a file is reported, each at its line and column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import isfinite
from pathlib import Path

from isamap.errors import Fault, InvalidNoun
from isamap.ir.hardware import Memory, Queue, Resource, Target
from isamap.ir.target_machine import TargetMachine
from isamap.spec.conform import conform
from isamap.spec.diagnostic import Faults
from isamap.spec.document import Document
from isamap.spec.hardware_schema import Figure, HardwareFile, MemoryShape, QueueShape, Rate
from isamap.spec.instruction import instruction
from isamap.spec.number import Names, measure, number, whole
from isamap.spec.quantity import quantity
from isamap.spec.resolve import open_document
from isamap.spec.settings import SETTABLE, put_in
from isamap.spec.transfer import transfer

NOTHING: Mapping[str, object] = {}
_ENERGIES = ("read_pj_per_byte", "write_pj_per_byte")


def load_target(source: str | Path, settings: Mapping[str, object] = NOTHING) -> Target:
    """The machine of a hardware file: a path, a bundled name, or the YAML text itself.

    ``settings`` replace parameters. Raises SpecError with every mistake, InputError for a name that is not found or
    cannot be set.
    """
    document = open_document(source, "hardware")
    put_in(document, settings, SETTABLE["hardware"])
    file, faults = conform(document, HardwareFile)
    target = _target(file, document, faults) if file else None
    if target is None or faults.found or document.duplicates:
        raise document.error(faults)
    return target


def _target(file: HardwareFile, document: Document, faults: Faults) -> Target | None:
    known = _parameters(file, faults)
    memories: list[Memory] = []
    ports: list[Resource] = []
    for name, shape in file.memories.items():
        memories.append(_memory(name, shape, known, faults.under("memories", name)))
        ports += _resources(shape.ports, f"{name}.", known, faults.under("memories", name, "ports"))
    buses = _resources(file.buses, "", known, faults.under("buses"))
    channels = _queues("channels", file.channels, known, faults)
    units = _queues("units", file.units, known, faults)
    clock = faults.attempt(("clock",), quantity, file.clock, "frequency") if file.clock is not None else None
    llvm = None
    if file.llvm is not None:
        llvm = faults.attempt(("llvm",), TargetMachine, file.llvm.triple, tuple(file.llvm.features))
    transfers = [transfer(n, shape, known, faults.under("transfers", n)) for n, shape in file.transfers.items()]
    instructions = [instruction(n, s, known, faults.under("instructions", n)) for n, s in file.instructions.items()]
    try:
        return Target(
            file.name, tuple(memories), tuple(ports), tuple(buses), channels, tuple(transfers),
            units, tuple(instructions), file.issue, clock, tuple(known.items()), file.source,
            llvm,
        )  # fmt: skip
    except InvalidNoun as error:
        # where something is wrong already, that data cannot reach a memory is no new mistake
        unreached = {memory.name for memory in memories} if faults.found else set()
        faults.note(*(fault for fault in error.faults if fault.got not in unreached))
        return None


def _parameters(file: HardwareFile, faults: Faults) -> dict[str, int | float]:
    """The parameters whose names mean nothing else; faults are noted."""
    taken = dict.fromkeys(("bytes", "border_bytes", "rows", "initialise"), "a word of cost expressions")
    taken |= {axis: f"an axis of {name}" for name, each in file.instructions.items() for axis in each.axes}
    for name, value in file.parameters.items():
        if not name.isidentifier():
            faults.add(("parameters", name), "a name of letters, digits and _", repr(name))
        if not isfinite(value):
            faults.add(("parameters", name), "a finite number", str(value))
            faults.broken.add(name)
        if name in taken:
            faults.add(("parameters", name), "a name of its own", repr(name), f"it is {taken[name]}")
    return {name: value for name, value in file.parameters.items() if name not in taken and isfinite(value)}


def _memory(name: str, shape: MemoryShape, known: Names, faults: Faults) -> Memory:
    """The memory; a wrong number is noted and replaced, so that what refers to the memory can still be checked."""
    if not name.isidentifier():
        faults.add((), "a name of letters, digits and _", repr(name))
    capacity = _bytes(shape, "capacity", known, faults)
    if shape.capacity is None and shape.capacity_bytes is None and not faults.any_here():
        faults.add((), "the key capacity (64 KiB) or capacity_bytes (an expression)", "neither")
    banks = faults.attempt(("banks",), whole, shape.banks, known) or 1
    if capacity and capacity % banks:
        faults.add(("banks",), f"banks of equal size in {capacity} B", str(banks))
    read, write = (
        None if source is None else faults.attempt((side,), _picojoules, source, known)
        for side, source in zip(_ENERGIES, (shape.read_pj_per_byte, shape.write_pj_per_byte), strict=True)
    )
    memory = Memory(
        name, capacity or 1, shape.kind, _bytes(shape, "alignment", known, faults) or 1, banks,
        faults.attempt(("count",), whole, shape.count, known) or 1, read, write, shape.source,
    )  # fmt: skip
    return _with_lines(memory, shape, known, faults) if capacity else memory


def _with_lines(memory: Memory, shape: MemoryShape, known: Names, faults: Faults) -> Memory:
    """The memory with its latency and, for a cache, its ways and lines; what is wrong is noted and left out."""
    given = {"ways": shape.ways, "latency_cycles": shape.latency_cycles}
    found = {
        name: faults.attempt((name,), whole, source, known) for name, source in given.items() if source is not None
    }
    if shape.line is not None:
        found["line_bytes"] = faults.attempt(("line",), lambda: whole(quantity(shape.line, "bytes"), {}))
    if None in found.values():
        return memory
    try:
        return replace(memory, **found)  # type: ignore[arg-type]
    except InvalidNoun as error:
        for fault in error.faults:
            key = str(fault.path[-1])
            faults.add(("line" if key == "line_bytes" else key,), fault.expected, fault.got, fault.hint)
        return memory


def _bytes(shape: MemoryShape, what: str, known: Names, faults: Faults) -> int | None:
    """``capacity: 64 KiB`` or ``capacity_bytes: 1024*spad_kib``; None where neither is there or it is wrong."""
    text, expression = getattr(shape, what), getattr(shape, f"{what}_bytes")
    if text is not None and expression is not None:
        faults.add((what,), f"one of {what} and {what}_bytes", "both")
    if text is not None:
        return faults.attempt((what,), lambda: whole(quantity(text, "bytes"), {}))
    return faults.attempt((f"{what}_bytes",), measure, expression, known, "bytes") if expression is not None else None


def _picojoules(source: Figure, known: Names) -> float:
    value = float(number(source, known))
    if not isfinite(value) or value < 0:
        raise InvalidNoun([Fault((), "an energy of at least 0 pJ", str(value))])
    return value


def _resources(rates: Mapping[str, Rate], owner: str, known: Names, faults: Faults) -> list[Resource]:
    """Ports or buses; a wrong rate is noted and replaced."""
    return [Resource(owner + n, faults.attempt((n,), measure, rate, known, "rate") or 1) for n, rate in rates.items()]


def _queues(group: str, shapes: Mapping[str, QueueShape], known: Names, faults: Faults) -> tuple[Queue, ...]:
    return tuple(
        Queue(name, faults.attempt((group, name, "count"), whole, shape.count, known) or 1)
        for name, shape in shapes.items()
    )
