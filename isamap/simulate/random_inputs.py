"""Inputs that hide nothing: integers over their whole range, floats from a normal distribution, seeded."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from isamap.ir.workload import Tensor, Workload
from isamap.simulate.element_types import Array, settle, storage

__all__ = ["GENERATOR", "random_inputs"]

GENERATOR = "numpy.random.default_rng (PCG64), seeded with (seed, position of the input)"


def random_inputs(source: Workload | Iterable[Tensor], seed: int) -> dict[str, Array]:
    """A value for every input of a workload (or for each of the tensors), within its ``value_range`` if it has one.

    The same seed gives the same values; ``GENERATOR`` names the generator for results.
    """
    if isinstance(source, Workload):
        tensors = [source.tensor(name) for name in source.inputs]
    else:
        tensors = list(source)
    return {tensor.name: draw(tensor, np.random.default_rng((seed, n))) for n, tensor in enumerate(tensors)}


def draw(tensor: Tensor, generator: np.random.Generator) -> Array:
    """One tensor's values."""
    dtype, stored = tensor.dtype, storage(tensor.dtype)
    least, most = tensor.value_range or (dtype.least, min(dtype.most, 1) if dtype.kind == "bool" else dtype.most)
    if dtype.kind == "bool":
        return generator.integers(int(least), int(most), tensor.shape, endpoint=True).astype(np.bool_)
    if dtype.is_integer:
        return generator.integers(int(least), int(most), tensor.shape, dtype=stored, endpoint=True)
    if tensor.value_range is not None:
        least, most = (float(end) for end in tensor.value_range)
        return np.clip(settle(generator.uniform(least, most, tensor.shape), dtype), least, most).astype(stored)
    return settle(generator.standard_normal(tensor.shape), dtype)
