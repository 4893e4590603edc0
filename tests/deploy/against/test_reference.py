"""What a result is judged by, and the arrays that contests are held on."""

from __future__ import annotations

import numpy as np
import pytest

from isamap.deploy.against.reference import Reference, placed, reference
from isamap.simulate import random_inputs
from tests.deploy.against.kernels import BYTES, KERNELS, gemm

WANTED = Reference(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[0.5, 0.5], [0.5, 0.0]]))


@pytest.mark.parametrize(
    ("found", "most", "wrong"),
    [
        ([[1.5, 2.0], [2.5, 4.0]], 0.5, ""),
        ([[1.0, 2.0], [3.0, 4.25]], 0.25, "1 of 4 elements, first element [1, 1]: expected 4.0, got 4.25"),
        ([[1.0, np.nan], [9.0, 4.0]], None, "2 of 4 elements, first element [0, 1]: expected 2.0, got nan"),
        ([[1.0, np.inf], [3.0, 4.0]], None, "1 of 4 elements, first element [0, 1]: expected 2.0, got inf"),
    ],
)
def test_each_element_has_its_own_distance(found: list[list[float]], most: float | None, wrong: str) -> None:
    assert WANTED.judge(np.array(found)) == (most, wrong)


def test_sums_in_another_order_are_right_and_one_lost_product_is_not() -> None:
    work = gemm(20, 30, 400)
    values = random_inputs(work, 1)
    right = reference(work, values)
    a, b = values["A"], values["B"]
    turned = (a[:, ::-1] @ b[::-1]).astype(np.float32)
    assert right.judge(turned)[1] == ""
    lost = a[:, 1:] @ b[1:]
    assert int(right.judge(lost)[1].split()[0]) > 550


def test_integers_are_exact() -> None:
    work = BYTES["u8 by s8"]
    values = random_inputs(work, 1)
    right = reference(work, values)
    exact = values["A"].astype(np.int64) @ values["B"].astype(np.int64)
    assert right.judge(exact.astype(np.int32)) == (0.0, "")
    assert right.judge((exact + 1).astype(np.int32))[1].startswith("15 of 15 elements")


def test_arrays_have_the_strides_of_their_tensors() -> None:
    work = KERNELS["in larger arrays"]
    values = random_inputs(work, 1)
    arrays = placed(work, values)
    assert {name: array.strides for name, array in arrays.items()} == {"A": (44, 4), "B": (4, 36), "C": (24, 4)}
    assert all(array.__array_interface__["data"][0] % 64 == 0 for array in arrays.values())
    assert all((arrays[name] == values[name]).all() for name in "AB")
    assert not arrays["C"].any()
