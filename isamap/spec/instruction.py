"""One entry of ``instructions`` -> Instruction: meaning, cost and spelling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from isamap.errors import Fault, InvalidNoun
from isamap.ir.einsum import Axis
from isamap.ir.expression import Expression, Number
from isamap.ir.hardware import Instruction, Operand, StrideRule
from isamap.spec.diagnostic import Faults
from isamap.spec.hardware_schema import Extent, InstructionShape
from isamap.spec.implementation import implementation, layout, value_ranges
from isamap.spec.meaning import meanings
from isamap.spec.number import Names, cost_cycles, energy_pj, whole
from isamap.spec.operand import operand_text
from isamap.spec.transfer import uses

_WRONG = Number(1)  # stands in for a cost that is reported
Samples = tuple[Mapping[str, int], ...]


def instruction(name: str, shape: InstructionShape, known: Names, faults: Faults) -> Instruction:
    """The instruction, parameters ``known`` put in. Faults are noted; what is wrong is replaced or left out."""
    axes = _axes(shape, known, faults)
    operands = _operands(shape, axes, known, faults)
    done = None
    if len(operands) == len(shape.operands) and len(axes) == len(shape.axes):
        meaning = meanings(shape, axes, operands, known, faults)
        done = implementation(shape, axes, operands, meaning, known, faults)
    else:
        meaning = ()  # what it is about is wrong, and said to be
    samples = _samples(shape, axes)
    interval = _cost("initiation_interval_cycles", shape.initiation_interval_cycles, known, samples, faults) or _WRONG
    occupancy = _cost("occupancy_cycles", shape.occupancy_cycles, known, samples, faults) or interval
    latency, chained = _latencies(shape, known, samples, faults)
    energy = None
    if shape.energy_pj is not None:
        energy = faults.attempt(("energy_pj",), energy_pj, shape.energy_pj, known, samples)
    used = uses(shape.uses, known, faults)
    modes = tuple((mode, tuple(map(str, choices))) for mode, choices in shape.modes.items())
    emit = None if shape.emit == "none" else shape.emit
    return Instruction(
        name, shape.unit, axes, operands, meaning, interval, occupancy, latency, shape.initialise, used, chained,
        energy, modes, _legal_modes(shape, faults), tuple(shape.issue_slots), emit, shape.source, done,
        value_ranges(shape, operands, known, faults),
    )  # fmt: skip


def _axes(shape: InstructionShape, known: Names, faults: Faults) -> tuple[Axis, ...]:
    axes = (faults.attempt(("axes", name), _axis, name, extent, known) for name, extent in shape.axes.items())
    return tuple(axis for axis in axes if axis is not None)


def _axis(name: str, extent: Extent, known: Names) -> Axis:
    """``k: 16`` or ``k: [1, 4096]``."""
    if not name.isidentifier():
        raise InvalidNoun([Fault((), "a name of letters, digits and _", repr(name))])
    if not isinstance(extent, list):
        return Axis(name, whole(extent, known), whole(extent, known))
    if len(extent) != 2:
        raise InvalidNoun([Fault((), "an extent, or [least, greatest]", f"a list of {len(extent)}")])
    least, most = (whole(end, known) for end in extent)
    if least > most:
        raise InvalidNoun([Fault((), "[least, greatest] extent", f"[{least}, {most}]")])
    return Axis(name, least, most)


def _operands(shape: InstructionShape, axes: tuple[Axis, ...], known: Names, faults: Faults) -> tuple[Operand, ...]:
    if isinstance(shape.strides, dict):
        possible = " ".join(["default", *shape.operands])
        for name in shape.strides.keys() - shape.operands.keys() - {"default"}:
            faults.add(("strides", name), f"an operand of {possible}", repr(name))
    found = []
    for name, text in shape.operands.items():
        strides = faults.attempt(("strides", name), _strides, name, shape, known) or "contiguous"
        operand = faults.attempt(("operands", name), _operand, name, text, shape, strides, known)
        if operand and isinstance(strides, tuple) and len(strides) != len(operand.axes):
            faults.add(("strides", name), f"{len(operand.axes)} strides, one per axis", str(len(strides)))
        orders = _orders(name, operand, shape, faults) if operand else ()
        most = dict.fromkeys(shape.axes, 1) | {axis.name: axis.most for axis in axes}
        lies = faults.attempt(("layouts", name), layout, name, shape, operand, most, known) if operand else None
        found.append(replace(operand, orders=orders, layout=lies) if operand else None)
    for key, named in (("orders", shape.orders), ("layouts", shape.layouts)):
        for name in named.keys() - shape.operands.keys():
            faults.add((key, name), f"an operand of {' '.join(shape.operands)}", repr(name))
    return tuple(operand for operand in found if operand is not None)


def _operand(
    name: str, text: str, shape: InstructionShape, strides: StrideRule | tuple[int, ...], known: Names
) -> Operand:
    """``s16[k,i] @ spad``."""
    found = operand_text(name, text, tuple(shape.axes), known)
    return Operand(name, found.dtype, found.axes, found.memory, strides)


def _orders(
    name: str, operand: Operand, shape: InstructionShape, faults: Faults
) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """``{transpose=yes: [k, i]}``: the operand's own axes in another order."""
    found = []
    choices = [f"{mode}={choice}" for mode, listed in shape.modes.items() for choice in listed]
    for key, axes in shape.orders.get(name, {}).items():
        if key not in choices:
            faults.add(("orders", name, key), f"MODE=CHOICE, one of {' '.join(choices) or 'none'}", repr(key))
        elif sorted(axes) != sorted(operand.axes):
            faults.add(("orders", name, key), f"the axes {' '.join(operand.axes)}", " ".join(axes) or "none")
        else:
            mode, _, choice = key.partition("=")
            found.append((mode, choice, tuple(axes)))
    return tuple(found)


