"""Calls through the C interface of the BLAS (cblas.h of the reference BLAS; batches as MKL and OpenBLAS have them)."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from ctypes import c_float, c_int
from functools import partial
from typing import Any

from isamap.deploy.against.library import Ready, address
from isamap.deploy.against.product import Matrix, Product
from isamap.deploy.arrays import Array
from isamap.errors import Unsupported

ROW_MAJOR, AS_IT_IS, TRANSPOSED = 101, 111, 112
FLOATS = ("f32", "f32", "f32")


def function(library: ctypes.CDLL, name: str, prefix: str = "") -> Any:
    """A function without a result, of a library whose names begin with ``prefix``. Raises Unsupported."""
    try:
        found = library[prefix + name]
    except AttributeError:
        raise Unsupported("the library", name) from None
    found.restype = None
    return found


def transposed(matrix: Matrix) -> c_int:
    return c_int(TRANSPOSED if matrix.is_transposed else AS_IT_IS)


def sgemm(named: Callable[[str], Any], what: Product, arrays: Mapping[str, Array]) -> Ready:
    """The product of float matrices, or of a matrix and a vector. ``named`` finds functions. Raises Unsupported."""
    if what.dtypes != FLOATS:
        raise Unsupported("the library", f"a product of {what.a.dtype} and {what.b.dtype} into {what.c.dtype}")
    if what.batch > 1:
        return _batch(named("cblas_sgemm_batch_strided"), what, arrays)
    if what.columns == 1:
        return _sgemv(named("cblas_sgemv"), what, arrays)
    a, b, c = (address(arrays, each.tensor, each.offset) for each in (what.a, what.b, what.c))
    sizes = (c_int(what.rows), c_int(what.columns), c_int(what.summed))
    arguments = (
        c_int(ROW_MAJOR), transposed(what.a), transposed(what.b), *sizes, c_float(1), a, c_int(what.a.leading),
        b, c_int(what.b.leading), c_float(what.continues), c, c_int(what.c.leading),
    )  # fmt: skip
    return Ready(partial(named("cblas_sgemm"), *arguments), "cblas_sgemm")


def _batch(called: Any, what: Product, arrays: Mapping[str, Array]) -> Ready:
    places = [
        (address(arrays, each.tensor, each.offset), c_int(each.leading), c_int(each.step))
        for each in (what.a, what.b, what.c)
    ]
    sizes = (c_int(what.rows), c_int(what.columns), c_int(what.summed))
    arguments = (
        c_int(ROW_MAJOR), transposed(what.a), transposed(what.b), *sizes, c_float(1), *places[0], *places[1],
        c_float(what.continues), *places[2], c_int(what.batch),
    )  # fmt: skip
    return Ready(partial(called, *arguments), "cblas_sgemm_batch_strided")


def _sgemv(called: Any, what: Product, arrays: Mapping[str, Array]) -> Ready:
    """C, a column, is A times the column B; a transposed A is given as it lies."""
    a, b, c = (address(arrays, each.tensor, each.offset) for each in (what.a, what.b, what.c))
    lies = (what.summed, what.rows) if what.a.is_transposed else (what.rows, what.summed)
    step = 1 if what.b.is_transposed else what.b.leading
    arguments = (
        c_int(ROW_MAJOR), transposed(what.a), c_int(lies[0]), c_int(lies[1]), c_float(1), a, c_int(what.a.leading),
        b, c_int(step), c_float(what.continues), c, c_int(what.c.leading),
    )  # fmt: skip
    return Ready(partial(called, *arguments), "cblas_sgemv")
