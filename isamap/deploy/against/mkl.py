"""Intel's oneMKL: float products, and products of unsigned by signed bytes.

The layers are loaded one by one, as a program is linked to them: the interface with 32-bit sizes, threads or none, and
the kernels (oneMKL Link Line Advisor).
"""

from __future__ import annotations

from ctypes import byref, c_float, c_int, c_int8, c_int32
from functools import partial
from typing import Any

from isamap.deploy.against.cblas import ROW_MAJOR, begin, function, lacking, sgemm, transposed
from isamap.deploy.against.library import Found, Ready, Task, in_loader, in_package, load
from isamap.deploy.against.product import Product, product_of
from isamap.ir.contraction import contraction_of

_FIXED_OFFSET = 173  # CblasFixOffset of mkl_cblas.h: one number is added to every element of C


class Mkl:
    name = "mkl"
    package = "mkl"

    def find(self, threads: int) -> Found | None:
        layers = ("libmkl_core.so.{0}", "libmkl_{1}.so.{0}", "libmkl_intel_lp64.so.{0}")
        threading = "sequential" if threads == 1 else "intel_thread"
        for version in (3, 2):
            files = [layer.format(version, threading) for layer in layers]
            if found := in_package("mkl", files, ("intel-openmp",)):
                return found
        return in_loader("mkl_rt")

    def prepare(self, found: Found, task: Task) -> Ready:
        library, what = load(found), product_of(contraction_of(task.work))
        if what.c.dtype != "s32":
            return sgemm(partial(function, library), what, task.arrays)
        return _bytes(function(library, "cblas_gemm_s8u8s32"), what, task)


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
