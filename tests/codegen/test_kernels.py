"""Generated matrix kernels: right within the error of a sum, and never outside their arrays."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from isamap.codegen.cpu import features
from isamap.codegen.kernel import kernel
from isamap.errors import InvalidNoun, Unsupported
from isamap.ir.blocking import Blocking, Loop, Panels
from isamap.ir.contraction import Contraction, Strided, contraction_of
from isamap.ir.dtype import DTYPES, DType
from isamap.ir.panels import layout
from isamap.ir.partial import scratch_bytes
from isamap.spec import load_workload
from tests.codegen.families import FAMILIES, dot, fused, pairs
from tests.codegen.guarded import run
from tests.cores import CORE

ROOT = Path(__file__).resolve().parents[2]
F32, S8, U8, S32 = (DTYPES[name] for name in ("f32", "s8", "u8", "s32"))
PACKED = (Panels("B", 0),)
GEMM = Contraction(
    {"m": 8, "n": 40, "k": 6},
    Strided("C", F32, {"m": 40, "n": 1}),
    (Strided("A", F32, {"m": 6, "k": 1}), Strided("B", F32, {"k": 40, "n": 1})),
)


def _gemm(one: DType, other: DType) -> Contraction:
    a, b = GEMM.factors
    return replace(
        GEMM, output=replace(GEMM.output, dtype=S32), factors=(replace(a, dtype=one), replace(b, dtype=other))
    )


VNNI, AVX2 = {"avx512vnni", "avx512vl", "avx512bw"}, {"avx2"}
RANDOM = [
    ("f32", 16, 100, {"avx512f"}), ("f32", 8, 100, AVX2), ("f32", 4, 100, set[str]()),
    ("u8s8", 16, 60, VNNI), ("u8s8", 8, 60, VNNI), ("s8s8", 16, 60, VNNI), ("s8s8", 4, 60, VNNI),
    ("words", 8, 60, AVX2), ("words", 16, 40, {"avx512bw"}), ("word_dot", 16, 40, VNNI),
]  # fmt: skip


@pytest.mark.parametrize(("family", "lanes", "count", "needed"), RANDOM)
def test_random_kernels_between_guard_pages(family: str, lanes: int, count: int, needed: set[str]) -> None:
    """In a process of its own, which a stray access ends."""
    if lacking := needed - features():
        pytest.skip(f"this CPU lacks {' '.join(sorted(lacking))}")
    command = [sys.executable, "-m", "tests.codegen.guarded", str(count), str(lanes), str(lanes), family]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"{count}\n"), done.stderr


@pytest.mark.isa("avx2")
@pytest.mark.isa("fma")
@pytest.mark.parametrize(("family", "count"), [("f32", 100), ("words", 50)])
def test_random_kernels_of_avx2_between_guard_pages(family: str, count: int) -> None:
    """Their tails are moved under a mask that is a vector: lanes that are off may lie on the page after."""
    command = [sys.executable, "-m", "tests.codegen.guarded_avx2", str(count), "4", "8", family]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"{count}\n"), done.stderr


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
    assert layout(GEMM, how, how.panels[0], fused(8)).elements == 2 * 32 * 4
    assert scratch_bytes(GEMM, how, fused(8)) == 4 * 2 * 32 * 4 + 4 * 8 * 6


def test_groups_are_filled_up_and_sums_lie_behind_panels_of_bytes() -> None:
    """40 columns in two panels of 32, 6 steps in two groups of 4; -128 times the sums of 64 columns; A is in place."""
    how = Blocking("n", (Loop("n", 32), Loop("m", 8)), (Panels("B", 0),))
    lies = layout(_gemm(S8, S8), how, how.panels[0], dot(16))
    assert (lies.elements, lies.within, lies.between["n"]) == (2 * 32 * 8, {"k": 32, "n": 4}, 8)
    assert (lies.sums_at, scratch_bytes(_gemm(S8, S8), how, dot(16))) == (512, 512 + 4 * 64)
    assert scratch_bytes(_gemm(U8, S8), how, dot(16)) == 512
    assert scratch_bytes(_gemm(U8, S8), how, pairs(8)) == 2 * 2 * 32 * 6


def test_a_core_takes_bytes_as_words_where_it_has_no_dot_product_of_them() -> None:
    core = replace(CORE, multiply_adds=(*CORE.multiply_adds, pairs(8)))
    assert core.multiply_add(_gemm(U8, U8)) == pairs(8)
    vnni = replace(core, multiply_adds=(*core.multiply_adds, dot(8)))
    assert vnni.multiply_add(_gemm(S8, S8)) == vnni.multiply_add(_gemm(S8, U8)) == dot(8)
    assert vnni.multiply_add(_gemm(U8, U8)) == pairs(8)
    with pytest.raises(Unsupported, match=r"u8 \* s8 into s32 on a core.*it has f32 \* f32 into f32"):
        CORE.multiply_add(_gemm(U8, S8))


def test_lanes_that_are_not_next_to_each_other_are_refused() -> None:
    with pytest.raises(Unsupported, match="elements of C 40 apart along m"):
        kernel(GEMM, Blocking("m", (Loop("n", 2),)), fused(8))


def test_what_is_fetched_early_has_panels_to_come() -> None:
    with pytest.raises(InvalidNoun, match=r"early\.0: expected a tensor whose panels are made inside a loop, got B"):
        Blocking("n", (Loop("n", 8),), (Panels("B", 0), Panels("A", 1)), early=("B",))
    with pytest.raises(Unsupported, match="B early, where the lanes lie along the reduced axes"):
        kernel(GEMM, Blocking("k", (Loop("n", 8),), (Panels("B", 1),), early=("B",)), fused(8))


def test_blocks_within_smaller_blocks_are_refused() -> None:
    with pytest.raises(InvalidNoun, match="at most 8, the block around it"):
        Blocking("n", (Loop("n", 8), Loop("n", 16)))


def _s8(extents: dict[str, int], c: dict[str, int], a: dict[str, int], b: dict[str, int]) -> Contraction:
    return Contraction(extents, Strided("C", S32, c), (Strided("A", S8, a), Strided("B", S8, b)))


BOTH = (Panels("A", 1), Panels("B", 1))
SHAPES = {
    "both factors along the lanes": (
        _s8({"b": 3, "n": 21, "k": 10}, {"b": 21, "n": 1}, {"b": 210, "n": 10, "k": 1}, {"b": 210, "k": 21, "n": 1}),
        Blocking("n", (Loop("b", 1), Loop("n", 16)), BOTH),
    ),
    "a batch": (
        _s8({"k": 9, "b": 3, "m": 5, "n": 19}, {"b": 95, "m": 19, "n": 1}, {"b": 45, "m": 9, "k": 1},
            {"b": 171, "k": 19, "n": 1}),
        Blocking("n", (Loop("b", 1), Loop("k", 4), Loop("n", 16), Loop("m", 2)), BOTH),
    ),
    "a matrix and a vector": (
        _s8({"m": 37, "k": 11}, {"m": 1}, {"m": 11, "k": 1}, {"k": 1}),
        Blocking("m", (Loop("m", 32),), (Panels("A", 0, before=True),)),
    ),
    "panels along another axis than the lanes": (
        _s8({"m": 5, "n": 1, "k": 9}, {"m": 1, "n": 1}, {"k": 1, "n": 9}, {"m": 9, "n": 9, "k": 1}),
        Blocking("n", (Loop("m", 2),), (Panels("A", 0), Panels("B", 0))),
    ),
    "a second reduced axis, cut": (
        _s8({"m": 5, "n": 18, "j": 3, "k": 9}, {"m": 18, "n": 1}, {"m": 27, "j": 9, "k": 1},
            {"j": 162, "k": 18, "n": 1}),
        Blocking("n", (Loop("j", 1), Loop("k", 4), Loop("m", 2)), (Panels("B", 0),)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_other_shapes_of_signed_bytes(shape: str) -> None:
    for family, does in ((FAMILIES["s8s8"], dot(16)), (FAMILIES["words"], pairs(8))):
        if features() >= VNNI or does.group == 2:
            run(Random(7), *SHAPES[shape], does, family)


def test_what_the_next_panels_are_made_of_is_fetched_while_tiles_work() -> None:
    """Of rows, a line of each of the four in a group; of columns, a line of two of the 32, so that all have come after
    the 16 steps that a line holds."""
    how = Blocking("n", (Loop("n", 32), Loop("m", 8)), (Panels("B", 1),), unroll=1, early=("B",))
    what = Contraction({"m": 8, "n": 64, "k": 64}, Strided("C", S32, {"m": 64, "n": 1}),
                       (Strided("A", U8, {"m": 64, "k": 1}), Strided("B", S8, {"k": 64, "n": 1})))  # fmt: skip
    turned = replace(what, factors=(what.factors[0], Strided("B", S8, {"k": 1, "n": 64})))
    counts = [str(kernel(each, how, dot(16))).count('call void @"llvm.prefetch') for each in (what, turned)]
    assert counts == [4, 2]


GROUPED = Blocking("n", (Loop("n", 32), Loop("m", 8)), PACKED)
REFUSED = {
    "in place": (_gemm(U8, S8), replace(GROUPED, panels=()), dot(16), "B, which lies along the lanes, in place"),
    "dot": (_gemm(U8, S8), replace(GROUPED, vector="k"), dot(16), "lanes along the reduced axis k with vpdpbusd"),
    "types": (_gemm(U8, U8), GROUPED, dot(16), r"u8 \* u8 into s32 by vpdpbusd: u8 \* s8 into s32"),
    "sums": (replace(_gemm(U8, S8), sum_dtype=F32), GROUPED, dot(16), r"u8 \* s8 into f32 by vpdpbusd"),
    "stored": (replace(_gemm(U8, S8), output=replace(GEMM.output, dtype=U8), sum_dtype=S32), GROUPED, dot(16),
               "sums in s32 stored as u8"),
    "cut": (_gemm(U8, S8), replace(GROUPED, loops=(*GROUPED.loops, Loop("k", 3))), dot(16),
            "blocks of 3 along k in panels of B is not supported yet; a multiple of 4"),
    "no reduced axis": (Contraction({"m": 8, "n": 40}, replace(GEMM.output, dtype=S32),
                                    (Strided("A", U8, {"m": 1}), Strided("B", S8, {"n": 1}))), GROUPED, dot(16),
                        "no reduced axis with vpdpbusd"),
    "one sided": (Contraction({"m": 8, "n": 40, "j": 2, "k": 6}, replace(GEMM.output, dtype=S32),
                              (Strided("A", U8, {"m": 6, "k": 1}), Strided("B", S8, {"j": 40, "n": 1}))),
                  GROUPED, dot(16), "an innermost reduced axis, k, that one factor lacks"),
    "half summed": (Contraction({"m": 8, "n": 40, "j": 2, "k": 6}, replace(GEMM.output, dtype=S32),
                                (Strided("A", S8, {"m": 12, "j": 6, "k": 1}), Strided("B", S8, {"k": 40, "n": 1}))),
                    GROUPED, dot(16), r"s8 \* s8 with vpdpbusd over j, which B lacks"),
    "saturating": (_gemm(U8, S8), GROUPED,
                   replace(dot(8), emit="llvm.x86.avx2.pmadd.ub.sw + llvm.x86.avx2.pmadd.wd + add"),
                   "vpdpbusd, which is spelt llvm.x86.avx2.pmadd.ub.sw"),
    "square": (replace(_gemm(S8, S8), factors=(_gemm(S8, S8).factors[1],) * 2), GROUPED, dot(16),
               "B multiplied by itself"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", REFUSED)
def test_what_an_instruction_cannot_do_is_said(mistake: str) -> None:
    what, how, product, reason = REFUSED[mistake]
    with pytest.raises(Unsupported, match=reason):
        kernel(what, how, product)
