"""The numbers: performs the issues of a program one after another, in sequence order, on byte arrays.

Sequence order is right because the order of conflicting accesses is proved elsewhere. Bytes that nothing wrote hold
arbitrary values, so that reading them shows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from isamap.ir.program import Program
from isamap.simulate.action import Action
from isamap.simulate.columns import Columns
from isamap.simulate.element_types import Array, from_raw, raw, settle, to_raw
from isamap.simulate.evaluate import checked, root_of, span, view_of
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
        tensor = tensors[name]
        root, offset = root_of(tensor, tensors)
        found = view_of(tensor, buffers[f"{outermost}.{root}"], offset, raw(tensor.dtype))
        outputs[name] = np.array(from_raw(found, tensor.dtype))
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
        needed[name] = max(needed.get(name, 0), (offset + span(tensor)) * tensor.dtype.size_bytes)
    buffers = {name: generator.integers(0, 256, size, dtype=np.uint8) for name, size in needed.items()}

    def put(name: str, values: Array) -> None:
        root, offset = root_of(tensors[name], tensors)
        view_of(tensors[name], buffers[f"{outermost}.{root}"], offset, raw(tensors[name].dtype))[...] = values

    for name, data in program.constants:
        put(name, np.frombuffer(data, dtype=raw(tensors[name].dtype).newbyteorder("<")).reshape(tensors[name].shape))
    for name in program.inputs:
        put(name, to_raw(settle(checked(tensors[name], inputs), tensors[name].dtype), tensors[name].dtype))
    return buffers
