"""What a hardware file says of a core: its registers and caches, and which instructions add products to sums."""

from __future__ import annotations

from math import prod

from isamap.errors import Unsupported
from isamap.ir.cpu import Cache, Core, MultiplyAdd
from isamap.ir.hardware import Instruction, Memory, Target, cycles
from isamap.ir.scalar import Apply, Cast, Read, Scalar

_ANY_SIZE = 1 << 50


def core_of(target: Target) -> Core:
    """The core that a hardware file with caches describes. Raises Unsupported where there is none."""
    caches = [memory for memory in reversed(target.memories) if memory.kind == "cache"]
    found = [each for instruction in target.instructions if (each := _multiply_add(instruction, target))]
    if not caches or not found or target.clock_hz is None:
        lacking = "caches" if not caches else "instruction C[i] += A * B[i]" if not found else "clock"
        raise Unsupported("code generation", f"the target {target.name}, which has no {lacking}")
    registers = target.memory(target.instruction(found[0].instruction).operand(_written(target, found[0])).memory)
    outermost, width = target.outermost.name, registers.alignment_bytes
    loads = _rate(target, (outermost, registers.name), width, width)
    stores = _rate(target, (registers.name, outermost), width, width)
    if not loads or not stores:
        way = f"{outermost} to {registers.name} and back"
        raise Unsupported("code generation", f"{target.name}: no instruction moves {width} bytes from {way}")
    levels = (*(_level(memory, target) for memory in caches), _main(target))
    return Core(
        target.name,
        float(target.clock_hz),
        registers.alignment_bytes,
        registers.capacity_bytes // registers.alignment_bytes,
        tuple(found),
        loads,
        _rate(target, (outermost, registers.name), least=0, most=width - 1) or loads,
        stores,
        levels,
        target.llvm,
    )


def _multiply_add(instruction: Instruction, target: Target) -> MultiplyAdd | None:
    """An instruction whose meaning is C[i] += A[..] * B[i,..] on registers, the same A for every lane or an own one."""
    if (
        len(instruction.meaning) != 1
        or instruction.emit in (None, "none")
        or instruction.value_ranges
        or instruction.initialise == "always"
    ):
        return None
    (einsum,) = instruction.meaning
    factors = _factors(einsum.value)
    (output,) = einsum.outputs
    if einsum.operator != "+=" or factors is None or len(output.axes) != 1:
        return None
    operands = [instruction.operand(factor.access.tensor) for factor in factors]
    total = instruction.operand(output.tensor)
    if {operand.memory for operand in operands} != {total.memory} or instruction.emit is None:
        return None
    full = {axis.name: axis.most for axis in instruction.axes}
    count = next(unit.count for unit in target.units if unit.name == instruction.unit)
    interval = cycles(instruction.initiation_interval_cycles, full)
    latencies = dict(instruction.operand_latency_cycles)
    return MultiplyAdd(
        instruction.name,
        (operands[0].dtype.name, operands[1].dtype.name),
        total.dtype.name,
        full[output.axes[0]],
        prod(full[axis] for axis in einsum.reduction_axes),
        count / max(1, interval),
        float(cycles(latencies.get(total.name, instruction.latency_cycles), full)),
        instruction.emit,
    )


def _factors(value: Scalar) -> tuple[Read, Read] | None:
    match value:
        case Apply("*", (Read() | Cast(_, Read()) as one, Read() | Cast(_, Read()) as other)):
            return _read(one), _read(other)
    return None


def _read(value: Scalar) -> Read:
    return value if isinstance(value, Read) else _read(value.argument)  # type: ignore[union-attr]


def _written(target: Target, product: MultiplyAdd) -> str:
    return target.instruction(product.instruction).written[0]


def _rate(target: Target, way: tuple[str, str], least: int, most: int) -> float:
    """How often per cycle the core's instructions can move ``least`` to ``most`` bytes from one memory to another."""
    rates = [
        next(unit.count for unit in target.units if unit.name == each.unit)
        / max(1, cycles(each.initiation_interval_cycles, {axis.name: axis.most for axis in each.axes}))
        for each in target.instructions
        if _moves(each) == way and least <= _bytes(each) <= most
    ]
    return max(rates, default=0.0)


def _moves(instruction: Instruction) -> tuple[str, str] | None:
    """From where to where, where it reads one operand and writes another."""
    read = [operand for operand in instruction.operands if operand.name not in instruction.written]
    written = [operand for operand in instruction.operands if operand.name in instruction.written]
    return (read[0].memory, written[0].memory) if len(read) == len(written) == 1 else None


def _bytes(instruction: Instruction) -> int:
    """Of what it reads, at most."""
    sizes = {axis.name: axis.most for axis in instruction.axes}
    (operand,) = (operand for operand in instruction.operands if operand.name not in instruction.written)
    return prod(sizes[axis] for axis in operand.axes) * operand.dtype.size_bytes


def _level(memory: Memory, target: Target) -> Cache:
    line = memory.line_bytes or 64
    lines = memory.capacity_bytes // line
    ways = memory.ways or next(n for n in (16, 8, 4, 2, 1) if lines % n == 0)
    read, write = (_port(memory, side, target) for side in ("read", "write"))
    latency = float(memory.latency_cycles or 0)
    return Cache(memory.name, memory.capacity_bytes, ways, line, read, write or read, latency)


def _main(target: Target) -> Cache:
    memory = target.outermost
    read, write = (_port(memory, side, target) for side in ("read", "write"))
    return Cache(memory.name, _ANY_SIZE, 1, 64, read, write or read, float(memory.latency_cycles or 0))


def _port(memory: Memory, side: str, target: Target) -> float:
    """Bytes per cycle of a memory's port; 0 where it has none of that name."""
    return float(next((port.bytes_per_cycle for port in target.ports if port.name == f"{memory.name}.{side}"), 0))
