"""The range that a tensor states: refused where its type does not hold it, kept by the inputs that are drawn."""

from __future__ import annotations

import numpy as np
import pytest

from isamap.errors import InvalidNoun
from isamap.ir.dtype import DTYPES
from isamap.ir.workload import Tensor
from isamap.simulate import random_inputs
from isamap.spec import SpecError, load_workload


@pytest.mark.parametrize(
    ("dtype", "ends", "limits"),
    [
        ("u8", (-1, 5), "u8 (0 to 255)"), ("u8", (0, 256), "u8 (0 to 255)"), ("s4", (-8, 8), "s4 (-8 to 7)"),
        ("s8", (3, 2), "s8 (-128 to 127)"), ("s8", (0, 0.5), "s8 (-128 to 127)"), ("bool", (0, 2), "bool (0 to 1)"),
        ("f16", (0, 70000), "f16 (-65504.0 to 65504.0)"), ("f32", (0, float("inf")), "f32 ("),
        ("f32", (float("nan"), 1), "f32 ("),
    ],
)  # fmt: skip
def test_a_range_that_the_type_does_not_hold(dtype: str, ends: tuple[float, float], limits: str) -> None:
    with pytest.raises(InvalidNoun) as caught:
        Tensor("A", DTYPES[dtype], (4,), value_range=ends)
    (fault,) = caught.value.faults
    assert fault.path == ("tensors", "A", "range")
    assert fault.expected.startswith(f"[least, greatest] within {limits}")
    assert fault.got == f"[{ends[0]}, {ends[1]}]"


def test_a_kernel_file_is_told_where() -> None:
    lines = ["name: k", "tensors:", "  A: {dtype: u8, shape: [4], range: [0, 300]}", "  B: {dtype: u8, shape: [4]}"]
    with pytest.raises(SpecError) as caught:
        load_workload("\n".join([*lines, "einsums: ['B[i] = A[i]']"]))
    (found,) = caught.value.diagnostics
    assert (found.line, found.column) == (3, 37)
    assert "expected [least, greatest] within u8 (0 to 255), got [0, 300]" in str(found)


@pytest.mark.parametrize(
    ("dtype", "ends"),
    [("u8", (0, 127)), ("s8", (-3, 3)), ("s4", (-8, 7)), ("u4", (3, 3)), ("u64", (1 << 60, (1 << 60) + 2)),
     ("bool", (1, 1)), ("bool", (0, 0)), ("f32", (-0.5, 0.25)), ("bf16", (-1, 1))],
)  # fmt: skip
def test_inputs_are_drawn_from_the_range(dtype: str, ends: tuple[float, float]) -> None:
    drawn = random_inputs([Tensor("A", DTYPES[dtype], (5000,), value_range=ends)], 7)["A"]
    assert drawn.min() >= ends[0]
    assert drawn.max() <= ends[1]
    if DTYPES[dtype].is_integer or dtype == "bool":
        assert np.unique(drawn).size == ends[1] - ends[0] + 1
