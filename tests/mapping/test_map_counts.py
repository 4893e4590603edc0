"""How many matches there are, on a matrix product and a channel-wise one; and what each of them says."""

from __future__ import annotations

import time

import pytest

from isamap.check.match import check_match
from isamap.errors import InputError, NotFound, Unsupported
from isamap.ir.dtype import DTYPES
from isamap.ir.einsum import parse_statement
from isamap.ir.workload import Tensor, Workload, workload
from isamap.mapping import MatchSet, map_einsum, map_einsum_greedily, map_workload
from isamap.mapping.givens import givens
from isamap.mapping.symmetry import kernel_turns, turns
from tests.mapping.instructions import (
    ADD,
    BATCH,
    CONV1D,
    CONV2D,
    CONV3D,
    DEPTHWISE,
    GEMM,
    MAC,
    MATMUL,
    MOVE,
    POINTWISE,
    RELU,
    VMAC,
    instruction,
    kernel,
    machine,
)  # fmt: skip


def sets(found: MatchSet) -> set[tuple[tuple[str, ...], ...]]:
    return {tuple(fused for _, fused in match.axes) for match in found.matches}


@pytest.mark.parametrize(
    ("work", "realise", "count"),
    [
        (GEMM, "gather", 1),
        (BATCH, "gather", 1),  # the batch is in all three operands, so it stays outside
        (CONV1D, "gather", 9),
        (CONV1D, "view", 5),
        (CONV2D, "gather", 49),
        (CONV2D, "view", 21),
        (CONV3D, "gather", 225),
        (POINTWISE, "gather", 7),
        (POINTWISE, "view", 7),
        (DEPTHWISE, "gather", 0),
    ],
    ids=lambda value: value.name if isinstance(value, Workload) else str(value),
)
def test_counts_on_mac(work: Workload, realise: str, count: int) -> None:
    started = time.monotonic()
    found = map_einsum(work, 0, MAC, realise=realise)  # type: ignore[arg-type]
    assert (found.count, found.count_with_swap) == (count, 2 * count)
    assert all(match.proved for match in found.with_swap)
    assert bool(found.reasons) == (count == 0)
    assert time.monotonic() - started < 30


def test_conv1d_is_every_pair_of_sets() -> None:
    i, k = [("n",), ("p",), ("n", "p")], [("c",), ("r",), ("c", "r")]
    assert sets(map_einsum(CONV1D, 0, MAC)) == {(one, ("k",), other) for one in i for other in k}


def test_depthwise_with_empty_axes() -> None:
    """j stays empty; 8 sets of n, p, q for i times 4 of r, s for k, less the one that maps nothing."""
    found = map_einsum(DEPTHWISE, 0, MAC, empty_axes=True)
    assert (found.count, found.count_with_swap) == (31, 62)
    assert all(fused != ("c",) for match in found.with_swap for _, fused in match.axes)
    assert all(match.proved for match in found.with_swap)


def test_depthwise_on_the_channelwise_instruction() -> None:
    found = map_einsum(DEPTHWISE, 0, VMAC)
    assert (found.count, found.count_with_swap) == (21, 21)  # 7 sets for i, c, 3 for k; A and B cannot change places
    assert {match.axes[1] for match in found.matches} == {("j", ("c",))}


BYTES = {"A": "s8", "B": "s8", "C": "s32"}
MIXED = {"A": "u8", "B": "s8", "C": "s32"}
DOT_AXES = {"i": (1, 16), "k": (1, 4)}
SDOT = instruction("sdot", "C[i] += s32(A[k]) * s32(B[i,k])", DOT_AXES, BYTES)
VPDPBUSD = instruction("vpdpbusd", "C[i] += s32(A[k]) * s32(B[i,k])", DOT_AXES, MIXED)
DP4A = instruction("dp4a", "C[] += A[k] * B[k]", {"k": (4, 4)}, "s16")
FMA = instruction("fma", "C[i] += A[i] * B[i]", {"i": (1, 16)}, "s16")


def gemm(dtypes: dict[str, str]) -> Workload:
    return kernel("gemm", "C[m,n] += s32(A[m,k]) * s32(B[k,n])", dtypes, m=8, n=12, k=16)


