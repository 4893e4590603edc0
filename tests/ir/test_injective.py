"""Left sides that name an element twice are found, exactly."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isamap.errors import InvalidNoun
from isamap.ir.affine import Affine
from isamap.ir.dtype import DTYPES
from isamap.ir.einsum import parse_statement
from isamap.ir.injective import injective, reached
from isamap.ir.scalar import Access
from isamap.ir.workload import Tensor, workload


@pytest.mark.parametrize(
    ("statement", "twice"),
    [
        ("O[i + 3*j] = A[i, j]", False),
        ("O[i + 2*j] = A[i, j]", True),
        ("O[i, i + j] = A[i, j]", False),
        ("O[i + j, 2*i + 2*j] = A[i, j]", True),
        ("O[(i + 3*j) // 3, (i + 3*j) % 3] = A[i, j]", False),
        ("O[(i + 3*j) // 3, (i + 3*j) % 2] = A[i, j]", True),
        ("O[7 - i - 3*j] = A[i, j]", False),
    ],
)
def test_left_sides(statement: str, twice: bool) -> None:
    output = parse_statement(statement, frozenset("OA")).outputs[0]
    assert injective(output, {"i": 3, "j": 2}) is not twice


@given(
    st.lists(st.lists(st.integers(-3, 3), min_size=2, max_size=2), min_size=1, max_size=3),
    st.tuples(*[st.integers(1, 4)] * 2),
)
def test_equal_to_enumeration(rows: list[list[int]], extents: tuple[int, int]) -> None:
    output = Access("O", tuple(Affine.of([("i", a), ("j", b)]) for a, b in rows))
    points = list(product(range(extents[0]), range(extents[1])))
    elements = {tuple(a * i + b * j for a, b in rows) for i, j in points}
    used = {"i": any(a for a, _ in rows), "j": any(b for _, b in rows)}
    wanted = len(elements) == (extents[0] if used["i"] else 1) * (extents[1] if used["j"] else 1)
    assert injective(output, {"i": extents[0], "j": extents[1]}) is wanted


def test_reached_values() -> None:
    assert reached([(2, 3), (5, 2)]) == sum(1 << v for v in {0, 2, 4, 5, 7, 9})


def test_a_workload_refuses_them() -> None:
    tensors = [Tensor("A", DTYPES["s8"], (3, 4)), Tensor("O", DTYPES["s8"], (6,))]
    with pytest.raises(InvalidNoun, match="names each element once"):
        workload("w", tensors, [parse_statement("O[i + j] = A[i, j]", frozenset("OA"))])
