"""Where nothing matches, the reason is a sentence about this kernel and this instruction, and a repair works."""

from __future__ import annotations

from dataclasses import replace

from isamap.check.match import check_match
from isamap.ir.affine import affine
from isamap.mapping import map_einsum
from tests.mapping.instructions import ADD, CONV1D, DEPTHWISE, GEMM, MAC, MATMUL, RELU, instruction, kernel, machine


def test_an_axis_in_every_operand() -> None:
    found = map_einsum(DEPTHWISE, 0, MAC)
    assert found.reasons == (
        (
            "nothing can feed j of mac (with C=O, A=I, B=W): j indexes C, B and not A, "
            "but n, p, q index O, I; c indexes O, I, W; r, s index I, W"
        ),
        "O, I, W all depend on c: no axis of mac is in all three operands",
    )
    assert found.repairs == ("leave j of mac empty at 1/16 of its use (empty_axes)",)


def test_types() -> None:
    found = map_einsum(kernel("bytes", "C[m,n] += A[m,k] * B[k,n]", "s8", m=8, n=8, k=8), 0, MAC)
    assert found.reasons == (
        "mac takes s16 for C, C is s8",
        "mac takes s16 for A, A is s8",
        "mac takes s16 for B, B is s8",
    )
    types = "give the kernel the types of mac (C s16, A s16, B s16: C[i, j] += A[k, i] * B[k, j])"
    assert found.repairs == (f"{types}: its tensors take 384 bytes instead of 192",)


def test_casts() -> None:
    wrapped = kernel("wrapped", "C[m,n] += s32(A[m,k] * B[k,n])", {"A": "s16", "B": "s16", "C": "s32"}, m=8, n=8, k=8)
    (reason,) = map_einsum(wrapped, 0, MATMUL).reasons
    assert reason == "matmul computes s32(A[i, k]) * s32(B[k, j]), the kernel s32(A[m, k] * B[k, n]): the casts differ"


def test_expression_and_operator() -> None:
    found = map_einsum(GEMM, 0, RELU)
    assert found.reasons == (
        "relu computes =, the kernel += (C[m, n] += A[m, k] * B[k, n])",
        "relu computes max(X[i], 0), the kernel A[m, k] * B[k, n]",
    )


def test_independent_reasons_are_all_told() -> None:
    """Wrong types and an axis that nothing feeds."""
    vector = kernel("gemv", "y[m] += A[m,k] * x[k]", "s8", m=8, k=8)
    found = map_einsum(vector, 0, MAC)
    assert any("takes s16" in reason for reason in found.reasons)
    assert any("nothing can feed" in reason for reason in found.reasons)
    assert len(found.repairs) == 1
    assert " and leave j of mac empty" in found.repairs[0]


def test_a_matrix_times_a_vector_leaves_a_side_empty() -> None:
    vector = kernel("gemv", "y[m] += A[m,k] * x[k]", "s16", m=8, k=8)
    assert map_einsum(vector, 0, MAC).repairs == ("leave j of mac empty at 1/16 of its use (empty_axes)",)
    assert map_einsum(vector, 0, MAC, empty_axes=True).count > 0


def test_replication_as_repair() -> None:
    scaled = kernel("bias", "Z[a] = X[a] + B[]", "s32", a=3)
    found = map_einsum(scaled, 0, ADD)
    assert "repeat an input along axes that it lacks (replicate): nothing is copied" in found.repairs
    assert map_einsum(scaled, 0, ADD, replicate=True).count == 1


def test_overlapping_windows() -> None:
    """On a row filter both p and r must be mapped, and they overlap in I."""
    row = kernel("row", "O[k,p] += I[p+r] * W[k,r]", "s16", k=4, p=8, r=3)
    found = map_einsum(row, 0, MAC, realise="view")
    assert found.reasons == ("I[p + r] meets one element several times while p and r run: its windows overlap",)
    assert found.repairs[0] == "allow packed copies (realise gather): nothing is copied"
    assert map_einsum(row, 0, MAC).count == 1


def test_two_axes_for_one() -> None:
    block = instruction("block", "Y[i,j] = max(X[i,j], 0)", {"i": (1, 8), "j": (1, 8)}, "s32")
    (reason,) = map_einsum(kernel("relu", "Y[a] = max(X[a], 0)", "s32", a=3), 0, block).reasons
    assert reason == "i, j of block need a kernel axis each; only a could"


def test_one_stride() -> None:
    pair = instruction("pair", "Y[i] += X[i,k]", {"i": (1, 8), "k": (1, 8)}, "s16")
    summed = kernel("summed", "S[a] += V[b,a,c]", "s16", a=3, b=4, c=5)
    assert map_einsum(summed, 0, pair, realise="direct").count == 2  # b or c, not both: a lies between them
    assert map_einsum(summed, 0, pair, realise="view").count == 3


def test_no_reason_where_there_is_a_match() -> None:
    found = map_einsum(CONV1D, 0, MAC)
    assert (found.reasons, found.repairs) == ((), ())


def test_an_operand_in_parts() -> None:
    """Pairs of k lie side by side: no stride describes that, so a copy must lay B out."""
    operands = tuple(
        replace(o, layout=(affine("k//2"), affine("j"), affine("k%2"))) if o.name == "B" else o for o in MAC.operands
    )
    paired = replace(MAC, operands=operands)
    (match,) = map_einsum(GEMM, 0, paired).matches
    assert dict(match.realisation) == {"A": "direct", "B": "gather", "C": "direct"}
    assert check_match(match, GEMM, machine(paired)) == []
    (lie,) = check_match(
        replace(match, realisation=(("A", "direct"), ("B", "view"), ("C", "direct"))), GEMM, machine(paired)
    )
    assert lie.rule == "realisation"
    found = map_einsum(GEMM, 0, paired, realise="view")
    assert found.reasons == ("mac takes B in the order [(k) // 2, j, (k) % 2]: only a packed copy lies so",)
    assert found.repairs[0].startswith("allow packed copies (realise gather): copies of")
    plain = replace(
        MAC, operands=tuple(replace(o, layout=(affine("j"), affine("k"))) if o.name == "B" else o for o in MAC.operands)
    )
    assert map_einsum(GEMM, 0, plain, realise="view").count == 1