def counts(found: MatchSet) -> tuple[int, int]:
    assert all(match.proved for match in found.with_swap)
    return found.count, found.count_with_swap


def test_a_symmetric_kernel_on_a_lopsided_instruction() -> None:
    """C[i] += A[k]*B[i,k] runs along n with A held, or along m with B held: transposed, the kernel is itself."""
    found = map_einsum(gemm(BYTES), 0, SDOT)
    assert counts(found) == (1, 2)
    assert sets(found) == {(("n",), ("k",))}
    assert {match.axes[0][1] for match in found.with_swap} == {("n",), ("m",)}


def test_types_break_the_symmetry() -> None:
    assert counts(map_einsum(gemm(MIXED), 0, VPDPBUSD)) == (1, 1)
    assert counts(map_einsum(gemm(BYTES), 0, VPDPBUSD)) == (0, 0)
    assert counts(map_einsum(gemm({"A": "s8", "B": "u8", "C": "s32"}), 0, VPDPBUSD)) == (1, 1)


@pytest.mark.parametrize(("types", "number"), [(BYTES, 2), (MIXED, 1)])
def test_turns_exchange_equal_types_only(types: dict[str, str], number: int) -> None:
    product = instruction("product", "C[i,j] += s32(A[i,k]) * s32(B[k,j])", dict.fromkeys("ijk", (1, 8)), types)
    both = givens(gemm(types), 0, product)
    assert (len(turns(both)), len(kernel_turns(both))) == (number, number)


def test_a_convolution_is_no_symmetric_kernel() -> None:
    """Its image is read at p + r: along p with the filter held and along k with the image held are two mappings."""
    dot = instruction("dot", "C[i] += A[k] * B[i,k]", DOT_AXES, "s16")
    conv = kernel("conv", "O[k,p] += I[c,p+r] * W[k,c,r]", "s16", k=4, c=4, p=8, r=3)
    assert counts(map_einsum(conv, 0, dot)) == (6, 6)
    flat = kernel("flat", "O[k,p] += I[p,c] * W[c,k]", "s16", k=4, c=4, p=8)
    assert counts(map_einsum(flat, 0, dot)) == (1, 2)
    assert counts(map_einsum(kernel("one", "O[k,p] += I[p,c] * W[0,c,k]", "s16", k=4, c=4, p=8), 0, dot)) == (1, 2)
    assert counts(map_einsum(kernel("far", "O[k,p] += I[3*p,c+1] * W[c,k]", "s16", k=4, c=4, p=8), 0, dot)) == (1, 2)


def test_several_axes_change_places_together() -> None:
    """m1, m2 with n1, n2: 3 sets along either side, one turned into the other."""
    dot = instruction("dot", "C[i] += A[k] * B[i,k]", DOT_AXES, "s16")
    wide = kernel("wide", "C[a,b,x,y] += A[a,b,k] * B[k,x,y]", "s16", a=2, b=3, x=4, y=5, k=6)
    assert counts(map_einsum(wide, 0, dot)) == (3, 6)


def test_channelwise_kernels_and_instructions() -> None:
    assert counts(map_einsum(DEPTHWISE, 0, DP4A)) == (3, 6)  # r, s or both
    assert counts(map_einsum(DEPTHWISE, 0, FMA)) == (1, 2)  # c, the only axis in all three
    gemv = kernel("gemv", "y[m] += A[m,k] * x[k]", "s16", m=32, k=48)
    assert counts(map_einsum(gemv, 0, MAC)) == (0, 0)
    assert counts(map_einsum(gemv, 0, MAC, empty_axes=True)) == (3, 6)
    product = kernel("product", "C[a,b] = A[a,b] * B[a,b]", "s16", a=8, b=8)
    assert counts(map_einsum(product, 0, MAC)) == (0, 0)


def test_an_exact_extent_says_what_it_is_padded_to() -> None:
    types = {"A": "s16", "B": "s16", "C": "s32"}
    odd = kernel("odd", "C[m,n] += s32(A[m,k]) * s32(B[k,n])", types, m=127, n=65, k=256)
    (match,) = map_einsum(odd, 0, MATMUL).matches
    assert match.utilisation == pytest.approx(127 / 128 * 65 / 80)
    assert map_einsum(odd, 0, MATMUL).notes == (
        "i of matmul takes 16 or more: m = 127 is padded to 128 (1 more, 0.8% of the work)",
        "j of matmul takes 16 or more: n = 65 is padded to 80 (15 more, 18.8% of the work)",
    )


