"""Tensors that live on chip whole, from the einsum that writes them to the last that reads them.

Such a tensor lies row-major in one memory, its *home*. Who writes it writes it there, who reads it reads it there, with
the strides of the whole tensor: nothing is fetched or stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from isamap.errors import Unsupported
from isamap.ir.einsum import Einsum
from isamap.ir.hardware import Memory, Operand
from isamap.ir.region import rounded_up
from isamap.ir.scalar import Access
from isamap.ir.workload import Tensor

FREE = ("per_kernel_axis", "any")  # stride rules that take the strides of a whole tensor


@dataclass(frozen=True)
class Resident:
    """A tensor in its home, as one access meets it: ``constant + sum(stride * axis)`` is an element's number."""

    memory: Memory
    constant: int
    strides: tuple[tuple[str, int], ...]

    def stride(self, axis: str) -> int:
        return dict(self.strides).get(axis, 0)

    def element(self, point: Mapping[str, int]) -> int:
        """The number of the element at ``point``."""
        return self.constant + sum(stride * point[axis] for axis, stride in self.strides)


def resident(memory: Memory, tensor: Tensor, access: Access, einsum: Einsum) -> Resident:
    """``tensor`` whole in ``memory``, met through ``access``; raises Unsupported where no strides describe that."""
    steps = tensor.element_strides
    ranges = {axis: (0, extent - 1) for axis, extent in einsum.extents.items()}
    constant, strides = 0, dict.fromkeys(access.axes, 0)
    for index, step, extent in zip(access.affine_indices, steps, tensor.shape, strict=True):
        low, high = index.bounds(ranges)
        if not index.is_linear or low < 0 or high >= extent:
            raise Unsupported("scheduling", f"{access} of a tensor that stays in {memory.name}: it leaves the tensor")
        constant += index.constant * step
        for axis in index.axes:
            strides[axis] += index.coefficient(axis) * step
    return Resident(memory, constant, tuple(strides.items()))


def home_bytes(tensor: Tensor, memory: Memory) -> int:
    """What the whole tensor takes."""
    return rounded_up(tensor.size_bytes, memory.alignment_bytes)


def require_free(operand: Operand, memory: Memory) -> None:
    """Raises Unsupported where ``operand`` cannot step through a tensor that lies whole in ``memory``."""
    if operand.memory != memory.name:
        raise Unsupported("scheduling", f"a tensor that stays in {memory.name} as operand of {operand.memory}")
    if operand.strides not in FREE:
        raise Unsupported("scheduling", f"a tensor that stays in {memory.name} as an operand that is {operand.strides}")
