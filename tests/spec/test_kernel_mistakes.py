"""Each mistake that a kernel file can hold, with line, column and message; and many at once."""

from __future__ import annotations

import pytest

from isamap.spec import SpecError, load_workload

LINES = [
    "name: g",  # 1
    "types: {in: s8, acc: s32}",
    "sizes: {M: 4, N: 5, K: 6}",
    "tensors:",
    "  A: {dtype: in, shape: [M, K]}",  # 5
    "  B: {dtype: in, shape: [K, N]}",
    "  C: {dtype: acc, shape: [M, N]}",
    "einsums:",
    "  - C[m,n] += acc(A[m,k]) * acc(B[k,n])",  # 9
]
EINSUM = "  - C[m,n] += acc(A[m,k]) * acc(B[k,n])"


def mistakes(*changes: tuple[int, str]) -> list[str]:
    """What is said of the kernel where lines are replaced (beyond the last: added)."""
    lines = [*LINES, *[""] * 6]
    for number, line in changes:
        lines[number - 1] = line
    with pytest.raises(SpecError) as caught:
        load_workload("\n".join(lines) + "\n")
    for found in caught.value.diagnostics:
        assert found.source_line == lines[found.line - 1]
        shown = str(found).splitlines()
        assert len(shown) == 3
        assert shown[2].index("^") == found.column + 1
    return [f"{d.line}:{d.column}: {d.fault}" for d in caught.value.diagnostics]


TYPES = "bool s4 u4 s8 u8 s16 u16 s32 u32 s64 u64 f16 bf16 f32 f64"
KEYS = "a key of axes comment description einsums inputs name outputs repeat sizes tensors types"
TENSOR_KEYS = "a key of alias_of border dtype range shape strides"


@pytest.mark.parametrize(
    ("line", "text", "said"),  # ^ stands before the place that is reported
    [
        # keys
        (10, "^axis: {m: 3}", f"axis: expected {KEYS}, got the unknown key 'axis'; did you mean 'axes'?"),
        (5, "  A: {dtype: in, shape: [M, K], ^bordr: 0}",
         f"tensors.A.bordr: expected {TENSOR_KEYS}, got the unknown key 'bordr'; did you mean 'border'?"),
        (5, "  A: ^{dtype: in}", "tensors.A: expected the key shape, got only dtype"),
        # shapes of values
        (5, "  A: ^[in, M, K]", "tensors.A: expected a mapping, got a list"),
        (5, "  A: {dtype: in, shape: ^M}", "tensors.A.shape: expected a list, got 'M'"),
        (5, "  A: {dtype: in, shape: [M, ^[3]]}",
         "tensors.A.shape.1: expected a whole number or an expression, got a list"),
        (5, "  A: {dtype: in, shape: [M, ^2.5]}",
         "tensors.A.shape.1: expected a whole number or an expression, got 2.5"),
        (5, "  A: {dtype: in, shape: [M, K], border: ^none}", "tensors.A.border: expected a number, got 'none'"),
        (9, "  - ^{C: A}", "einsums.0: expected text, got a mapping"),
        (3, "sizes: {M: 4, N: ^true, K: 6}", "sizes.N: expected a whole number or a list, got true"),
        # sizes
        (3, "sizes: {M: ^0, N: 5, K: 6}", "sizes.M: expected a positive extent, got 0"),
        (3, "sizes: {M: 4, N: ^-5, K: 6}", "sizes.N: expected a size of at least 0, got -5"),
        (3, "sizes: {M: 4, N: ^[5], K: 6}", "sizes.N: expected [least, greatest], 1 <= least, got [5]"),
        (5, "  A: {dtype: in, shape: [^M - 4, K]}",
         "tensors.A.shape.0: expected a positive extent, got 0; M - 4 where M = 4"),
        (5, "  A: {dtype: in, shape: [M, ^KK]}",
         "tensors.A.shape.1: expected one of K M N, got 'KK'; did you mean 'K'?"),
        (5, "  A: {dtype: in, shape: [M, ^K/4]}",
         "tensors.A.shape.1: expected a whole number, got 3/2; K/4 where K = 6"),
        # types
        (2, "types: {in: ^s9x, acc: s32}", f"types.in: expected a type of {TYPES}, got 's9x'"),
        (2, "types: {in: s8, acc: s32, ^s16: s8}", "types.s16: expected a name that is no type already, got 's16'"),
        (2, "types: {in: s8, acc: s32, ^M: s8}", "types.M: expected a name that no size has, got 'M'"),
        (7, "  C: {dtype: ^accu, shape: [M, N]}",
         f"tensors.C.dtype: expected a type of in acc {TYPES}, got 'accu'; did you mean 'acc'?"),
        (9, "  - ^C[m,n] += A[m,k] * B[k,n]",
         "einsums.0: expected s32, the type of C, got s8 on the right side; cast it: s32(...)"),
        (9, "  - ^C[m,n] += acc(A[m,k]) * B[k,n]",
         "einsums.0: expected one type on both sides, got s32 and s8 in 's32(A[m, k]) * B[k, n]'; cast one"),
        # tensors
        (5, "  A: {dtype: in, shape: [M, K], border: ^200}", "tensors.A.border: expected a value of s8, got 200"),
        (5, "  A: {dtype: in, shape: [M, K], strides: ^[1]}", "tensors.A.strides: expected 2 strides, got 1"),
        (5, "  A: {dtype: in, shape: [M, K], alias_of: ^Z + 2}",
         "tensors.A.alias_of: expected a tensor of A B C, got 'Z'"),
        (5, "  A: {dtype: in, shape: [M, K], alias_of: ^2*B}",
         "tensors.A.alias_of: expected T or T + offset in elements, got '2*B'"),
        (5, "  A: {dtype: in, shape: [M, K], range: ^[3, 1]}",
         "tensors.A.range: expected [least, greatest], got [3, 1]"),
        (10, "inputs: [A, ^D]", "inputs: expected a tensor of A B C, got 'D'"),
        # einsums
        (9, "  - ^C[m,n] += acc(A[m,k]) * acc(D[k,n])", "einsums.0: expected a tensor of A B C, got 'D'"),
        (9, "  - ^C[m,n] += acc(A[m,k]) * acd(B[k,n])", "einsums.0: expected a function or type ("),
        (9, "  - ^C[m,n] += acc(A[m,k) * acc(B[k,n])", "einsums.0: expected an expression, got "),
        (9, "  - ^C[m,n] acc(A[m,k]) * acc(B[k,n])", "einsums.0: expected tensor[indices] "),
        (9, "  - ^C[m,n] += acc(A[m,k*n]) * acc(B[k,n])",
         "einsums.0: expected an affine index (integer coefficients, // and % by constants), got 'k * n'"),
        (9, "  - ^C[m,n] += acc(A[m]) * acc(B[0,n])", "einsums.0: expected 2 indices of A, got 1 in A[m]"),
        (9, "  - ^C[m,n] += acc(A[m,k]) * acc(B[m,n])", "einsums.0: expected extent 4 for m in B[m, n], got 6"),
        (9, "  - ^C[m,n] = acc(A[m,k]) * acc(B[k,n])",
         "einsums.0: expected every axis on the left of =, got k only on the right; use += to reduce"),
        (9, "  - ^C[m,n] += acc(A[m,k+1]) * acc(B[k,n])",
         "einsums.0: expected an index in 0..5 in A[m, k + 1], got k + 1 in 1..6; give A a border"),
        (9, "  - ^C[m,n] += acc(A[m,2*k]) * acc(B[3*k,n])",
         "einsums.0: expected an extent for axis k, got none; give it under axes:"),
        # axes and repeat
        (10, "axes: {^z: 3}", "axes.z: expected an axis of the einsums, one of k m n, got 'z'"),
        (10, "axes: {k: ^0}", "axes.k: expected a whole number of at least 1, got 0"),
        (10, "repeat: {axis: t, extent: 3, carry: {A: ^D}}", "repeat.carry.A: expected a tensor of A B C, got 'D'"),
        (10, "repeat: {axis: t, extent: ^TT, carry: {}}", "repeat.extent: expected one of K M N, got 'TT'"),
        (10, "repeat: {axis: t, extent: 3, carry: {A: ^C}}", "repeat.carry.A: expected the type and shape of A"),
    ],
)  # fmt: skip
def test_one_mistake(line: int, text: str, said: str) -> None:
    (found,) = mistakes((line, text.replace("^", "")))
    assert found.startswith(f"{line}:{text.index('^') + 1}: {said}")