def test_the_listed_orientation_is_the_kernels_own() -> None:
    (match,) = map_einsum(GEMM, 0, MAC).matches
    assert match.axes == (("i", ("m",)), ("j", ("n",)), ("k", ("k",)))
    assert match.operands == (("A", "A", 1), ("B", "B", 2), ("C", "C", 0))
    assert dict(match.realisation) == {"A": "direct", "B": "direct", "C": "direct"}


def test_realisation_of_a_pointwise_convolution() -> None:
    """p and q are 112 each: no 16 pixels of two rows lie at one stride, though the image is dense."""
    found = {match.axes[0][1]: dict(match.realisation) for match in map_einsum(POINTWISE, 0, MAC).matches}
    assert found["p", "q"] == {"A": "view", "B": "direct", "C": "view"}
    assert found["q",] == {"A": "direct", "B": "direct", "C": "direct"}
    small = kernel("small", "O[n,k,p,q] += I[n,c,p,q] * W[k,c]", "s16", n=1, k=4, c=4, p=4, q=8)
    found = {match.axes[0][1]: dict(match.realisation) for match in map_einsum(small, 0, MAC).matches}
    assert found["p", "q"] == {"A": "direct", "B": "direct", "C": "direct"}  # two rows of 8 are 16 in a row
    assert map_einsum(small, 0, MAC, realise="direct").count == 7
    assert map_einsum(POINTWISE, 0, MAC, realise="direct").count == 5


def test_realisation_of_windows() -> None:
    found = {tuple(fused for _, fused in m.axes): dict(m.realisation) for m in map_einsum(CONV1D, 0, MAC).matches}
    assert found[("p",), ("k",), ("r",)]["A"] == "view"
    dense = instruction(
        "dense", "C[i,j] += A[k,i] * B[k,j]", dict.fromkeys("ijk", (1, 16)), "s16", strides="contiguous"
    )
    found = {tuple(fused for _, fused in m.axes): dict(m.realisation) for m in map_einsum(CONV1D, 0, dense).matches}
    assert found[("p",), ("k",), ("r",)]["A"] == "gather"  # a dense block has no two names for one element
    assert found[("p",), ("k",), ("c",)]["A"] == "direct"


def test_windows_that_do_not_overlap_are_views() -> None:
    patches = kernel("patches", "O[k,p] += I[c,2*p+r] * W[k,c,r]", "s16", k=4, c=4, p=8, r=2)
    overlapping = kernel("overlapping", "O[k,p] += I[c,2*p+r] * W[k,c,r]", "s16", k=4, c=4, p=8, r=3)
    assert map_einsum(patches, 0, MAC, realise="view").count == 3
    assert map_einsum(overlapping, 0, MAC, realise="view").count == 1


def test_an_index_without_stride_needs_a_copy() -> None:
    upsampled = kernel("upsampled", "O[k,p] += I[c,p//2] * W[k,c]", "s16", k=4, c=4, p=8)
    (match,) = map_einsum(upsampled, 0, MAC).matches
    assert dict(match.realisation)["A"] == "gather"
    assert match.proved
    found = map_einsum(upsampled, 0, MAC, realise="view")
    assert any("no stride along p" in reason for reason in found.reasons)
    assert found.repairs[0] == "allow packed copies (realise gather): copies of I take 64 bytes"


def test_utilisation() -> None:
    (match,) = map_einsum(GEMM, 0, MAC).matches
    assert match.utilisation == pytest.approx(35 / 48)  # m = 35 on 16 rows; n = 64 fits; k takes what it needs
    used = {m.axes[0][1]: m.utilisation for m in map_einsum(DEPTHWISE, 0, MAC, empty_axes=True).matches}
    assert used["q",] == pytest.approx(1 / 16)
    odd = kernel("odd", "Y[a,b] = max(X[a,b], 0)", "s32", a=13, b=13)
    used = {m.axes[0][1]: m.utilisation for m in map_einsum(odd, 0, RELU).matches}
    assert used["a", "b"] == pytest.approx(169 / (26 * 8))  # boxes of 1 x 7 of 13 x 13: 2 per row, not 169/8 in a run


