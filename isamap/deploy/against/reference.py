"""The arrays that a contest is held on, and what its results must be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import as_strided

from isamap.deploy.arrays import Array
from isamap.ir.workload import Tensor, Workload
from isamap.simulate import evaluate
from isamap.simulate.element_types import storage
from isamap.simulate.rounding import tolerance

_LINE_BYTES = 64


@dataclass(frozen=True)
class Reference:
    """The output as the kernel means it, and how far from it each element may lie (``simulate/rounding.py``)."""

    output: Array
    distance: Array | float

    def judge(self, found: Array) -> tuple[float | None, str]:
        """The largest distance, None where it is no number; and where the result is wrong, if it is."""
        with np.errstate(invalid="ignore"):
            off = np.abs(found.astype(np.float64) - self.output)
            wrong = ~(off <= self.distance)
        most = float(off.max())
        if not wrong.any():
            return most, ""
        first = tuple(int(n) for n in np.argwhere(wrong)[0])
        said = f"element {list(first)}: expected {self.output[first]}, got {found[first]}"
        return (most if np.isfinite(most) else None), f"{int(wrong.sum())} of {wrong.size} elements, first {said}"


def reference(work: Workload, values: Mapping[str, Array]) -> Reference:
    """Of the one output of ``work``, whose inputs have ``values``."""
    (name,) = work.outputs
    found = evaluate(work, values)
    tensor = work.tensor(name)
    return Reference(found[name], tolerance(work, tensor, found).distance if tensor.dtype.is_float else 0.0)


def placed(work: Workload, values: Mapping[str, Array]) -> dict[str, Array]:
    """Inputs and output in memory, each with the strides of its tensor, from the beginning of a cache line on; the
    output holds zeros where it is no input."""
    names = dict.fromkeys((*work.inputs, *work.outputs))
    return {name: _placed(work.tensor(name), values.get(name, np.zeros(()))) for name in names}


def _placed(tensor: Tensor, values: Array) -> Array:
    kind, strides = storage(tensor.dtype), tensor.element_strides
    length = 1 + sum((extent - 1) * step for extent, step in zip(tensor.shape, strides, strict=True))
    room = np.zeros(length * kind.itemsize + _LINE_BYTES, np.uint8)
    begin = -room.__array_interface__["data"][0] % _LINE_BYTES
    flat = room[begin : begin + length * kind.itemsize].view(kind)
    made = as_strided(flat, tensor.shape, [step * kind.itemsize for step in strides])
    made[...] = values
    return made
