"""An operation on one line, with or without the origins that make it an issue.

::

    mac initialise [flow=ws] (scale=3) i=2x8 k=64 A=s16 spad@(2048 * t) {i: 64 2, k: 32} C=s32 acc@0 {i: 512 4}
    load r=64 c=16  s16 dram.B[0, 16 * t] {r: (1, 0), c: (0, 1)} border 0 -> s16 spad@8192 {r: 32, c: 2}

After the extents comes a view per operand: its type, its memory, where it begins (an address, or coordinates of a
tensor), and per axis one step for each factor; axes that it does not depend on are left out. Addresses and steps count
bytes, unless it says that they count elements of fewer bits: ``u4 spad@512 of 4 bits {k: 32}`` begins with byte 256.
"""

from __future__ import annotations

import re
from typing import Literal

from isamap.errors import Fault, InvalidNoun
from isamap.ir.dtype import DType
from isamap.ir.expression import Expression, Number
from isamap.ir.program import Operation, View
from isamap.ir.text.lines import NAME, Cursor, word

Origins = tuple[tuple[Expression, ...], ...]
_EXTENT = re.compile(rf"({NAME})=(?=[\d(])")
_OPERAND = re.compile(rf"({NAME})=")
_FACTORS = re.compile(r"\d+(?:x\d+)*|\(\)")
_CLAUSE = re.compile(r"(?:after|start)\b|$")  # what may follow an operation without views
_ENDS = ("source", "destination")  # a transfer's operands are printed as ``source -> destination``


def show_operation(operation: Operation, origins: Origins | None = None) -> str:
    parts = [word(operation.performs), operation.mode] if operation.mode else [word(operation.performs)]
    if operation.modes:
        parts.append("[" + ", ".join(f"{word(name)}={word(choice)}" for name, choice in operation.modes) + "]")
    if operation.immediates:
        parts.append("(" + ", ".join(f"{word(name)}={number!r}" for name, number in operation.immediates) + ")")
    parts += [f"{word(axis)}={'x'.join(map(str, factors)) or '()'}" for axis, factors in operation.extents]
    axes = [axis for axis, _ in operation.extents]
    views = [_show_view(view, axes, origins[n] if origins else None) for n, view in enumerate(operation.views)]
    if tuple(view.operand for view in operation.views) == _ENDS:
        return " ".join([*parts, " -> ".join(views)])
    named = (f"{word(view.operand)}={text}" for view, text in zip(operation.views, views, strict=True))
    return " ".join([*parts, *named])


def _show_view(view: View, axes: list[str], origin: tuple[Expression, ...] | None) -> str:
    text = f"{view.dtype} {word(view.memory)}"
    listed = "" if origin is None else ", ".join(map(str, origin))
    if view.tensor is not None:
        text += f".{word(view.tensor)}" + ("" if origin is None else f"[{listed}]")
    elif origin is None:
        text += "@"
    else:
        text += f"@{listed}" if isinstance(origin[0], Number) and listed.isdigit() else f"@({listed})"
    if view.tensor is None and view.dtype.is_packed:
        text += f" of {view.dtype.bits} bits"
    steps = [f"{word(axis)}: {' '.join(map(_show_step, s))}" for axis, s in zip(axes, view.steps, strict=True) if s]
    text += f" {{{', '.join(steps)}}}"
    return text if view.border is None else f"{text} border {view.border!r}"


def _show_step(step: tuple[int, ...]) -> str:
    return str(step[0]) if len(step) == 1 else f"({', '.join(map(str, step))})"