def test_elementwise_meanings() -> None:
    relu = kernel("relu", "Y[a,b,c] = max(X[a,b,c], 0)", "s32", a=3, b=4, c=5)
    found = map_einsum(relu, 0, RELU)
    assert found.count == 7
    assert all(match.proved for match in found.matches)
    other_side = kernel("relu", "Y[a] = max(0, X[a])", "s32", a=3)
    assert map_einsum(other_side, 0, RELU).count == 1
    added = kernel("added", "Z[a,b] = X[a,b] + Y[b,a]", "s32", a=3, b=4)
    assert (map_einsum(added, 0, ADD).count, map_einsum(added, 0, ADD).count_with_swap) == (3, 6)


def test_replicate() -> None:
    bias = kernel("bias", "Z[a,b] = X[a,b] + B[b]", "s32", a=3, b=4)
    assert sets(map_einsum(bias, 0, ADD)) == {(("b",),)}
    found = map_einsum(bias, 0, ADD, replicate=True)
    assert sets(found) == {(("a",),), (("b",),), (("a", "b"),)}
    needs = {match.axes[0][1]: dict(match.realisation)["Y"] for match in found.matches}
    assert needs == {("a",): "broadcast", ("b",): "direct", ("a", "b"): "broadcast"}


def test_one_operand_read_twice() -> None:
    square = instruction("square", "Y[i] += X[i,k] * X[i,k]", {"i": (1, 8), "k": (1, 8)}, "s16")
    norm = kernel("norm", "N[a] += V[a,b] * V[a,b]", "s16", a=3, b=4)
    product = kernel("product", "N[a] += V[a,b] * U[a,b]", "s16", a=3, b=4)
    assert map_einsum(norm, 0, square).count == 1
    assert map_einsum(product, 0, square).count == 0
    gram = kernel("gram", "G[a,b] += V[k,a] * V[k,b]", "s16", a=3, b=4, k=5)
    assert (map_einsum(gram, 0, MAC).count, map_einsum(gram, 0, MAC).count_with_swap) == (1, 2)


def test_proved_is_not_claimed_lightly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two lanes that write one element: the kernel's own output is not injective, and no match of it is right."""
    monkeypatch.setattr("isamap.ir.workload.injective", lambda output, extents: True)  # a workload refuses it itself
    folded = kernel("folded", "O[p//2,k] += I[p,c] * W[k,c]", "s16", p=8, k=4, c=4)
    assert [match.proved for match in map_einsum(folded, 0, MAC).matches] == [False]
    peak = instruction("peak", "M[i] max= X[i,k]", {"i": (1, 8), "k": (8, 8)}, "s16")
    for k, right in ((16, True), (12, False)):  # lanes of k that are filled up would have to hold the least value
        work = kernel("rows", "R[a] max= V[a,k]", "s16", a=4, k=k)
        assert [match.proved for match in map_einsum(work, 0, peak).matches] == [right]


def test_notes() -> None:
    tensors = [Tensor(name, DTYPES["s16"], (8, 8)) for name in "ABC"]
    statement = parse_statement("C[m,n] += A[m,k] * B[k,n]", frozenset("ABC"))
    into = workload("into", tensors, [statement], inputs="ABC")
    assert any("C is also an input" in note for note in map_einsum(into, 0, MAC).notes)
    never = instruction("acc", "C[i,j] += A[k,i] * B[k,j]", dict.fromkeys("ijk", (1, 4)), "s16", initialise="never")
    assert any("acc always accumulates" in note for note in map_einsum(GEMM, 0, never).notes)
    always = instruction("acc", "C[i,j] += A[k,i] * B[k,j]", dict.fromkeys("ijk", (1, 4)), "s16", initialise="always")
    assert any("afresh" in note for note in map_einsum(GEMM, 0, always).notes)
    typed = kernel(
        "typed", "C[m,n] += s32(A[m,k]) * s32(B[k,n])", {"A": "s16", "B": "s16", "C": "s32"}, m=35, n=64, k=64
    )  # fmt: skip
    assert map_einsum(typed, 0, MATMUL).notes == (
        "i of matmul takes 16 or more: m = 35 is padded to 48 (13 more, 27.1% of the work)",
    )


