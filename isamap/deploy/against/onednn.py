"""oneDNN: its functions in the manner of the BLAS, row-major, for floats and bytes (dnnl.h).

Of the packages that have it the newest comes first. What it is not given, a batch, is called one by one.
"""

from __future__ import annotations

from ctypes import byref, c_char, c_float, c_int8, c_int32, c_int64, c_uint8, c_void_p
from functools import partial

from isamap.deploy.against.cblas import FLOATS, begin, function, lacking, times
from isamap.deploy.against.library import Found, Ready, Task, in_loader, in_package, load, together
from isamap.deploy.against.product import Matrix, product_of
from isamap.ir.contraction import contraction_of

_PACKAGES = ("onednn", "onednn-cpu-iomp", "onednn-cpu-gomp", "onednn-cpu-tbb")
_BESIDE = ("tbb", "intel-openmp", "intel-cmplr-lib-rt", "intel-sycl-rt", "dpcpp-cpp-rt")
_NAMES = {
    FLOATS: "dnnl_sgemm",
    ("u8", "s8", "s32"): "dnnl_gemm_u8s8s32",
    ("s8", "s8", "s32"): "dnnl_gemm_s8s8s32",
}


class OneDnn:
    name = "onednn"
    package = "onednn"

    def find(self, threads: int) -> Found | None:
        found = (in_package(each, ["libdnnl.so.3"], _BESIDE) for each in _PACKAGES)
        return next((each for each in found if each), None) or in_loader("dnnl")

    def prepare(self, found: Found, task: Task) -> Ready:
        what = product_of(contraction_of(task.work))
        name = _NAMES.get(what.dtypes)
        if name is None:
            raise lacking(what)
        called = function(load(found), name)
        sizes = (c_int64(what.rows), c_int64(what.columns), c_int64(what.summed))
        calls = []
        for n in range(what.batch):
            a, b, c = (_place(task, each, n) for each in (what.a, what.b, what.c))
            how = (_letter(what.a), _letter(what.b))
            ends = (c_float(what.continues), *c)
            if what.dtypes == FLOATS:
                arguments: tuple[object, ...] = (*how, *sizes, c_float(1), *a, *b, *ends)
            else:
                zero = c_uint8(0) if what.a.dtype == "u8" else c_int8(0)
                arguments = (*how, c_char(b"F"), *sizes, c_float(1), *a, zero, *b, c_int8(0), *ends, byref(c_int32(0)))
            calls.append(partial(called, *arguments))
        return Ready(together(calls), name + times(what.batch))


def _place(task: Task, matrix: Matrix, number: int) -> tuple[c_void_p, c_int64]:
    """Where matrix ``number`` of a batch begins, and its leading dimension."""
    return begin(task.arrays, matrix, number), c_int64(matrix.leading)


def _letter(matrix: Matrix) -> c_char:
    return c_char(b"T" if matrix.is_transposed else b"N")