def _strides(name: str, shape: InstructionShape, known: Names) -> StrideRule | tuple[int, ...]:
    if not isinstance(shape.strides, dict):
        return shape.strides
    given = shape.strides.get(name, shape.strides.get("default", "contiguous"))
    return tuple(whole(stride, known, None) for stride in given) if isinstance(given, list) else given


def _samples(shape: InstructionShape, axes: tuple[Axis, ...]) -> Samples:
    """What costs are tried with: the least and the greatest extents, in both modes. A wrong axis counts as 1."""
    ends = ({a.name: a.least for a in axes}, {a.name: a.most for a in axes})
    names = dict.fromkeys(shape.axes, 1)
    return tuple({**names, **end, "initialise": initialise} for end in ends for initialise in (0, 1))


def _cost(
    key: str, value: int | float | str | None, known: Names, samples: Samples, faults: Faults
) -> Expression | None:
    return None if value is None else faults.attempt((key,), cost_cycles, value, known, samples)


def _latencies(
    shape: InstructionShape, known: Names, samples: Samples, faults: Faults
) -> tuple[Expression, tuple[tuple[str, Expression], ...]]:
    """``3``, or ``{default: 3, C: 1}``: until the result is there, and where it is chained through an operand."""
    if not isinstance(shape.latency_cycles, dict):
        return _cost("latency_cycles", shape.latency_cycles, known, samples, faults) or _WRONG, ()
    given = shape.latency_cycles
    if "default" not in given:
        faults.add(("latency_cycles",), "the key default", f"only {' '.join(given) or 'nothing'}")
    possible = f"an operand of {' '.join(['default', *shape.operands])}"
    for name in given.keys() - shape.operands.keys() - {"default"}:
        faults.add(("latency_cycles", name), possible, repr(name))
    inner = faults.under("latency_cycles")
    costs = {name: _cost(name, value, known, samples, inner) or _WRONG for name, value in given.items()}
    return costs.pop("default", _WRONG), tuple(costs.items())


def _legal_modes(shape: InstructionShape, faults: Faults) -> tuple[tuple[tuple[str, str], ...], ...]:
    for mode, choices in shape.modes.items():
        if not choices or len(set(map(str, choices))) < len(choices):
            faults.add(("modes", mode), "at least one choice, each once", " ".join(map(str, choices)) or "none")
    for n, combination in enumerate(shape.legal_modes):
        missing = [mode for mode in shape.modes if mode not in combination]
        if missing and combination.keys() <= shape.modes.keys():
            faults.add(("legal_modes", n), f"a choice of each of {' '.join(shape.modes)}", f"none of {missing[0]}")
        for mode, choice in combination.items():
            if mode not in shape.modes:
                possible = " ".join(shape.modes) or "none"
                faults.add(("legal_modes", n, mode), f"a mode of {possible}", repr(mode))
            elif choice not in shape.modes[mode]:
                possible = " ".join(map(str, shape.modes[mode]))
                faults.add(("legal_modes", n, mode), f"a choice of {possible}", repr(choice))
    return tuple(tuple((mode, str(choice)) for mode, choice in each.items()) for each in shape.legal_modes)