def test_workload_asks_what_computes() -> None:
    target = machine(MAC, VMAC, MOVE)
    ((one, other),) = map_workload(GEMM, target)
    assert (one.instruction, other.instruction, one.count, other.count) == ("mac", "vmac", 1, 0)
    ((only,),) = map_workload(GEMM, target, instruction="vmac")
    assert only.instruction == "vmac"
    copy = kernel("copy", "D[a,b] = S[b,a]", "s16", a=3, b=4)
    ((moved,),) = map_workload(copy, target)
    assert (moved.instruction, moved.count) == ("move", 2)
    with pytest.raises(InputError, match="mac vmac move"):
        map_workload(GEMM, target, instruction="nothing")


def test_what_cannot_be_compared_is_said() -> None:
    masked = kernel("masked", "Y[a,b] = select(a < b, X[a,b], 0)", "s32", a=3, b=4)
    assert "index" in map_einsum(masked, 0, RELU).reasons[0]
    halved = instruction("halved", "C[i] += A[i//2,k] * B[k]", {"i": (1, 8), "k": (1, 8)}, "s16")
    assert "several lanes" in map_einsum(GEMM, 0, halved).reasons[0]
    diagonal = instruction("diagonal", "C[i,j] += A[i+k,j+k] * B[k]", dict.fromkeys("ijk", (1, 8)), "s16")
    assert "several lanes" in map_einsum(GEMM, 0, diagonal).reasons[0]
    scatter = instruction("scatter", "C[i+k] += A[i,k]", {"i": (1, 8), "k": (1, 8)}, "s16")
    assert "several lanes" in map_einsum(kernel("sums", "Y[a] += X[a,b]", "s16", a=3, b=4), 0, scatter).reasons[0]
    pairs = instruction("pairs", "C[i] = A[2*i] + A[2*i+1]", {"i": (1, 8)}, "s16", initialise="never")
    added = kernel("added", "C[i] = A[i] + B[i]", "s16", i=8)
    assert "two places" in map_einsum(added, 0, pairs).reasons[0]
    statement = parse_statement("C[m,n] += A[m,k] * B[k,n]", frozenset("ABC"))
    symbolic = statement.over({"m": (1, 8), "n": (8, 8), "k": (8, 8)})
    tensors = tuple(Tensor(name, DTYPES["s16"], (8, 8)) for name in "ABC")
    with pytest.raises(Unsupported, match=r"m=1\.\.8"):
        map_einsum(Workload("symbolic", tensors, (symbolic,), ("A", "B"), ("C",)), 0, MAC)


def test_too_little_time_is_an_error_not_a_smaller_count() -> None:
    with pytest.raises(NotFound, match="not known to be all"):
        map_einsum(CONV2D, 0, MAC, time_limit_s=0.0)


def test_the_same_every_time() -> None:
    assert map_einsum(CONV2D, 0, MAC, empty_axes=True) == map_einsum(CONV2D, 0, MAC, empty_axes=True)


@pytest.mark.parametrize("work", [GEMM, CONV1D, CONV2D, POINTWISE], ids=lambda work: work.name)
@pytest.mark.parametrize("realise", ["gather", "view", "direct"])
def test_greedy_finds_one_of_them(work: Workload, realise: str) -> None:
    (one,) = map_einsum_greedily(work, 0, MAC, realise=realise).matches  # type: ignore[arg-type]
    assert one in map_einsum(work, 0, MAC, realise=realise).with_swap  # type: ignore[arg-type]


def test_greedy_knows_no_reason() -> None:
    found = map_einsum_greedily(DEPTHWISE, 0, MAC)
    assert (found.count, found.complete) == (0, False)


@pytest.mark.parametrize("work", [GEMM, BATCH, CONV1D, CONV2D, POINTWISE], ids=lambda work: work.name)
def test_the_checker_agrees(work: Workload) -> None:
    matches = map_einsum(work, 0, MAC).matches
    for match in matches[:: -(-len(matches) // 12)]:
        assert check_match(match, work, machine(MAC)) == []
