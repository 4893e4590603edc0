"""Meaning and implementation by trying every value: all inputs at once along a new axis, done by the simulator."""

from __future__ import annotations

from itertools import product
from math import prod
from typing import Any

import numpy as np

from isamap.ir.affine import Affine
from isamap.ir.dtype import DType
from isamap.ir.einsum import Axis, Einsum
from isamap.ir.hardware import Instruction
from isamap.ir.scalar import Access, Read, rebuild
from isamap.ir.workload import Tensor, Workload
from isamap.mapping.lemma.interval import limits
from isamap.simulate import evaluate

CASE = "case"


def agree(instruction: Instruction, ranges: dict[str, tuple[int, int]], initialise: bool = False) -> bool:
    """Do both give the same for every input? Raises ValueError where there are more than 2^20."""
    inputs, count = every_input(instruction, ranges)
    written = instruction.written
    if initialise:
        inputs = {name: values for name, values in inputs.items() if name not in written}
    return all(
        np.array_equal(one, other)
        for one, other in zip(*(outcome(instruction, inputs, count, done) for done in (False, True)), strict=True)
    )


def outcome(instruction: Instruction, inputs: dict[str, Any], count: int, done: bool) -> list[Any]:
    """What the operands that are written hold after the meaning, or after what is ``done``."""
    implementation = instruction.implementation
    assert implementation is not None
    shapes = {o.name: (o.dtype, shape_of(instruction, o.name)) for o in instruction.operands}
    if done:
        shapes |= {name: (dtype, shape) for name, dtype, shape in implementation.tensors}
    einsums = implementation.einsums if done else instruction.meaning
    tensors = tuple(Tensor(name, dtype, (count, *shape)) for name, (dtype, shape) in shapes.items())
    work = Workload("cases", tensors, tuple(_batched(e, count) for e in einsums), tuple(inputs), instruction.written)
    found = evaluate(work, inputs)
    return [found[name] for name in instruction.written]


def shape_of(instruction: Instruction, name: str) -> tuple[int, ...]:
    most = {axis.name: axis.most for axis in instruction.axes}
    return tuple(most[axis] for axis in instruction.operand(name).axes)


def every_input(instruction: Instruction, ranges: dict[str, tuple[int, int]]) -> tuple[dict[str, Any], int]:
    """All values of all elements of all operands, along the first axis."""
    shapes = {o.name: shape_of(instruction, o.name) for o in instruction.operands}
    values = {o.name: _values(o.dtype, ranges.get(o.name)) for o in instruction.operands}
    count = prod(len(values[name]) ** prod(shape) for name, shape in shapes.items())
    if count > 1 << 20:
        raise ValueError(f"{count} cases")
    every = np.array(list(product(*(values[name] for name, shape in shapes.items() for _ in range(prod(shape))))))
    found, column = {}, 0
    for name, shape in shapes.items():
        found[name] = every[:, column : column + prod(shape)].reshape(count, *shape)
        column += prod(shape)
    return found, count


def _values(dtype: DType, ends: tuple[int, int] | None) -> range:
    low, high = ends or limits(dtype)
    return range(low, high + 1)


def _batched(einsum: Einsum, count: int) -> Einsum:
    def with_case(item: Access) -> Access:
        return Access(item.tensor, (Affine(((CASE, 1),)), *item.indices))

    value = rebuild(einsum.value, lambda node: Read(with_case(node.access)) if isinstance(node, Read) else node)
    return Einsum(
        tuple(map(with_case, einsum.outputs)), einsum.operator, value, (Axis(CASE, count, count), *einsum.axes)
    )
