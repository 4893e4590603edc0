"""Restating a tensor so that reads outside it give 0: the mask of a change of variables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import prod

from isamap.ir.affine import Affine
from isamap.ir.einsum import Einsum
from isamap.ir.hardware import Target
from isamap.ir.scalar import Access, Read, Scalar, rebuild
from isamap.ir.workload import Tensor, Workload


def masked(work: Workload, name: str, deeper: bool = False) -> Tensor | None:
    """The tensor with a border of 0, ``deeper`` by a dimension of extent 1; None where that would change a meaning:
    it has another border, or shares its bytes."""
    tensor = work.tensor(name)
    shared = tensor.alias_of is not None or any(t.alias_of and t.alias_of[0] == name for t in work.tensors)
    if shared or tensor.border not in (None, 0) or (deeper and _leaves(work, name)):
        return None
    if not deeper:
        return replace(tensor, border=0)
    strides = None if tensor.strides is None else (*tensor.strides, 1)
    return replace(tensor, border=0, shape=(*tensor.shape, 1), strides=strides)


def deepened(einsum: Einsum, name: str) -> Einsum:
    """``einsum`` where every access to ``name`` has one more index, 0."""

    def deeper(access: Access) -> Access:
        return Access(access.tensor, (*access.indices, Affine())) if access.tensor == name else access

    def change(node: Scalar) -> Scalar:
        return Read(deeper(node.access)) if isinstance(node, Read) else node

    return replace(einsum, outputs=tuple(map(deeper, einsum.outputs)), value=rebuild(einsum.value, change))


def lane_counts(target: Target) -> list[int]:
    """How many lanes the parallel axes of the target's instructions have, each number once."""
    found = {
        axis.most
        for instruction in target.instructions
        for meaning in instruction.meaning
        for axis in meaning.axes
        if axis.name in meaning.parallel_axes and 1 < axis.most <= 1024 and meaning.reduction_axes
    }
    return sorted(found)


def divisors(number: int, most: int) -> list[int]:
    return [n for n in range(1, min(number, most) + 1) if number % n == 0]


def extent_of(extents: dict[str, int], axes: Iterable[str]) -> int:
    return prod(extents[x] for x in axes)


def _leaves(work: Workload, name: str) -> bool:
    """Is the tensor an output, whose shape its user wants as it is?"""
    return name in work.outputs
