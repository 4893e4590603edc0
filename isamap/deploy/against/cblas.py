"""Calls through the C interface of the BLAS (cblas.h of the reference BLAS; batches as MKL and OpenBLAS have them)."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from ctypes import c_float, c_int, c_void_p
from functools import partial
from typing import Any

from isamap.deploy.against.library import Call, Lacking, Ready, address, together
from isamap.deploy.against.product import Matrix, Product
from isamap.deploy.arrays import Array

ROW_MAJOR, AS_IT_IS, TRANSPOSED = 101, 111, 112
FLOATS = ("f32", "f32", "f32")


def function(library: ctypes.CDLL, name: str, prefix: str = "") -> Any:
    """A function without a result, of a library whose names begin with ``prefix``. Raises Lacking."""
    try:
        found = library[prefix + name]
    except AttributeError:
        raise Lacking(f"it has no {name}") from None
    found.restype = None
    return found


def lacking(what: Product) -> Lacking:
    """For numbers of types that a library does not multiply."""
    count = f"{what.batch} products" if what.batch > 1 else "product"
    return Lacking(f"it has no {count} of {what.a.dtype} by {what.b.dtype} into {what.c.dtype}")


def transposed(matrix: Matrix) -> c_int:
    return c_int(TRANSPOSED if matrix.is_transposed else AS_IT_IS)


def sgemm(named: Callable[[str], Any], what: Product, arrays: Mapping[str, Array]) -> Ready:
    """The product of float matrices, or of a matrix and a vector. ``named`` finds functions. Raises Lacking."""
    if what.dtypes != FLOATS:
        raise lacking(what)
    if what.batch == 1 and what.columns == 1:
        return _sgemv(named("cblas_sgemv"), what, arrays)
    if what.batch > 1 and _lie_apart(what):
        return _batch(named("cblas_sgemm_batch_strided"), what, arrays)
    called = named("cblas_sgemm")
    calls = [_one(called, what, arrays, number) for number in range(what.batch)]
    return Ready(together(calls), "cblas_sgemm" + times(what.batch))


def begin(arrays: Mapping[str, Array], matrix: Matrix, number: int = 0) -> c_void_p:
    """Where matrix ``number`` of a batch begins."""
    return address(arrays[matrix.tensor], matrix.offset + number * matrix.step)


def times(batch: int) -> str:
    return "" if batch == 1 else f", {batch} calls"


def _one(called: Any, what: Product, arrays: Mapping[str, Array], number: int) -> Call:
    a, b, c = (begin(arrays, each, number) for each in (what.a, what.b, what.c))
    sizes = (c_int(what.rows), c_int(what.columns), c_int(what.summed))
    arguments = (
        c_int(ROW_MAJOR), transposed(what.a), transposed(what.b), *sizes, c_float(1), a, c_int(what.a.leading),
        b, c_int(what.b.leading), c_float(what.continues), c, c_int(what.c.leading),
    )  # fmt: skip
    return partial(called, *arguments)


def _lie_apart(what: Product) -> bool:
    """Does each matrix of a batch begin behind the one before? MKL takes no others in one call."""
    sizes = ((what.a, what.rows, what.summed), (what.b, what.summed, what.columns), (what.c, what.rows, what.columns))
    return all(each.step >= each.leading * (n if each.is_transposed else m) for each, m, n in sizes)


def _batch(called: Any, what: Product, arrays: Mapping[str, Array]) -> Ready:
    places = [(begin(arrays, each), c_int(each.leading), c_int(each.step)) for each in (what.a, what.b, what.c)]
    sizes = (c_int(what.rows), c_int(what.columns), c_int(what.summed))
    arguments = (
        c_int(ROW_MAJOR), transposed(what.a), transposed(what.b), *sizes, c_float(1), *places[0], *places[1],
        c_float(what.continues), *places[2], c_int(what.batch),
    )  # fmt: skip
    return Ready(partial(called, *arguments), "cblas_sgemm_batch_strided")


def _sgemv(called: Any, what: Product, arrays: Mapping[str, Array]) -> Ready:
    """C, a column, is A times the column B; a transposed A is given as it lies."""
    a, b, c = (begin(arrays, each) for each in (what.a, what.b, what.c))
    lies = (what.summed, what.rows) if what.a.is_transposed else (what.rows, what.summed)
    step = 1 if what.b.is_transposed else what.b.leading
    arguments = (
        c_int(ROW_MAJOR), transposed(what.a), c_int(lies[0]), c_int(lies[1]), c_float(1), a, c_int(what.a.leading),
        b, c_int(step), c_float(what.continues), c, c_int(what.c.leading),
    )  # fmt: skip
    return Ready(partial(called, *arguments), "cblas_sgemv")
