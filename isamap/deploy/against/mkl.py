"""Intel's oneMKL: float products, also of a matrix that it has copied before, and those of unsigned by signed bytes.

The layers are loaded one by one, as a program is linked to them: the interface with 32-bit sizes, threads or none, and
the kernels (oneMKL Link Line Advisor).
"""

from __future__ import annotations

from collections.abc import Callable
from ctypes import byref, c_float, c_int, c_int8, c_int32, c_size_t
from functools import partial
from typing import Any

import numpy as np

from isamap.deploy.against.cblas import FLOATS, ROW_MAJOR, begin, function, lacking, sgemm, transposed
from isamap.deploy.against.library import Found, Ready, Task, address, in_loader, in_package, load
from isamap.deploy.against.product import Product, product_of
from isamap.ir.contraction import contraction_of

_FIXED_OFFSET = 173  # CblasFixOffset of mkl_cblas.h: one number is added to every element of C
_PACKED, _A_MATRIX, _B_MATRIX = 151, 161, 162  # CblasPacked, CblasAMatrix, CblasBMatrix
_PAGE_BYTES = 4096


class Mkl:
    name = "mkl"
    package = "mkl"

    def find(self, threads: int) -> Found | None:
        layers = ("libmkl_core.so.{0}", "libmkl_{1}.so.{0}", "libmkl_intel_lp64.so.{0}")
        threading, needed = ("sequential", []) if threads == 1 else ("intel_thread", ["libiomp5.so"])
        for version in (3, 2):
            files = [*needed, *(layer.format(version, threading) for layer in layers)]
            if found := in_package("mkl", files, ("intel-openmp",)):
                return found
        return in_loader("mkl_rt")

    def prepare(self, found: Found, task: Task) -> Ready:
        library, what = load(found), product_of(contraction_of(task.work))
        packed = next((each for each in (what.a, what.b) if each.tensor in task.packed), None)
        if what.dtypes == FLOATS and what.batch == 1 and packed is not None:
            return _packed(partial(function, library), what, task, packed is what.a)
        if what.c.dtype != "s32":
            return sgemm(partial(function, library), what, task.arrays)
        return _bytes(function(library, "cblas_gemm_s8u8s32"), what, task)


def _packed(named: Callable[[str], Any], what: Product, task: Task, is_left: bool) -> Ready:
    """One of the matrices is copied now, to where MKL would have it."""
    matrix, kind = (what.a, _A_MATRIX) if is_left else (what.b, _B_MATRIX)
    sizes = (c_int(what.rows), c_int(what.columns), c_int(what.summed))
    room_for = named("cblas_sgemm_pack_get_size")
    room_for.restype = c_size_t
    room = np.empty(int(room_for(c_int(kind), *sizes)) + _PAGE_BYTES, np.uint8)
    copy = address(room, -room.__array_interface__["data"][0] % _PAGE_BYTES)
    named("cblas_sgemm_pack")(
        c_int(ROW_MAJOR), c_int(kind), transposed(matrix), *sizes, c_float(1),
        begin(task.arrays, matrix), c_int(matrix.leading), copy,
    )  # fmt: skip
    factors: list[object] = []
    for each in (what.a, what.b):
        factors += [copy if each is matrix else begin(task.arrays, each), c_int(each.leading)]
    hows = (c_int(_PACKED) if each is matrix else transposed(each) for each in (what.a, what.b))
    arguments = (
        c_int(ROW_MAJOR), *hows, *sizes, *factors,
        c_float(what.continues), begin(task.arrays, what.c), c_int(what.c.leading),
    )  # fmt: skip
    return Ready(
        partial(named("cblas_sgemm_compute"), *arguments), f"cblas_sgemm_compute, {matrix.tensor} packed", room
    )


def _bytes(called: Any, what: Product, task: Task) -> Ready:
    """Of row-major matrices the left one is unsigned, whatever the function's name says."""
    if what.dtypes != ("u8", "s8", "s32") or what.batch > 1:
        raise lacking(what)
    a, b, c = (begin(task.arrays, each) for each in (what.a, what.b, what.c))
    sizes = (c_int(what.rows), c_int(what.columns), c_int(what.summed))
    none, added = c_int8(0), c_int32(0)
    arguments = (
        c_int(ROW_MAJOR), transposed(what.a), transposed(what.b), c_int(_FIXED_OFFSET), *sizes, c_float(1),
        a, c_int(what.a.leading), none, b, c_int(what.b.leading), none,
        c_float(what.continues), c, c_int(what.c.leading), byref(added),
    )  # fmt: skip
    return Ready(partial(called, *arguments), "cblas_gemm_s8u8s32")
