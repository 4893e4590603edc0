"""What a workload means: the final value of every tensor, from the values of its inputs.

A tensor that is not an input starts at the identity of the operator that first writes it; one that is a view of
another (``alias_of``) starts as that one's bytes are. Under ``repeat``, the einsums run once per step, with the step's
axis fixed: accumulators start anew at every step, except where the step indexes them on the left.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from isamap.errors import Fault, InputError, Unsupported
from isamap.ir.einsum import Einsum
from isamap.ir.workload import Tensor, Workload
from isamap.simulate.einsum import apply_einsum, identity
from isamap.simulate.element_types import Array, raw, settle, storage
from isamap.simulate.value import Arrays

__all__ = ["evaluate"]


def evaluate(workload: Workload, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """Every tensor's final value by name (bf16 as rounded float32). Raises InputError where an input is missing or has
    another shape, CheckFailed where a tensor without border is read outside."""
    arrays = allocate(workload.tensors)
    dtypes = workload.dtype_of
    borders = {tensor.name: tensor.border for tensor in workload.tensors if tensor.border is not None}
    state = Arrays(arrays, dtypes, borders)
    for name in workload.inputs:
        arrays[name][...] = settle(checked(workload.tensor(name), inputs), dtypes[name])
    starts = _starts(workload)
    for name, operator in starts.items():
        arrays[name][...] = identity(operator, dtypes[name])
    if workload.repeat is None:
        for einsum in workload.einsums:
            apply_einsum(einsum, _ranges(einsum), state)
    else:
        _repeat(workload, state, starts)
    return {name: np.array(values) for name, values in arrays.items()}


def _repeat(workload: Workload, state: Arrays, starts: Mapping[str, str]) -> None:
    repeat = workload.repeat
    assert repeat is not None
    kept = {o.tensor for e in workload.einsums for o in e.outputs if repeat.axis in o.axes}
    for step in range(repeat.extent):
        for name, operator in starts.items():
            if name not in kept:
                state.values[name][...] = identity(operator, state.dtypes[name])
        for einsum in workload.einsums:
            ranges = _ranges(einsum)
            if repeat.axis in ranges:
                ranges[repeat.axis] = (step, step + 1)
            apply_einsum(einsum, ranges, state)
        carried = [(old, np.array(state.values[new])) for new, old in repeat.carry]
        for old, values in carried:
            state.values[old][...] = values


def _ranges(einsum: Einsum) -> dict[str, tuple[int, int]]:
    return {axis: (0, extent) for axis, extent in einsum.extents.items()}


def _starts(workload: Workload) -> dict[str, str]:
    """For each tensor that starts at an identity, the operator that first writes it."""
    found: dict[str, str] = {}
    for einsum in workload.einsums:
        for output in einsum.outputs:
            tensor = workload.tensor(output.tensor)
            if tensor.name not in workload.inputs and tensor.alias_of is None:
                found.setdefault(tensor.name, einsum.operator if output == einsum.outputs[0] else "=")
    return found


def checked(tensor: Tensor, inputs: Mapping[str, Array]) -> Array:
    """The given value of an input; raises InputError where it is missing or has another shape."""
    if tensor.name not in inputs:
        listed = " ".join(inputs) or "nothing"
        raise InputError([Fault(("inputs", tensor.name), "an array", "none", f"given: {listed}")])
    given = np.asarray(inputs[tensor.name])
    if given.shape != tensor.shape:
        raise InputError([Fault(("inputs", tensor.name), f"shape {tensor.shape}", str(given.shape))])
    return given


def allocate(tensors: tuple[Tensor, ...]) -> dict[str, Array]:
    """Zeroed arrays for tensors, with their strides; an alias shares the bytes of what it is a view of. Raises
    Unsupported where the two types differ and one of them is not stored here as it lies in a memory."""
    by_name = {tensor.name: tensor for tensor in tensors}
    buffers: dict[str, Array] = {}
    for tensor in tensors:
        root, offset = root_of(tensor, by_name)
        types = {tensor.dtype, by_name[root].dtype}
        if len(types) > 1 and any(dtype.is_packed or raw(dtype) != storage(dtype) for dtype in types):
            raise Unsupported("simulate", f"{tensor.name}, of type {tensor.dtype}, as a view of {root}'s bytes")
        needed = (offset + span(tensor)) * storage(tensor.dtype).itemsize
        if root not in buffers or buffers[root].nbytes < needed:
            buffers[root] = np.zeros(needed, dtype=np.uint8)
    found = {}
    for tensor in tensors:
        root, offset = root_of(tensor, by_name)
        found[tensor.name] = view_of(tensor, buffers[root], offset, storage(tensor.dtype))
    return found


def root_of(tensor: Tensor, by_name: Mapping[str, Tensor]) -> tuple[str, int]:
    """The tensor whose bytes a tensor lies in, and the offset of its first element there, in elements."""
    offset = 0
    while tensor.alias_of is not None:
        offset += tensor.alias_of[1]
        tensor = by_name[tensor.alias_of[0]]
    return tensor.name, offset


def span(tensor: Tensor) -> int:
    """Elements from the lowest to the highest that the strides reach, both included."""
    return 1 + sum((e - 1) * abs(s) for e, s in zip(tensor.shape, tensor.element_strides, strict=True))


def first_element(tensor: Tensor) -> int:
    """How many elements the element at coordinate zero lies above the lowest one (negative strides)."""
    return sum((e - 1) * -s for e, s in zip(tensor.shape, tensor.element_strides, strict=True) if s < 0)


def view_of(tensor: Tensor, buffer: Array, offset: int, kind: np.dtype[np.generic]) -> Array:
    """The tensor as an array of ``kind`` over the bytes of ``buffer``, ``offset`` elements from their start."""
    strides = tuple(s * kind.itemsize for s in tensor.element_strides)
    start = (offset + first_element(tensor)) * kind.itemsize
    return np.ndarray(tensor.shape, kind, buffer=buffer.data, offset=start, strides=strides)
