"""OpenBLAS: float products."""

from __future__ import annotations

from functools import partial

from isamap.deploy.against.cblas import function, sgemm
from isamap.deploy.against.library import Found, Ready, Task, in_loader, in_package, load
from isamap.deploy.against.product import product_of
from isamap.ir.contraction import contraction_of


class OpenBlas:
    name = "openblas"
    package = "scipy-openblas32"

    def find(self, threads: int) -> Found | None:
        return in_package(self.package, ["libscipy_openblas.so"]) or in_loader("openblas")

    def prepare(self, found: Found, task: Task) -> Ready:
        prefix = "scipy_" if "scipy" in found.files[-1] else ""
        named = partial(function, load(found), prefix=prefix)
        return sgemm(named, product_of(contraction_of(task.work)), task.arrays)
