"""Generated matrix kernels: right within the error of a sum, and never outside their arrays."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from isamap.codegen.kernel import kernel
from isamap.errors import InvalidNoun, Unsupported
from isamap.ir.blocking import Blocking, Loop, Panels
from isamap.ir.contraction import Contraction, Strided, contraction_of
from isamap.ir.dtype import DTYPES
from isamap.ir.panels import layout, scratch_elements
from isamap.spec import load_workload

ROOT = Path(__file__).resolve().parents[2]
F32 = DTYPES["f32"]
GEMM = Contraction(
    {"m": 8, "n": 40, "k": 6},
    Strided("C", F32, {"m": 40, "n": 1}),
    (Strided("A", F32, {"m": 6, "k": 1}), Strided("B", F32, {"k": 40, "n": 1})),
)


@pytest.mark.parametrize(("lanes", "seed"), [(16, 1), (8, 2), (4, 3)])
def test_random_kernels_between_guard_pages(lanes: int, seed: int) -> None:
    """In a process of its own, which a stray access ends."""
    command = [sys.executable, "-m", "tests.codegen.guarded", "100", str(seed), str(lanes)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "100\n"), done.stderr


@pytest.mark.isa("avx2")
@pytest.mark.isa("fma")
def test_random_kernels_of_avx2_between_guard_pages() -> None:
    """Their tails are moved under a mask that is a vector: lanes that are off may lie on the page after."""
    command = [sys.executable, "-m", "tests.codegen.guarded_avx2", "100", "4", "8"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "100\n"), done.stderr


def test_a_kernel_is_read_from_a_workload() -> None:
    work = load_workload("gemm", {"M": 8, "N": 40, "K": 6, "in": "f32", "acc": "f32"})
    found = contraction_of(work)
    assert (found.parallel, found.reduced) == (("m", "n"), ("k",))
    assert [dict(each.strides) for each in (found.output, *found.factors)] == [
        {"m": 40, "n": 1}, {"m": 6, "k": 1}, {"k": 40, "n": 1},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "reason"), [("max_pool2d", "operator max="), ("softmax", "operator max="), ("conv2d", "the index")]
)
def test_what_is_no_contraction_is_said(name: str, reason: str) -> None:
    with pytest.raises(Unsupported, match=reason):
        contraction_of(load_workload(name, {"PAD": 1} if name == "conv2d" else {}))


def test_panels_take_whole_tiles() -> None:
    how = Blocking("n", (Loop("k", 4), Loop("n", 32), Loop("m", 8)), (Panels("B", 1), Panels("A", 0)))
    assert layout(GEMM, how, how.panels[0]).elements == 2 * 32 * 4
    assert scratch_elements(GEMM, how) == 2 * 32 * 4 + 8 * 6


def test_lanes_that_are_not_next_to_each_other_are_refused() -> None:
    with pytest.raises(Unsupported, match="elements of C 40 apart along m"):
        kernel(GEMM, Blocking("m", (Loop("n", 2),)), 8)


def test_blocks_within_smaller_blocks_are_refused() -> None:
    with pytest.raises(InvalidNoun, match="at most 8, the block around it"):
        Blocking("n", (Loop("n", 8), Loop("n", 16)))
