"""The numbers: performs the issues of a program one after another, in sequence order, on byte arrays.

Sequence order is right because the order of conflicting accesses is proved elsewhere. Bytes that nothing wrote hold
arbitrary values, so that reading them shows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from isamap.ir.program import Program
from isamap.ir.workload import Tensor
from isamap.simulate.action import Action
from isamap.simulate.columns import Columns
from isamap.simulate.element_types import Array, from_raw, raw, settle, to_raw
from isamap.simulate.evaluate import checked, first_element, root_of, span, view_of
from isamap.simulate.layout import Integers, grid_sum
from isamap.simulate.packed import gather, scatter
from isamap.simulate.perform import performer
from isamap.simulate.touch import Touch


def execute(
    program: Program,
    columns: Columns,
    actions: Sequence[Action],
    touched: Sequence[Touch],
    sizes: Mapping[str, int],
    inputs: Mapping[str, Array],
    outermost: str,
) -> dict[str, Array]:
    """The outputs. ``sizes``: bytes of each addressed memory. Raises InputError where an input is missing."""
    buffers = _buffers(program, sizes, inputs, outermost)
    by_action: list[list[Touch]] = [[] for _ in actions]
    for touch in touched:
        by_action[touch.action].append(touch)
    performers = [performer(action, mine, buffers) for action, mine in zip(actions, by_action, strict=True)]
    for n in columns.operation.tolist():
        performers[n]()
    tensors = {tensor.name: tensor for tensor in program.tensors}
    outputs = {}
    for name in program.outputs:
        root, offset = root_of(tensors[name], tensors)
        outputs[name] = _taken(tensors[name], buffers[f"{outermost}.{root}"], offset)
    return outputs


def _buffers(
    program: Program, sizes: Mapping[str, int], inputs: Mapping[str, Array], outermost: str
) -> dict[str, Array]:
    generator = np.random.default_rng(0x15A)
    tensors = {tensor.name: tensor for tensor in program.tensors}
    needed = dict(sizes)
    for tensor in program.tensors:
        root, offset = root_of(tensor, tensors)
        name = f"{outermost}.{root}"
        needed[name] = max(needed.get(name, 0), tensor.dtype.bytes_for(offset + span(tensor)))
    buffers = {name: generator.integers(0, 256, size, dtype=np.uint8) for name, size in needed.items()}

    def put(name: str, values: Array) -> None:
        root, offset = root_of(tensors[name], tensors)
        _put(tensors[name], buffers[f"{outermost}.{root}"], offset, values)

    for name, data in program.constants:
        put(name, _constant(tensors[name], data))
    for name in program.inputs:
        put(name, to_raw(settle(checked(tensors[name], inputs), tensors[name].dtype), tensors[name].dtype))
    return buffers


def _put(tensor: Tensor, buffer: Array, offset: int, values: Array) -> None:
    """Raw ``values`` into the bytes of a tensor that begins ``offset`` elements after the first byte."""
    if tensor.dtype.is_packed:
        scatter(buffer, _addresses(tensor, offset), np.broadcast_to(values, tensor.shape).reshape(-1), tensor.dtype)
    else:
        view_of(tensor, buffer, offset, raw(tensor.dtype))[...] = values


def _taken(tensor: Tensor, buffer: Array, offset: int) -> Array:
    """The numbers of a tensor."""
    if tensor.dtype.is_packed:
        return gather(buffer, _addresses(tensor, offset), tensor.dtype).reshape(tensor.shape)
    return np.array(from_raw(view_of(tensor, buffer, offset, raw(tensor.dtype)), tensor.dtype))


def _constant(tensor: Tensor, data: bytes) -> Array:
    """The raw numbers of bytes that are little endian, row-major and packed."""
    if tensor.dtype.is_packed:
        found = gather(np.frombuffer(data, dtype=np.uint8), np.arange(tensor.elements), tensor.dtype)
    else:
        found = np.frombuffer(data, dtype=raw(tensor.dtype).newbyteorder("<"))
    return found.reshape(tensor.shape)


def _addresses(tensor: Tensor, offset: int) -> Integers:
    """Of every element, row-major, counted in elements."""
    return grid_sum(tensor.shape, tensor.element_strides) + offset + first_element(tensor)
