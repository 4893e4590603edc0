"""Do two workloads give the same outputs? Asked by running both, on random and on extreme numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from isamap.ir.workload import Tensor, Workload
from isamap.simulate import evaluate, random_inputs
from isamap.simulate.compare import mismatches
from isamap.simulate.element_types import Array, settle, storage


def assert_same(before: Workload, after: Workload, seeds: int = 2, *, exactly: bool = False) -> None:
    """Integers exactly; floats as ``compare`` allows, or ``exactly`` as well."""
    assert (before.inputs, before.outputs) == (after.inputs[: len(before.inputs)], after.outputs)
    for inputs in numbers(before, seeds):
        expected, found = evaluate(before, inputs), evaluate(after, inputs)
        if exactly:
            wrong: object = [n for n in before.outputs if not np.array_equal(expected[n], found[n], equal_nan=True)]
        else:
            wrong = mismatches(before, expected, {name: found[name] for name in before.outputs})
        assert not wrong, f"{_said(before)} -> {_said(after)}: {wrong}"


def _said(work: Workload) -> str:
    return "; ".join(einsum.statement for einsum in work.einsums)


def numbers(work: Workload, seeds: int) -> Iterator[Mapping[str, Array]]:
    """Random inputs, then all least, all greatest, and either by chance."""
    yield from (random_inputs(work, seed) for seed in range(seeds))
    rng = np.random.default_rng(7)
    tensors = [work.tensor(name) for name in work.inputs]
    for chances in ((1.0, 0.0), (0.0, 1.0), (0.4, 0.4)):
        yield {tensor.name: _extreme(tensor, rng, *chances) for tensor in tensors}


def _extreme(tensor: Tensor, rng: np.random.Generator, low: float, high: float) -> Array:
    """The least number, the greatest or 0 of the type, by chance; of floats -1e6, 1e6 or 1e-6."""
    ends = (-1e6, 1e6, 1e-6) if tensor.dtype.is_float else (tensor.dtype.least, tensor.dtype.most, 0)
    held = [settle(np.asarray(end), tensor.dtype).astype(storage(tensor.dtype)) for end in ends]
    return np.asarray(rng.choice(np.asarray(held), tensor.shape, p=(low, high, round(1 - low - high, 9))))