def read_operation(cursor: Cursor, with_origins: bool) -> tuple[Operation, Origins]:
    """The operation that comes next, and the origins of its views (empty ones where it has none)."""
    performs = cursor.word("an instruction or transfer")
    mode: Literal["", "initialise", "accumulate"] = "initialise" if cursor.accept("initialise") else ""
    if not mode and cursor.accept("accumulate"):
        mode = "accumulate"
    modes, immediates = _read_modes(cursor), _read_immediates(cursor)
    extents: list[tuple[str, tuple[int, ...]]] = []
    while cursor.sees(_EXTENT):
        axis = cursor.word()
        cursor.expect("=")
        factors = cursor.match(_FACTORS, "an extent, or factors as in 2x8")
        extents.append((axis, () if factors == "()" else tuple(map(int, factors.split("x")))))
    axes = [axis for axis, _ in extents]
    found: list[tuple[View, tuple[Expression, ...]]] = []
    while cursor.sees(_OPERAND):
        operand = cursor.word()
        cursor.expect("=")
        found.append(_read_view(cursor, operand, axes, with_origins))
    if not found and not cursor.sees(_CLAUSE):
        found.append(_read_view(cursor, _ENDS[0], axes, with_origins))
        cursor.expect("->")
        found.append(_read_view(cursor, _ENDS[1], axes, with_origins))
    views, origins = tuple(view for view, _ in found), tuple(origin for _, origin in found)
    return Operation(performs, tuple(extents), views, mode, modes, immediates), origins


def _read_modes(cursor: Cursor) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    while cursor.accept("," if found else "["):
        name = cursor.word("a mode")
        cursor.expect("=")
        found.append((name, cursor.word("a choice")))
    if found:
        cursor.expect("]")
    return tuple(found)


def _read_immediates(cursor: Cursor) -> tuple[tuple[str, int | float], ...]:
    found: list[tuple[str, int | float]] = []
    while cursor.accept("," if found else "("):
        name = cursor.word("an immediate")
        cursor.expect("=")
        found.append((name, cursor.number()))
    if found:
        cursor.expect(")")
    return tuple(found)


def _read_view(
    cursor: Cursor, operand: str, axes: list[str], with_origins: bool
) -> tuple[View, tuple[Expression, ...]]:
    dtype, memory = cursor.dtype(), cursor.word("a memory")
    tensor: str | None = None
    origin: tuple[Expression, ...] = ()
    if cursor.accept("."):
        tensor = cursor.word("a tensor")
        origin = cursor.expressions("[", "]") if with_origins else ()
    else:
        cursor.expect("@")
        origin = _read_address(cursor) if with_origins else ()
        _read_counted(cursor, dtype)
    steps = _read_steps(cursor, axes)
    border = cursor.number() if cursor.accept("border") else None
    return View(operand, memory, dtype, steps, tensor, border), origin


def _read_address(cursor: Cursor) -> tuple[Expression, ...]:
    return cursor.expressions("(", ")") if cursor.rest.startswith("(") else (Number(cursor.integer("an address")),)


def _read_counted(cursor: Cursor, dtype: DType) -> None:
    """What addresses of elements narrower than a byte count, lest they be taken for bytes."""
    if not dtype.is_packed:
        return
    wanted = f"of {dtype.bits} bits"
    if not cursor.accept("of") or cursor.integer(wanted) != dtype.bits or not cursor.accept("bits"):
        raise cursor.fault(f"{wanted!r}: addresses of {dtype} count elements")


def _read_steps(cursor: Cursor, axes: list[str]) -> tuple[tuple[tuple[int, ...], ...], ...]:
    found: dict[str, tuple[tuple[int, ...], ...]] = {}
    cursor.expect("{")
    while not cursor.accept("}"):
        if found:
            cursor.expect(",")
        axis = cursor.word("an axis")
        if axis in found or axis not in axes:
            raise InvalidNoun([Fault((), f"each of the axes {' '.join(axes)} at most once", repr(axis))])
        cursor.expect(":")
        steps = [_read_step(cursor)]
        while cursor.rest[:1] not in (",", "}", ""):
            steps.append(_read_step(cursor))
        found[axis] = tuple(steps)
    return tuple(found.get(axis, ()) for axis in axes)


def _read_step(cursor: Cursor) -> tuple[int, ...]:
    return cursor.integers("(", ")") if cursor.rest.startswith("(") else (cursor.integer("a step"),)