def test_missing_top_level_keys() -> None:
    found = mistakes((1, "title: g"), (8, "einsum:"))
    assert [each.split(", got ")[0] for each in found] == [
        "1:1: expected the key name",
        f"1:1: title: expected {KEYS}",
        f"8:1: einsum: expected {KEYS}",
    ]


def test_all_mistakes_at_once() -> None:
    found = mistakes(
        (2, "types: {in: s8, acc: s31}"),
        (3, "sizes: {M: 4, N: 5, K: 6, L: x}"),
        (5, "  A: {dtype: in, shape: [M, K], bordr: 0}"),
        (6, "  B: {dtype: int, shape: [K, N}"[:-1] + "]}"),
        (9, "  - C[m,n] += acc(A[m,k]) * acc(X[k,n])"),
        (10, "  - A[m,k] = A[m,k+1]"),
        (11, "outputs: [C, Q]"),
    )
    assert [each.split(": ")[0] + " " + each.split(": ")[1] for each in found] == [
        "2:22 types.acc", "3:30 sizes.L", "5:33 tensors.A.bordr", "6:14 tensors.B.dtype", "9:5 einsums.0",
        "10:5 einsums.1", "11:14 outputs",
    ]  # fmt: skip


def test_cyclic_einsums() -> None:
    found = mistakes(
        (9, "  - A[m,k] = in(C[m,k])"), (7, "  C: {dtype: acc, shape: [M, K]}"), (10, "  - C[m,k] = acc(A[m,k])")
    )
    assert found[0].startswith("9:5: einsums.0: expected ")
    assert "C is read here and written by einsum 1" in found[0]


def test_a_wrong_part_is_reported_once() -> None:
    assert mistakes((3, "sizes: {M: 4, N: five, K: 6}")) == [
        "3:18: sizes.N: expected a whole number or a list, got 'five'"
    ]
    assert len(mistakes((5, "  A: {dtype: 3, shape: [M, K]}"))) == 1


def test_lines_below_the_key() -> None:
    found = mistakes((5, "  A:"), (6, "    shape: [M, K]"), (7, "    dtyp: in"))
    assert found[0] == f"7:5: tensors.A.dtyp: expected {TENSOR_KEYS}, got the unknown key 'dtyp'; did you mean 'dtype'?"
    found = mistakes((5, "  A:"), (6, "    shape: [M, K]"), (7, "    colour: red"))
    assert found[0] == "5:3: tensors.A: expected the key dtype, got only shape colour"


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("imm(scale)", "expected a number: immediates belong to instructions, got imm(scale)"),
        ("imm(M)", "expected a number: immediates belong to instructions, got imm(M)"),
        ("imm(3)", "expected imm(NAME), a number that each issue brings, got 'imm(3)'"),
    ],
)
def test_a_kernel_states_its_numbers(number: str, said: str) -> None:
    assert mistakes((9, f"{EINSUM} * {number}")) == [f"9:5: einsums.0: {said}"]
