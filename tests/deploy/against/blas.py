"""Functions of libraries, slow and obvious: what each argument means, on memory at an address."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

ROW_MAJOR, TRANSPOSED = 101, (112, b"T")
AS_IT_IS = ctypes.c_int(111)
Matrix = NDArray[Any]


def matrix(at: Any, kind: Any, shape: tuple[int, int], leading: int, how: object = None) -> Matrix:
    """A row-major matrix of so many rows and columns, or one that is given transposed."""
    if how in TRANSPOSED:
        return matrix(at, kind, shape[::-1], leading).T
    assert leading >= max(1, shape[1]), "the leading dimension is too small"
    size = np.dtype(kind).itemsize
    memory = (ctypes.c_char * (size * ((shape[0] - 1) * leading + shape[1]))).from_address(at.value)
    return as_strided(np.frombuffer(memory, kind), shape, (leading * size, size))


def product(a: Matrix, b: Matrix, c: Matrix, alpha: float, beta: float) -> None:
    wide = np.float64 if c.dtype == np.float32 else np.int64
    c[...] = alpha * (a.astype(wide) @ b.astype(wide)) + (beta * c if beta else 0)


def cblas_sgemm(order: Any, ta: Any, tb: Any, m: Any, n: Any, k: Any, alpha: Any, a: Any, lda: Any, b: Any, ldb: Any,
                beta: Any, c: Any, ldc: Any) -> None:  # fmt: skip
    assert order.value == ROW_MAJOR
    f32, rows, columns, summed = np.float32, m.value, n.value, k.value
    product(
        matrix(a, f32, (rows, summed), lda.value, ta.value), matrix(b, f32, (summed, columns), ldb.value, tb.value),
        matrix(c, f32, (rows, columns), ldc.value), alpha.value, beta.value,
    )  # fmt: skip


def cblas_sgemm_batch_strided(order: Any, ta: Any, tb: Any, m: Any, n: Any, k: Any, alpha: Any, a: Any, lda: Any,
                              step_a: Any, b: Any, ldb: Any, step_b: Any, beta: Any, c: Any, ldc: Any, step_c: Any,
                              count: Any) -> None:  # fmt: skip
    for one in range(count.value):
        places = [
            ctypes.c_void_p(at.value + 4 * one * step.value) for at, step in ((a, step_a), (b, step_b), (c, step_c))
        ]
        cblas_sgemm(order, ta, tb, m, n, k, alpha, places[0], lda, places[1], ldb, beta, places[2], ldc)


def cblas_sgemv(order: Any, ta: Any, m: Any, n: Any, alpha: Any, a: Any, lda: Any, x: Any, step_x: Any, beta: Any,
                y: Any, step_y: Any) -> None:  # fmt: skip
    assert order.value == ROW_MAJOR
    stored = matrix(a, np.float32, (m.value, n.value), lda.value)
    used = stored.T if ta.value in TRANSPOSED else stored
    column = matrix(x, np.float32, (used.shape[1], 1), step_x.value)
    product(used, column, matrix(y, np.float32, (used.shape[0], 1), step_y.value), alpha.value, beta.value)


def cblas_gemm_s8u8s32(order: Any, ta: Any, tb: Any, offset: Any, m: Any, n: Any, k: Any, alpha: Any, a: Any, lda: Any,
                       ao: Any, b: Any, ldb: Any, bo: Any, beta: Any, c: Any, ldc: Any, co: Any) -> None:  # fmt: skip
    assert (order.value, offset.value, ao.value, bo.value, co._obj.value) == (ROW_MAJOR, 173, 0, 0, 0)
    rows, columns, summed = m.value, n.value, k.value
    product(
        matrix(a, np.uint8, (rows, summed), lda.value, ta.value),
        matrix(b, np.int8, (summed, columns), ldb.value, tb.value),
        matrix(c, np.int32, (rows, columns), ldc.value), alpha.value, beta.value,
    )  # fmt: skip


def dnnl_sgemm(ta: Any, tb: Any, m: Any, n: Any, k: Any, alpha: Any, a: Any, lda: Any, b: Any, ldb: Any, beta: Any,
               c: Any, ldc: Any) -> None:  # fmt: skip
    _bytes(np.float32, np.float32, np.float32, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)


def dnnl_gemm_u8s8s32(ta: Any, tb: Any, oc: Any, m: Any, n: Any, k: Any, alpha: Any, a: Any, lda: Any, ao: Any, b: Any,
                      ldb: Any, bo: Any, beta: Any, c: Any, ldc: Any, co: Any,
                      kind: Any = np.uint8) -> None:  # fmt: skip
    assert (oc.value, ao.value, bo.value, co._obj.value) == (b"F", 0, 0, 0)
    _bytes(kind, np.int8, np.int32, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)


def dnnl_gemm_s8s8s32(*arguments: Any) -> None:
    dnnl_gemm_u8s8s32(*arguments, kind=np.int8)


def _bytes(left: Any, right: Any, sums: Any, ta: Any, tb: Any, m: Any, n: Any, k: Any, alpha: Any, a: Any, lda: Any,
           b: Any, ldb: Any, beta: Any, c: Any, ldc: Any) -> None:  # fmt: skip
    rows, columns, summed = m.value, n.value, k.value
    product(
        matrix(a, left, (rows, summed), lda.value, ta.value), matrix(b, right, (summed, columns), ldb.value, tb.value),
        matrix(c, sums, (rows, columns), ldc.value), alpha.value, beta.value,
    )  # fmt: skip


def cblas_sgemm_pack_get_size(kind: Any, m: Any, n: Any, k: Any) -> int:
    return int(4 * k.value * {161: m.value, 162: n.value}[kind.value])


def cblas_sgemm_pack(order: Any, kind: Any, how: Any, m: Any, n: Any, k: Any, alpha: Any, given: Any, leading: Any,
                     copy: Any) -> None:  # fmt: skip
    """Row-major, without gaps."""
    assert (order.value, alpha.value) == (ROW_MAJOR, 1)
    shape = {161: (m.value, k.value), 162: (k.value, n.value)}[kind.value]
    matrix(copy, np.float32, shape, shape[1])[...] = matrix(given, np.float32, shape, leading.value, how.value)


def cblas_sgemm_compute(order: Any, ta: Any, tb: Any, m: Any, n: Any, k: Any, a: Any, lda: Any, b: Any, ldb: Any,
                        beta: Any, c: Any, ldc: Any) -> None:  # fmt: skip
    assert 151 in (ta.value, tb.value)
    places = [(151, k.value, ta, lda), (151, n.value, tb, ldb)]
    hows = [(AS_IT_IS if how.value == packed else how, length if how.value == packed else leading)
            for packed, length, how, leading in places]  # fmt: skip
    (ta, lda), (tb, ldb) = ((how, ctypes.c_int(getattr(leading, "value", leading))) for how, leading in hows)
    cblas_sgemm(order, ta, tb, m, n, k, ctypes.c_float(1), a, lda, b, ldb, beta, c, ldc)
