"""What one entry of ``operands`` says: a type, the indices under which the instruction reads it, and a memory."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from isamap.errors import Fault, InvalidNoun
from isamap.ir.affine import Affine, affine
from isamap.ir.dtype import DType, dtype
from isamap.spec.number import Names
from isamap.spec.transfer import whole_numbers

_OPERAND = re.compile(r"\s*(?P<dtype>\w+)\s*\[(?P<indices>[^\[\]]*)\]\s*@\s*(?P<memory>\w+)\s*")


@dataclass(frozen=True)
class OperandText:
    """``s16[c, x + s] @ glb``: each index is an axis, or a sum of axes along which lanes share elements (a window)."""

    dtype: DType
    indices: tuple[Affine, ...]
    memory: str

    @property
    def axes(self) -> tuple[str, ...]:
        return tuple(axis for index in self.indices for axis in index.axes)


def operand_text(name: str, text: str, possible: Collection[str], known: Names) -> OperandText:
    """The entry ``name: text`` over the axes ``possible``, parameters ``known`` put in; raises InvalidNoun."""
    parts = _OPERAND.fullmatch(text)
    if not parts or not name.isidentifier():
        raise InvalidNoun([Fault((), 'NAME: "type[axes] @ memory", as in A: "s16[k,i] @ spad"', f"{name}: {text!r}")])
    items = [item.strip() for item in parts["indices"].split(",")] if parts["indices"].strip() else []
    constants = {n: number for n, number in whole_numbers(known).items() if n not in possible}
    indices = tuple(affine(item, constants) if "+" in item else Affine.of([(item, 1)]) for item in items)
    found = OperandText(dtype(parts["dtype"]), indices, parts["memory"])
    faults = [
        Fault((), f"an axis of {' '.join(possible)}", repr(axis), f"in {text!r}")
        for axis in found.axes
        if axis not in possible
    ]
    faults += [
        Fault((), "a sum of axes, each times a number of at least 1", repr(item))
        for item, index in zip(items, indices, strict=True)
        if not index.is_linear or index.constant or any(c < 1 for _, c in index.terms)
    ]
    if len(set(found.axes)) < len(found.axes):
        faults.append(Fault((), "each axis once", repr(text)))
    if faults:
        raise InvalidNoun(faults)
    return found
