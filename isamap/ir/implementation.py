"""What an instruction does bit by bit: the einsums that its manual gives, with their intermediate results.

Integers wrap in their types unless a cast saturates (``sat_s16``). An intermediate result starts at the identity of
the operator that first writes it. Axes stand at the greatest extents of the instruction's: an issue of smaller extents
is one whose summed lanes beyond them hold zeros and whose other lanes beyond them are not looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from isamap.ir.dtype import DType
from isamap.ir.einsum import Einsum


@dataclass(frozen=True)
class Implementation:
    """``einsums``, in order, over the operands and over ``tensors``: (name, type, shape) of intermediate results."""

    tensors: tuple[tuple[str, DType, tuple[int, ...]], ...]
    einsums: tuple[Einsum, ...]

    def permuted(self, order: Mapping[str, Sequence[int]]) -> Implementation:
        """The same where each operand of ``order`` has its axes in that order."""
        return Implementation(self.tensors, tuple(einsum.permuted(order) for einsum in self.einsums))
