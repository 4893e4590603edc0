"""A Target as text: one line per thing, every field under its name, fields at their defaults left out.

::

    target p16, clock_hz=1000000000
    parameter spad_kib, 64
    memory spad, capacity_bytes=1024 * 64, ...
    transfer load, source_memory=dram, destination_memory=spad, channel=load, uses=(Use(bus),), cost_cycles=...
    instruction mac, unit=array, ...
      axis i=1..16
      operand A, dtype=s16, axes=(k, i), memory=spad
      meaning C[i, j] += A[k, i] * B[k, j] for i=1..16, j=1..16, k=1..4096
"""

from __future__ import annotations

import ast
from typing import Any

from isamap.errors import Fault, InvalidNoun
from isamap.ir.hardware import Instruction, Memory, Operand, Queue, Resource, Target, Transfer
from isamap.ir.text.lines import INDENT, Line, Lines
from isamap.ir.text.read import parse_python, read, read_fields
from isamap.ir.text.show import show_fields, show_flat
from isamap.ir.text.workload import read_axis, read_einsum

# the word of a line: the field of the target that it goes to, and its noun
_LINES: dict[str, tuple[str, type]] = {
    "memory": ("memories", Memory), "port": ("ports", Resource), "bus": ("buses", Resource),
    "channel": ("channels", Queue), "transfer": ("transfers", Transfer), "unit": ("units", Queue),
    "instruction": ("instructions", Instruction),
}  # fmt: skip
# fields on indented lines of their own
_BELOW: dict[type, tuple[str, ...]] = {Transfer: ("meaning",), Instruction: ("axes", "operands", "meaning")}
_PARAMETER = tuple[str, int | float]


def show_target(target: Target) -> str:
    groups = ("parameters", *(field for field, _ in _LINES.values()))
    rows = [f"target {show_fields(target, bare=True, without=groups)}"]
    for name, value in target.parameters:
        rows.append(f"parameter {show_flat(name, bare=True)}, {show_flat(value)}")
    for word, (field, _) in _LINES.items():
        for noun in getattr(target, field):
            below = _BELOW.get(type(noun), ())
            rows.append(f"{word} {show_fields(noun, bare=True, without=below)}")
            rows += [INDENT + row for row in _rows_below(noun)]
    return "\n".join(rows) + "\n"


def _rows_below(noun: object) -> list[str]:
    match noun:
        case Transfer(meaning=meaning) if meaning is not None:
            return [f"meaning {meaning}"]
        case Instruction(axes=axes, operands=operands, meaning=einsums):
            rows = [f"axis {axis}" for axis in axes]
            rows += (f"operand {show_fields(operand, bare=True)}" for operand in operands)
            return rows + [f"meaning {einsum}" for einsum in einsums]
    return []


def read_target(lines: Lines) -> Target:
    first = lines.take("target NAME")
    found: dict[str, list[Any]] = {"parameters": [], **{field: [] for field, _ in _LINES.values()}}
    for line in lines.at_depth(0):
        word, _, rest = line.text.partition(" ")
        with line.faults():
            if word == "parameter":
                found["parameters"].append(read(parse_python(f"({rest})", line.number), _PARAMETER))
            elif word in _LINES:
                field, noun = _LINES[word]
                found[field].append(_read_line(line, rest, noun, _read_below(lines, noun)))
            else:
                raise InvalidNoun([Fault((), "parameter " + " ".join(_LINES), repr(word))])
    with first.faults():
        more = {field: tuple(nouns) for field, nouns in found.items()}
        target: Target = _read_line(first, first.text.partition(" ")[2], Target, more)
        return target


def _read_line(line: Line, arguments: str, noun: type, more: dict[str, Any]) -> Any:
    call = parse_python(f"_({arguments})", line.number)
    if not isinstance(call, ast.Call):
        raise InvalidNoun([Fault((), "name, field=value, ...", repr(arguments))])
    return read_fields(call, noun, more)


def _read_below(lines: Lines, noun: type) -> dict[str, Any]:
    """The indented lines of a transfer or an instruction."""
    axes, operands, meaning = [], [], []
    for line in lines.at_depth(1):
        word, _, rest = line.text.partition(" ")
        with line.faults():
            if word == "meaning" and noun in (Transfer, Instruction):
                meaning.append(read_einsum(rest))
            elif word == "axis" and noun is Instruction:
                axes.append(read_axis(rest))
            elif word == "operand" and noun is Instruction:
                operands.append(_read_line(line, rest, Operand, {}))
            else:
                known = {Instruction: "axis, operand or meaning", Transfer: "meaning"}.get(noun, "no indented line")
                raise InvalidNoun([Fault((), known, repr(word))])
    if noun is Transfer:
        if len(meaning) > 1:
            raise InvalidNoun([Fault(("meaning",), "one einsum", str(len(meaning)))])
        return {"meaning": meaning[0]} if meaning else {}
    found = {"axes": tuple(axes), "operands": tuple(operands), "meaning": tuple(meaning)}
    return found if noun is Instruction else {}
