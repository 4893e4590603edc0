"""Products of matrices as kernels of all kinds: transposed, batched, with vectors, in larger arrays, going on."""

from __future__ import annotations

from collections.abc import Mapping

from isamap.ir.dtype import DTYPES
from isamap.ir.einsum import parse_statement
from isamap.ir.workload import Tensor, Workload, workload

Shapes = Mapping[str, tuple[int, ...]]
FLOATS = ("f32", "f32", "f32")


def product(
    statement: str, shapes: Shapes, strides: Shapes | None = None, dtypes: tuple[str, str, str] = FLOATS,
    continues: bool = False,
) -> Workload:  # fmt: skip
    """Of the tensors A, B and C with such shapes, and strides where they are given."""
    apart = strides or {}
    tensors = [
        Tensor(name, DTYPES[kind], shapes[name], strides=apart.get(name))
        for name, kind in zip("ABC", dtypes, strict=True)
    ]
    inputs = ["A", "B", *(["C"] if continues else [])]
    return workload("product", tensors, [parse_statement(statement, frozenset("ABC"))], inputs=inputs, outputs=["C"])


def gemm(m: int, n: int, k: int, dtypes: tuple[str, str, str] = FLOATS) -> Workload:
    cast = "s32({})" if dtypes[2] == "s32" else "{}"
    statement = f"C[m,n] += {cast.format('A[m,k]')} * {cast.format('B[k,n]')}"
    return product(statement, {"A": (m, k), "B": (k, n), "C": (m, n)}, dtypes=dtypes)


KERNELS: dict[str, Workload] = {
    "gemm": gemm(3, 5, 7),
    "transposed": product("C[m,n] += A[k,m] * B[n,k]", {"A": (7, 3), "B": (5, 7), "C": (3, 5)}),
    "column-major": product("C[n,m] += A[m,k] * B[k,n]", {"A": (3, 7), "B": (7, 5), "C": (5, 3)}),
    "swapped": product("C[m,n] += A[k,n] * B[m,k]", {"A": (7, 5), "B": (3, 7), "C": (3, 5)}),
    "in larger arrays": product(
        "C[m,n] += A[m,k] * B[k,n]", {"A": (3, 7), "B": (7, 5), "C": (3, 5)},
        {"A": (11, 1), "B": (1, 9), "C": (6, 1)},
    ),
    "going on": product("C[m,n] += A[m,k] * B[k,n]", {"A": (3, 7), "B": (7, 5), "C": (3, 5)}, continues=True),
    "two rows as one": product("C[m,p,n] += A[m,p,k] * B[k,n]", {"A": (3, 2, 7), "B": (7, 5), "C": (3, 2, 5)}),
    "two sums as one": product("C[m,n] += A[m,k,l] * B[k,l,n]", {"A": (3, 7, 2), "B": (7, 2, 5), "C": (3, 5)}),
    "batch": product("C[b,m,n] += A[b,m,k] * B[b,k,n]", {"A": (4, 3, 7), "B": (4, 7, 5), "C": (4, 3, 5)}),
    "batch within": product("C[m,b,n] += A[m,b,k] * B[b,k,n]", {"A": (3, 4, 7), "B": (4, 7, 5), "C": (3, 4, 5)}),
    "matrix by vector": product("C[m] += A[m,k] * B[k]", {"A": (3, 7), "B": (7,), "C": (3,)}),
    "transposed by vector": product("C[m] += A[k,m] * B[k]", {"A": (7, 3), "B": (7,), "C": (3,)}),
    "vector by matrix": product("C[n] += A[k] * B[k,n]", {"A": (7,), "B": (7, 5), "C": (5,)}),
    "by a column": product("C[m] += A[m,k] * B[k]", {"A": (3, 7), "B": (7,), "C": (3,)}, {"B": (5,), "C": (2,)}),
    "dot": product("C[] += A[k] * B[k]", {"A": (7,), "B": (7,), "C": ()}),
    "outer": product("C[m,n] += A[m] * B[n]", {"A": (3,), "B": (5,), "C": (3, 5)}),
}  # fmt: skip
BYTES = {
    "u8 by s8": gemm(3, 5, 7, ("u8", "s8", "s32")),
    "s8 by s8": gemm(3, 5, 7, ("s8", "s8", "s32")),
    "s8 by u8": gemm(3, 5, 7, ("s8", "u8", "s32")),
    "s8 by u8, column-major": product(
        "C[n,m] += s32(A[m,k]) * s32(B[k,n])", {"A": (3, 7), "B": (7, 5), "C": (5, 3)}, dtypes=("s8", "u8", "s32")
    ),
}
