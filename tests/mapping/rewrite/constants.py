"""Comparing workloads of which others read constants: inputs beside whose shapes they read, whatever they hold."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from isamap.ir.workload import Workload
from isamap.simulate import evaluate, random_inputs
from isamap.simulate.compare import mismatches
from tests.mapping.rewrite.same import numbers


def assert_same_beside(before: Workload, others: Iterable[Workload], *, exactly: bool = True) -> None:
    """All give the same outputs on random and extreme inputs, the constants' own elements being anything."""
    given = [inputs for n, inputs in enumerate(numbers(before, 1)) if n != 2]
    expected = [evaluate(before, inputs) for inputs in given]
    for after in others:
        assert (after.inputs[: len(before.inputs)], after.outputs) == (before.inputs, before.outputs)
        constants = {name: value for name, value in random_inputs(after, 99).items() if name not in before.inputs}
        for inputs, wanted in zip(given, expected, strict=True):
            found = evaluate(after, {**inputs, **constants})
            if exactly:
                same = [np.array_equal(wanted[name], found[name], equal_nan=True) for name in before.outputs]
                assert all(same), [einsum.statement for einsum in after.einsums]
            else:
                assert not mismatches(before, wanted, {name: found[name] for name in before.outputs})
