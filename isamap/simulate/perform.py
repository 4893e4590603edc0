"""Actions as closures: each call performs the next issue of its action on the byte arrays.

Copies and sums of two operands' products work on the bytes themselves; everything else goes through ``apply_einsum``.
An instruction whose file defines it bit by bit is performed so (``to_the_bit``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from isamap.errors import Unsupported
from isamap.ir.dtype import DType
from isamap.ir.einsum import Einsum
from isamap.ir.hardware import Instruction
from isamap.ir.scalar import infer
from isamap.simulate.action import Action, meaning_of
from isamap.simulate.contraction import EXACT, magnitude, multiplied, recipe
from isamap.simulate.einsum import apply_einsum, identity, start_values
from isamap.simulate.element_types import Array, from_raw, settle, storage, to_raw
from isamap.simulate.recognise import is_plain_copy, plain_product
from isamap.simulate.to_the_bit import by_definition
from isamap.simulate.touch import Touch
from isamap.simulate.value import Arrays
from isamap.simulate.windows import Buffers, reader, writer

Perform = Callable[[], None]


def performer(action: Action, touched: Sequence[Touch], buffers: Buffers) -> Perform:
    einsums = meaning_of(action)
    if not einsums:
        source, destination = (next(t for t in touched if t.layout.operand == o) for o in ("source", "destination"))
        return _copier(source, destination, buffers)
    if isinstance(action.does, Instruction) and action.does.implementation is not None:
        return by_definition(action, action.does, action.does.implementation, touched, buffers)
    dtypes = {layout.operand: layout.dtype for layout in action.layouts}
    whole = not any(bool(touch.outside.any()) for touch in touched)
    if len(einsums) == 1 and whole:
        if is_plain_copy(einsums[0], dtypes):
            return _mover(einsums[0], touched, buffers)
        product = plain_product(einsums[0], dtypes)
        if product is not None and not dtypes[einsums[0].output.tensor].is_packed:
            return _multiplier(action, einsums[0], [access.tensor for access in product], touched, buffers)
    return _computer(action, einsums, touched, buffers)


def _copier(source: Touch, destination: Touch, buffers: Buffers) -> Perform:
    read, write = reader(source, buffers), writer(destination, buffers)

    def copy() -> None:
        write(read())

    return copy


def _mover(einsum: Einsum, touched: Sequence[Touch], buffers: Buffers) -> Perform:
    """An instruction that only moves elements, axes perhaps in another order."""
    to, source = einsum.output, einsum.reads[0]
    by_name = {touch.layout.operand: touch for touch in touched}
    one, other = by_name[source.tensor], by_name[to.tensor]
    if source.axes == to.axes and one.layout.extents == other.layout.extents:
        return _copier(one, other, buffers)
    order = [source.axes.index(axis) for axis in to.axes]
    read, write = reader(one, buffers), writer(other, buffers)
    shape, extents = one.layout.shape, other.layout.extents

    def move() -> None:
        write(read().reshape(shape).transpose(order).reshape(extents))

    return move


def _multiplier(
    action: Action, einsum: Einsum, names: list[str], touched: Sequence[Touch], buffers: Buffers
) -> Perform:
    """Sums of products of two operands: matrix multiplication on the operands' bytes."""
    by_name = {touch.layout.operand: touch for touch in touched}
    target = by_name[einsum.output.tensor]
    one, other = (by_name[name] for name in names)
    axes = {access.tensor: access.axes for access in (*einsum.reads, einsum.output)}
    extents = {a: e for t in (one, other) for a, e in zip(axes[t.layout.operand], t.layout.shape, strict=True)}
    how = recipe(axes[names[0]], axes[names[1]], axes[target.layout.operand], tuple(extents.items()))
    dtype, types = target.layout.dtype, (one.layout.dtype, other.layout.dtype)
    exact = dtype.is_float or magnitude(types[0]) * magnitude(types[1]) * how.terms < EXACT
    left, right, result = (reader(touch, buffers) for touch in (one, other, target))
    left_shape, right_shape, shape = one.layout.shape, other.layout.shape, target.layout.extents
    stored, fresh = storage(dtype), action.fresh
    narrow = dtype.name in ("f16", "bf16") or any(t.name == "bf16" for t in types)

    def multiply() -> None:
        a, b = left().reshape(left_shape), right().reshape(right_shape)
        if narrow:
            a, b = from_raw(a, types[0]), from_raw(b, types[1])
        total = multiplied(how, a, b, dtype, exact).reshape(shape)
        place = result()
        if narrow:
            before = 0 if fresh else from_raw(place, dtype)
            place[...] = to_raw(settle(before + total, dtype), dtype)
        elif fresh:
            place[...] = total
        else:
            place += total.astype(stored)

    return multiply


def _computer(action: Action, einsums: Sequence[Einsum], touched: Sequence[Touch], buffers: Buffers) -> Perform:
    """Anything else: the operands as arrays, the einsums as ``apply_einsum`` performs them, the results back."""
    layouts = {touch.layout.operand: touch.layout for touch in touched}
    readers = {touch.layout.operand: reader(touch, buffers) for touch in touched}
    writers = {touch.layout.operand: writer(touch, buffers) for touch in touched if touch.layout.writes}
    dtypes = {name: layout.dtype for name, layout in layouts.items()}
    ranges = {axis: (0, action.operation.extent(axis)) for axis, _ in action.operation.extents}
    for einsum in einsums:  # tensors between two einsums of one instruction take the type of what is put in them
        for output in einsum.outputs:
            dtypes.setdefault(output.tensor, infer(einsum.value, dtypes) or dtypes[einsums[-1].output.tensor])
    starts = _starts(action, einsums, dtypes)

    def compute() -> None:
        arrays: dict[str, Array] = {}
        for name, read in readers.items():
            values = from_raw(read().reshape(layouts[name].shape), dtypes[name])
            arrays[name] = values.copy() if name in writers else values
        for name, value in starts.items():
            if name in arrays:
                arrays[name][...] = value
        for einsum in einsums:
            for output in einsum.outputs:
                if output.tensor not in arrays:
                    shape = _shape(output.indices, ranges)
                    arrays[output.tensor] = start_values(einsum.operator, dtypes[output.tensor], shape)
            apply_einsum(einsum, ranges, Arrays(arrays, dtypes, {}))
        for name, write in writers.items():
            write(to_raw(arrays[name], dtypes[name]).reshape(layouts[name].extents))

    return compute


def _starts(action: Action, einsums: Sequence[Einsum], dtypes: Mapping[str, DType]) -> dict[str, int | float]:
    """For operands that start anew, the identity of the operator that first writes them."""
    found: dict[str, int | float] = {}
    for einsum in einsums:
        for n, output in enumerate(einsum.outputs):
            if action.fresh:
                operator = einsum.operator if n == 0 else "="
                found.setdefault(output.tensor, identity(operator, dtypes[output.tensor]))
    return found


def _shape(indices: Sequence[Any], ranges: Mapping[str, tuple[int, int]]) -> tuple[int, ...]:
    sizes = []
    for index in indices:
        if not hasattr(index, "bounds"):
            raise Unsupported("simulate", f"an intermediate tensor indexed by {index} inside an instruction")
        sizes.append(index.bounds({axis: (0, stop - 1) for axis, (_, stop) in ranges.items()})[1] + 1)
    return tuple(sizes)
