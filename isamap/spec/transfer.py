"""One entry of ``transfers`` -> Transfer, and what transfers and instructions use of ports and buses."""

from __future__ import annotations

from collections.abc import Mapping

from isamap.errors import Fault, InvalidNoun
from isamap.ir.einsum import Einsum, parse_statement
from isamap.ir.expression import Number
from isamap.ir.hardware import Transfer, Use
from isamap.ir.scalar import reads
from isamap.spec.diagnostic import Faults
from isamap.spec.hardware_schema import TransferShape, Uses
from isamap.spec.number import Names, cost_cycles, energy_pj, measure, whole

# what a cost is tried with before any program is there
_SAMPLES: tuple[Mapping[str, int], ...] = (
    {"bytes": 0, "border_bytes": 1, "rows": 1},
    {"bytes": 1, "border_bytes": 0, "rows": 1},
    {"bytes": 1 << 20, "border_bytes": 1 << 20, "rows": 1 << 10},
)
_LONGEST = (1 << 31) - 1


def transfer(name: str, shape: TransferShape, known: Names, faults: Faults) -> Transfer:
    """The transfer, parameters ``known`` put in. Faults are noted; what is wrong is replaced or left out."""
    block = None
    if shape.block is not None:
        extents = [faults.attempt(("block", n), whole, extent, known) for n, extent in enumerate(shape.block)]
        block = tuple(extent or 1 for extent in extents)
    dimensions = faults.attempt(("dimensions",), whole, shape.dimensions, known) or 1
    if block and len(block) > dimensions:
        faults.add(("block",), f"at most {dimensions} extents (dimensions: {dimensions})", str(len(block)))
    cost = faults.attempt(("cost_cycles",), cost_cycles, shape.cost_cycles, known, _SAMPLES)
    latency = faults.attempt(("latency_cycles",), cost_cycles, shape.latency_cycles, known, _SAMPLES)
    energy = meaning = None
    if shape.energy_pj is not None:
        energy = faults.attempt(("energy_pj",), energy_pj, shape.energy_pj, known, _SAMPLES)
    if shape.meaning is not None:
        meaning = faults.attempt(("meaning",), _meaning, shape.meaning, block, dimensions, known)
    multicast = faults.attempt(("multicast",), whole, shape.multicast, known) or 1
    used = uses(shape.uses, known, faults)
    return Transfer(
        name, shape.from_, shape.to, shape.channel, used, cost or Number(1), latency or Number(0), dimensions, block,
        shape.strides.source, shape.strides.destination, energy, meaning, multicast, shape.source,
    )  # fmt: skip


def uses(shape: Uses, known: Names, faults: Faults) -> tuple[Use, ...]:
    """``[bus, spad.dma]`` takes them whole, ``{spad.aread: 32}`` so many bytes per cycle."""
    if isinstance(shape, list):
        return tuple(Use(name) for name in shape)
    return tuple(Use(n, faults.attempt(("uses", n), measure, rate, known, "rate")) for n, rate in shape.items())


def _meaning(text: str, block: tuple[int, ...] | None, dimensions: int, known: Names) -> Einsum:
    """``D[i,j] = sat_s8(S[i,j])``: D is what arrives, S what is read; the i-th axis of D runs over the block's."""
    statement = parse_statement(text, frozenset(("D", "S")), whole_numbers(known))
    item, axes = statement.outputs[0], statement.axis_names
    plain = list(map(str, item.indices)) == list(axes)
    found = list(reads(statement.value))
    same = bool(found) and all(other.tensor == "S" and other.indices == item.indices for other in found)
    if len(statement.outputs) != 1 or item.tensor != "D" or statement.operator != "=" or not plain or not same:
        raise InvalidNoun([Fault((), "D[i,j,...] = a value of S[i,j,...], over plain axes", repr(text))])
    if len(axes) != (wanted := len(block) if block else dimensions):
        what = "block" if block else "dimensions"
        raise InvalidNoun([Fault((), f"{wanted} axes, as {what} says", " ".join(axes) or "none")])
    extents = [(extent, extent) for extent in block] if block else [(1, _LONGEST)] * len(axes)
    return statement.over(dict(zip(axes, extents, strict=False)))


def whole_numbers(known: Names) -> dict[str, int]:
    """The parameters that can stand in an index."""
    return {name: value for name, value in known.items() if isinstance(value, int)}
