"""Every library is given what its functions mean: against slow ones, and for real where a library is installed."""

from __future__ import annotations

import importlib
from contextlib import nullcontext, suppress
from functools import partial
from typing import Any

import numpy as np
import pytest

from isamap.deploy.against import cblas, onednn
from isamap.deploy.against.cblas import sgemm
from isamap.deploy.against.library import Found, Lacking, Library, Ready, Task, in_loader, in_package
from isamap.deploy.against.mkl import Mkl
from isamap.deploy.against.onednn import OneDnn
from isamap.deploy.against.openblas import OpenBlas
from isamap.deploy.against.process import Process, Refused
from isamap.deploy.against.product import product_of
from isamap.deploy.against.reference import placed, reference
from isamap.deploy.against.torch import Torch
from isamap.ir.contraction import contraction_of
from isamap.ir.workload import Workload
from isamap.simulate import random_inputs
from tests.cores import CORE
from tests.deploy.against import blas
from tests.deploy.against.kernels import BYTES, KERNELS, product

ALL: tuple[Library, ...] = (Mkl(), OpenBlas(), OneDnn(), Torch())
NOT_FOUND = Found("none")


def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Libraries have the functions of ``blas``."""
    for module in ("mkl", "openblas", "onednn"):
        monkeypatch.setattr(importlib.import_module(f"isamap.deploy.against.{module}"), "load", lambda found: blas)
        monkeypatch.setattr(
            importlib.import_module(f"isamap.deploy.against.{module}"), "function",
            lambda library, name, prefix="": getattr(library, name),
        )  # fmt: skip


def right(work: Workload, ready: Any) -> str:
    """What is wrong with one call, if anything; ``ready`` makes it for arrays."""
    values = random_inputs(work, 3)
    arrays = placed(work, values)
    made = ready(arrays)
    made.call()
    return reference(work, values).judge(arrays["C"])[1]


@pytest.mark.parametrize("kernel", KERNELS)
def test_what_cblas_is_given(kernel: str) -> None:
    what = product_of(contraction_of(KERNELS[kernel]))

    def ready(arrays: Any) -> Ready:
        return sgemm(lambda name: getattr(blas, name), what, arrays)

    assert right(KERNELS[kernel], ready) == ""


def test_matrices_that_lie_among_each_other_are_no_batch() -> None:
    """MKL does nothing where a step is less than a matrix."""

    def how(kernel: str) -> str:
        work = KERNELS[kernel]
        arrays = placed(work, random_inputs(work, 3))
        return sgemm(lambda name: getattr(blas, name), product_of(contraction_of(work)), arrays).how

    assert how("batch") == "cblas_sgemm_batch_strided"
    assert how("batch within") == "cblas_sgemm, 4 calls"


@pytest.mark.parametrize("kernel", [*KERNELS, "u8 by s8", "s8 by s8", "s8 by u8, column-major"])
def test_what_onednn_is_given(kernel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    slow(monkeypatch)
    work = {**KERNELS, **BYTES}[kernel]
    assert right(work, lambda arrays: OneDnn().prepare(NOT_FOUND, Task(work, CORE, arrays, 1))) == ""


@pytest.mark.parametrize("kernel", ["u8 by s8", "s8 by u8, column-major"])
def test_mkl_has_unsigned_bytes_on_the_left(kernel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    slow(monkeypatch)
    work = BYTES[kernel]
    assert right(work, lambda arrays: Mkl().prepare(NOT_FOUND, Task(work, CORE, arrays, 1))) == ""


@pytest.mark.parametrize("packed", ["A", "B"])
@pytest.mark.parametrize("kernel", [name for name in KERNELS if "batch" not in name])
def test_what_mkl_packs_before(kernel: str, packed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    slow(monkeypatch)
    work = KERNELS[kernel]

    def ready(arrays: Any) -> Ready:
        made = Mkl().prepare(NOT_FOUND, Task(work, CORE, arrays, 1, frozenset({packed})))
        arrays[packed][...] = np.nan  # it was copied
        return made

    assert right(work, ready) == ""


@pytest.mark.parametrize(
    ("library", "kernel"),
    [(Mkl(), "s8 by s8"), (Mkl(), "s8 by u8"), (OneDnn(), "s8 by u8"), (OpenBlas(), "u8 by s8")],
)
def test_types_that_a_library_does_not_multiply(library: Library, kernel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    slow(monkeypatch)
    work = BYTES[kernel]
    arrays = placed(work, random_inputs(work, 0))
    left, right = kernel.split(" by ")
    with pytest.raises(Lacking, match=f"it has no product of {left} by {right} into s32"):
        library.prepare(Found("none", ("libopenblas.so",)), Task(work, CORE, arrays, 1))


NO_PRODUCTS = {
    "the axis m, of one factor alone": product("C[n] += A[m,k] * B[k,n]", {"A": (3, 7), "B": (7, 5), "C": (5,)}),
    "which are no single one in memory": product(
        "C[m,p,n] += A[p,m,k] * B[k,n]", {"A": (2, 3, 7), "B": (7, 5), "C": (3, 2, 5)}
    ),
    "a matrix in A whose neighbours lie 14 and 2": product(
        "C[m,n] += A[m,k] * B[k,n]", {"A": (3, 7), "B": (7, 5), "C": (3, 5)}, {"A": (14, 2)}
    ),
    "an output whose neighbours lie 6 and 2": product(
        "C[m,n] += A[m,k] * B[k,n]", {"A": (3, 7), "B": (7, 5), "C": (3, 5)}, {"C": (2, 6)}
    ),
    "a matrix in A whose neighbours lie 1 and 1": product(
        "C[p,n] += A[p+r] * B[r,n]", {"A": (9,), "B": (3, 5), "C": (7, 5)}
    ),
}


@pytest.mark.parametrize("reason", NO_PRODUCTS)
def test_what_is_no_product_is_refused(reason: str) -> None:
    with pytest.raises(Lacking, match=reason):
        product_of(contraction_of(NO_PRODUCTS[reason]))


@pytest.mark.parametrize("library", ALL, ids=lambda each: each.name)
def test_installed_libraries_do_every_kernel(library: Library) -> None:
    """In one process of its own, as in a contest; bytes only where it has them."""
    found = library.find(1)
    if found is None:
        pytest.skip(f"{library.package} is not installed")
    process = Process(library.name, found, {0}, 1)
    try:
        for name, work in {**KERNELS, **BYTES}.items():
            values = random_inputs(work, 3)
            for packed in ({}, {"A"}, {"B"}) if library.name == "mkl" else ({},):
                with suppress(Refused) if name in BYTES else nullcontext():
                    process.ask("take", work, CORE, values, frozenset(packed), False, limit_s=60)
                    wrong = reference(work, values).judge(process.ask("result", limit_s=60))[1]
                    assert not wrong, f"{name}, {packed}: {wrong}"
    finally:
        process.kill()


def test_a_package_is_found_with_its_files(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    info, folder = tmp_path / "fast-1.5.dist-info", tmp_path / "fast"
    for each in (info, folder):
        each.mkdir()
    (folder / "libfast.so.3").write_bytes(b"")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: fast\nVersion: 1.5\n")
    (info / "RECORD").write_text("fast/libfast.so.3,,\nfast/libgone.so,,\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert in_package("fast", ["libfast.so.3"]) == Found("1.5", (str(folder / "libfast.so.3"),), (str(folder),))
    assert in_package("fast", ["libgone.so"]) is None
    assert in_package("slow", ["libfast.so.3"]) is None


def test_the_loader_knows_the_mathematics_of_c() -> None:
    found = in_loader("no-such-library", "m")
    assert found is not None
    assert found.version == f"of the system ({found.files[0]})"
    assert in_loader("no-such-library") is None


def test_a_function_that_is_not_there_is_said() -> None:
    found = in_loader("m")
    assert found is not None
    named = partial(cblas.function, onednn.load(found))
    assert named("cosf") is not None
    with pytest.raises(Lacking, match="it has no cblas_sgemm"):
        named("cblas_sgemm")
