"""PyTorch: matrix products of its tensors, which share memory with the arrays; called from Python, as its users do."""

from __future__ import annotations

import importlib
from functools import partial
from importlib import metadata
from typing import Any

from isamap.deploy.against.cblas import FLOATS, lacking
from isamap.deploy.against.library import Found, Ready, Task
from isamap.deploy.against.product import Matrix, Product, product_of
from isamap.ir.contraction import contraction_of


class Torch:
    name = "torch"
    package = "torch"

    def find(self, threads: int) -> Found | None:
        try:
            return Found(metadata.version("torch"))
        except metadata.PackageNotFoundError:
            return None

    def prepare(self, found: Found, task: Task) -> Ready:
        torch: Any = importlib.import_module("torch")
        torch.set_num_threads(task.threads)
        torch.set_grad_enabled(False)
        what = product_of(contraction_of(task.work))
        a = _tensor(torch, task, what.a, what.batch, what.rows, what.summed)
        b = _tensor(torch, task, what.b, what.batch, what.summed, what.columns)
        c = _tensor(torch, task, what.c, what.batch, what.rows, what.columns)
        name, called = _function(torch, what, a, b, c)
        return Ready(called, name)


def _function(torch: Any, what: Product, a: Any, b: Any, c: Any) -> tuple[str, Any]:
    if what.dtypes == FLOATS and what.columns == 1 and what.batch == 1 and not what.continues:
        return "torch.mv", partial(torch.mv, a, b[:, 0], out=c[:, 0])
    if what.dtypes == FLOATS and what.continues:
        name = "addmm" if what.batch == 1 else "baddbmm"
        return f"torch.{name}", partial(getattr(torch, name), c, a, b, out=c)
    if what.dtypes == FLOATS:
        name = "mm" if what.batch == 1 else "bmm"
        return f"torch.{name}", partial(getattr(torch, name), a, b, out=c)
    if what.dtypes == ("s8", "s8", "s32") and what.batch == 1 and not what.continues:
        return "torch._int_mm", partial(torch._int_mm, a, b, out=c)
    raise lacking(what)


def _tensor(torch: Any, task: Task, matrix: Matrix, batch: int, rows: int, columns: int) -> Any:
    """The matrix, or the batch of them, as a view of the array."""
    whole = torch.from_numpy(task.arrays[matrix.tensor])
    strides = (1, matrix.leading) if matrix.is_transposed else (matrix.leading, 1)
    if batch == 1:
        return whole.as_strided((rows, columns), strides, matrix.offset)
    return whole.as_strided((batch, rows, columns), (matrix.step, *strides), matrix.offset)
