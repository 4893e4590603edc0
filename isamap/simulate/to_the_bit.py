"""Instructions performed as their manual defines them, where the machine's file does: intermediate results that
saturate or lose bits do so here too, whatever the meaning says.

An issue of smaller extents is one whose other lanes hold zeros; what they give is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from isamap.ir.hardware import Instruction
from isamap.ir.implementation import Implementation
from isamap.simulate.action import Action
from isamap.simulate.einsum import apply_einsum, identity, start_values
from isamap.simulate.element_types import Array, from_raw, storage, to_raw
from isamap.simulate.touch import Touch
from isamap.simulate.value import Arrays
from isamap.simulate.windows import Buffers, reader, writer


def by_definition(
    action: Action, does: Instruction, definition: Implementation, touched: Sequence[Touch], buffers: Buffers
) -> Callable[[], None]:
    """Each call performs the next issue of ``action`` on the byte arrays, einsum by einsum of ``definition``."""
    layouts = {touch.layout.operand: touch.layout for touch in touched}
    readers = {touch.layout.operand: reader(touch, buffers) for touch in touched}
    writers = {touch.layout.operand: writer(touch, buffers) for touch in touched if touch.layout.writes}
    dtypes = {name: layout.dtype for name, layout in layouts.items()}
    dtypes |= {name: dtype for name, dtype, _ in definition.tensors}
    most = {axis.name: axis.most for axis in does.axes}
    shapes = {name: tuple(most[axis] for axis in does.operand(name).axes) for name in layouts}
    einsums = [einsum.given(dict(action.operation.immediates)) for einsum in definition.einsums]
    ranges = [{axis: (0, extent) for axis, extent in einsum.extents.items()} for einsum in einsums]
    starts = _starts(action, does)

    def perform() -> None:
        arrays: dict[str, Array] = {}
        for name, read in readers.items():
            values = from_raw(read().reshape(layouts[name].shape), dtypes[name])
            arrays[name] = np.zeros(shapes[name], dtype=storage(dtypes[name]))
            arrays[name][_corner(layouts[name].shape)] = starts.get(name, values)
        for name, dtype, shape in definition.tensors:
            first = next((e.operator for e in einsums if e.outputs[0].tensor == name), "=")
            arrays[name] = start_values(first, dtype, shape)
        for einsum, extents in zip(einsums, ranges, strict=True):
            apply_einsum(einsum, extents, Arrays(arrays, dtypes, {}))
        for name, write in writers.items():
            result = np.ascontiguousarray(arrays[name][_corner(layouts[name].shape)])
            write(to_raw(result, dtypes[name]).reshape(layouts[name].extents))

    return perform


def _starts(action: Action, does: Instruction) -> dict[str, int | float]:
    """For operands that start afresh, the identity of the operator by which the meaning reduces."""
    if not action.fresh:
        return {}
    types = {operand.name: operand.dtype for operand in does.operands}
    first = {e.outputs[0].tensor: e.operator for e in reversed(does.meaning)}
    return {name: identity(operator, types[name]) for name, operator in first.items()}


def _corner(shape: Sequence[int]) -> tuple[slice, ...]:
    return tuple(slice(0, extent) for extent in shape)
