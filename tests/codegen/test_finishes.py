"""What is stored of a register tile's sums: as the meaning says, never outside the arrays, or refused by name."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from isamap.codegen.cpu import features
from isamap.codegen.kernel import arguments, kernel
from isamap.errors import Unsupported
from isamap.ir.blocking import Blocking, Loop
from isamap.ir.contraction import Contraction, contraction_of
from isamap.ir.dtype import DTYPES
from isamap.ir.einsum import parse_statement
from isamap.ir.partial import partial_sums
from isamap.ir.workload import Tensor, workload
from tests.codegen.families import fused

ROOT = Path(__file__).resolve().parents[2]
SUMS = "S[m,n] += A[m,k] * B[k,n]"


@pytest.mark.parametrize(
    ("family", "lanes", "needed"),
    [
        ("f32", 16, {"avx512f"}), ("f32", 8, {"avx2"}), ("f32", 4, set[str]()), ("u8s8", 16, {"avx512vnni"}),
        ("s8s8", 8, {"avx512vnni", "avx512vl"}), ("words", 8, {"avx2"}),
    ],
)  # fmt: skip
def test_random_finishes_between_guard_pages(family: str, lanes: int, needed: set[str]) -> None:
    """In a process of its own, which a stray access ends."""
    if lacking := needed - features():
        pytest.skip(f"this CPU lacks {' '.join(sorted(lacking))}")
    command = [sys.executable, "-m", "tests.codegen.finishes", "30", str(lanes), str(lanes), family]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "30\n"), done.stderr


def finished(value: str, dtype: str = "f32", other: str = "f32") -> Contraction:
    """Sums of 8 x 40 x 6 finished as ``value``, which may read S[m,n] and D[m,n]."""
    f32 = DTYPES["f32"]
    tensors = [Tensor("A", f32, (8, 6)), Tensor("B", f32, (6, 40)), Tensor("S", f32, (8, 40))]
    tensors += [Tensor("D", DTYPES[other], (8, 40)), Tensor("C", DTYPES[dtype], (8, 40))]
    statements = [parse_statement(text, frozenset("ABSDC")) for text in (SUMS, f"C[m,n] = {value}")]
    return contraction_of(workload("finished", tensors, statements, inputs="ABD"))


WHOLE = Blocking("n", (Loop("m", 2),))


@pytest.mark.parametrize(
    ("value", "dtype", "other", "reason"),
    [
        ("exp(S[m,n])", "f32", "f32", "exp of f32 values .* there are"),
        ("tanh(S[m,n])", "f32", "f32", "tanh of f32 values"),
        ("S[m,n] // 2", "f32", "f32", "// of f32 values"),
        ("s32(S[m,n]) / 3", "s32", "f32", "/ of s32 values"),
        ("s64(S[m,n])", "s64", "f32", r"s64\(x\) of a float .* sat_s64"),
        ("f16(S[m,n])", "f16", "f32", "elements of type f16"),
        ("S[m,n] + f32(D[m,n])", "f32", "u4", "elements of type u4"),
        ("S[m,n] > 0", "bool", "f32", "elements of type bool"),
        ("S[m,n] + f32(n)", "f32", "f32", r"index\(n\) as a value"),
    ],
)
def test_what_vectors_do_not_do_is_said(value: str, dtype: str, other: str, reason: str) -> None:
    with pytest.raises(Unsupported, match=reason):
        kernel(finished(value, dtype, other), WHOLE, fused(8))


def test_partial_sums_are_kept_for_what_is_under_way() -> None:
    """Inside the loop along k: 16 columns of 8 rows."""
    how = Blocking("n", (Loop("n", 16), Loop("k", 3), Loop("m", 2)))
    partial = partial_sums(finished("max(S[m,n], 0)"), how)
    assert partial is not None
    assert (partial.depth, dict(partial.strides), partial.bytes) == (1, {"n": 1, "m": 16}, 4 * 16 * 8)
    assert partial_sums(finished("max(S[m,n], 0)"), WHOLE) is None
    assert partial_sums(replace(finished("S[m,n]"), finish=None), how) is None


def test_addresses_come_in_the_order_of_the_value() -> None:
    assert arguments(finished("S[m,n] + D[m,n] * D[m,n]")) == ("C", "A", "B", "D")


def test_pointers_that_may_be_one_are_not_promised_apart() -> None:
    """The output and what is read beside the sums; the factors stay apart from both."""
    (function,) = (
        each for each in kernel(finished("S[m,n] + D[m,n]"), WHOLE, fused(8)).functions if not each.is_declaration
    )
    assert ["noalias" in argument.attributes for argument in function.args] == [False, True, True, False, True]
