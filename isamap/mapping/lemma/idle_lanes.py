"""Issues of smaller extents than the greatest, at which the lemma is proved: lanes beyond them hold zeros.

The implementation gives what the meaning gives on all lanes, zeros included. That is what the meaning gives on the
lanes in use iff zero is among the values that are allowed, and lanes of zeros add nothing to a sum.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from isamap.ir.affine import Affine
from isamap.ir.dtype import DType
from isamap.ir.einsum import Einsum
from isamap.ir.hardware import Instruction
from isamap.ir.scalar import Access
from isamap.mapping.lemma.interval import Interval, intervals
from isamap.mapping.lemma.scalar_term import Scalars
from isamap.mapping.lemma.term import Terms


def idle_lanes(instruction: Instruction, ranges: Mapping[str, Interval]) -> str:
    """Why nothing follows for smaller extents; empty: it does, or there are none."""
    free = {axis.name for axis in instruction.axes if axis.least < axis.most}
    dtypes = {operand.name: operand.dtype for operand in instruction.operands}
    for operand in instruction.operands:
        low, high = ranges.get(operand.name, (0, 0))
        if free & set(operand.axes) and not low <= 0 <= high:
            return f"lanes of {operand.name} that are not used hold 0, which is not in [{low}, {high}]"
    for einsum in instruction.meaning:
        summed = free & set(einsum.reduction_axes)
        if summed and not (einsum.operator == "+=" and _adds_nothing(einsum, summed, dtypes)):
            return f"lanes of {', '.join(sorted(summed))} that are not used change {einsum.statement}"
    return ""


@dataclass(frozen=True)
class _IdleLane:
    """A point where what depends on some axis of ``axes`` is zero."""

    terms: Terms
    dtypes: Mapping[str, DType]
    axes: set[str]

    def element(self, access: Access) -> int:
        dtype = self.dtypes[access.tensor]
        if self.axes & set(access.axes):
            return self.terms.constant(0, dtype)
        return self.terms.input(access.tensor, (), dtype)

    def index(self, index: Affine) -> None:
        return None


def _adds_nothing(einsum: Einsum, summed: set[str], dtypes: Mapping[str, DType]) -> bool:
    """Is the value 0 beyond each of the axes ``summed``, whatever else is read?"""
    for axis in summed:
        terms = Terms()
        scalars = Scalars(terms, dtypes)
        root = scalars.term(einsum.value, dtypes[einsum.output.tensor], _IdleLane(terms, dtypes, {axis}))
        if intervals(terms, [root], {})[root] != (0, 0):
            return False
    return True
