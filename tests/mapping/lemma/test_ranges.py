"""The rule ``ranges``: which kernels an instruction may do, the sentences where it may not, and the repairs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from isamap.errors import Unsupported
from isamap.ir.binding import bind
from isamap.ir.workload import Repeat, Workload
from isamap.mapping import map_einsum, map_einsum_greedily, map_workload
from isamap.mapping.lemma.reach import before, reaches
from isamap.spec import load_target
from tests.mapping.lemma.instructions import (
    DOT,
    PAIRS,
    PMADDUBSW,
    PMADDUBSW_7,
    VPDPBUSD,
    VPDPBUSDS,
    gemv,
    instruction,
    kernel,
    machine,
)  # fmt: skip

C = "[-2147353088, 2147354107]"
WHOLE = (-32768, 32767)


def test_an_operand_out_of_its_range() -> None:
    found = map_einsum(gemv(64), 0, PMADDUBSW_7)
    assert found.count == 0
    assert found.reasons == ("pmaddubsw is exact only for A in [0, 127], I may hold [0, 255]",)
    assert found.repairs == ("state range: [0, 127] for I",)
    assert map_einsum_greedily(gemv(64), 0, PMADDUBSW_7).count == 0


@pytest.mark.parametrize("ends", [(0, 127), (3, 100), (0, 0)])
def test_an_operand_within_its_range(ends: tuple[int, int]) -> None:
    found = map_einsum(gemv(64, ends), 0, PMADDUBSW_7)
    assert [match.proved for match in found.matches] == [True]
    assert map_einsum_greedily(gemv(64, ends), 0, PMADDUBSW_7).count == 1


def test_ranges_that_the_file_does_not_state_are_found() -> None:
    found = map_einsum(gemv(64), 0, PMADDUBSW)
    assert found.reasons == (
        "pmaddubsw is exact only for A in [0, 128] or B in [-64, 64]; I may hold [0, 255], W may hold [-128, 127]",
    )
    assert found.repairs == ("state range: [0, 128] for I or [-64, 64] for W",)
    for work in (gemv(64, (0, 128)), gemv(64, None, (-64, 64))):
        assert [match.proved for match in map_einsum(work, 0, PMADDUBSW).matches] == [True]
    for work in (gemv(64, (0, 129)), gemv(64, (0, 129), (-65, 64))):
        assert map_einsum(work, 0, PMADDUBSW).count == 0


def test_a_range_that_does_not_suffice_refutes_the_instruction() -> None:
    found = map_einsum(gemv(64, (0, 1)), 0, replace(PMADDUBSW, value_ranges=(("A", (0, 200)),)))
    assert found.count == 0
    assert found.reasons[0].startswith("pmaddubsw does not do what it means, A in [0, 200]: A[")
    assert found.repairs == ()


def test_a_long_saturating_sum_needs_a_range() -> None:
    found = map_einsum(gemv(100_000), 0, VPDPBUSDS)
    (reason,) = found.reasons
    assert reason == (
        f"vpdpbusds is exact only while C stays in {C}; the sum over k = 100000 with I in [0, 255] "
        "and W in [-128, 127] may reach [-3264000000, 3238500000]: state a range for I or W"
    )
    assert found.repairs == ("state range: [0, 167] for I or [-84, 84] for W",)
    for work in (gemv(100_000, (0, 167)), gemv(100_000, None, (-84, 84)), gemv(65_000)):
        assert [match.proved for match in map_einsum(work, 0, VPDPBUSDS).matches] == [True]
    for work in (gemv(100_000, (0, 168)), gemv(100_000, None, (-85, 84))):
        assert map_einsum(work, 0, VPDPBUSDS).count == 0
    assert map_einsum(gemv(100_000), 0, VPDPBUSD).count == 1  # it wraps as the kernel does


def test_a_sum_that_continues_starts_from_the_tensors_range() -> None:
    shapes = {"I": "u8 64", "W": "s8 32 64", "O": "s32 32"}

    def continued(ends: tuple[int, int] | None) -> Workload:
        ranges = {"O": ends} if ends else {}
        return kernel("O[m] += s32(I[k]) * s32(W[m,k])", shapes, ranges=ranges, inputs=["I", "W", "O"])

    found = map_einsum(continued(None), 0, VPDPBUSDS)
    assert found.count == 0
    assert "may reach [-2149572608, 2149556287]" in found.reasons[0]
    assert found.repairs == ()  # no range of I or W helps: O may begin near the end
    assert map_einsum(continued((-1000, 1 << 30)), 0, VPDPBUSDS).count == 1


def test_ranges_of_results_are_derived() -> None:
    tensors = {"X": "s8 64", "I": "u8 64", "W": "s8 32 64", "O": "s32 32"}
    clipped = ["I[k] = u8(max(X[k], 0))", "O[m] += s32(I[k]) * s32(W[m,k])"]
    assert map_einsum(kernel(clipped, tensors), 1, PMADDUBSW_7).count == 1
    wrapped = ["I[k] = u8(X[k])", "O[m] += s32(I[k]) * s32(W[m,k])"]
    found = map_einsum(kernel(wrapped, tensors), 1, PMADDUBSW_7)
    assert found.reasons == ("pmaddubsw is exact only for A in [0, 127], I may hold [0, 255]",)
    assert found.repairs == ()  # I is no input, whose range could be stated


def test_what_tensors_may_hold() -> None:
    tensors = {
        "A": "s8 4 9",
        "B": "s8 4 60",
        "N": "s16 4",
        "V": "s8 4",
        "S": "s16 4",
        "M": "s8 4",
        "D": "s16 4",
        "P": "s16 4",
        "F": "f32 4",
        "Q": "s8 4",
    }
    statements = [
        "S[i] += s16(A[i,k])", "M[i] max= A[i,k]", "D[i] = S[i] / 2 - s16(M[i])", "P[i] = S[i] * S[i] * S[i]",
        "F[i] = f32(S[i])", "Q[i] = sat_s8(s32(F[i]) + 1)",
        "N[i] += s16(B[i,k])", "V[i] += B[i,k]",
    ]  # fmt: skip
    work = kernel(statements, tensors, ranges={"A": (-3, 5), "B": (1, 5)})
    found = before(work, len(statements))
    assert found["S"] == (-27, 45)
    assert found["M"] == (-128, 5)  # from its start on
    assert found["D"] == (-14 - 5, 22 + 128)
    assert found["P"] == (-32768, 32767)  # may wrap
    assert found["F"][0] < -(10**300)
    assert found["Q"] == (-128, 127)
    assert found["N"] == (0, 300)  # on the way from 0
    assert found["V"] == (-128, 127)  # wraps
    assert [reach.may_state for reach in reaches(work, 2)] == [False, False, False]
    assert [reach.may_state for reach in reaches(work, 0)] == [False, True]


def test_no_bound_is_derived_through_steps_and_views() -> None:
    tensors = {"H": "s16 4", "G": "s16 4", "X": "s16 8 4", "V": "s16 4"}
    work = kernel(["G[i] = H[i] + X[0,i]"], tensors, ranges={"H": (0, 1), "X": (0, 1), "V": (0, 1)})
    steps = replace(work, repeat=Repeat("t", 8, (("G", "H"),)))
    assert before(steps, 0) == {"H": WHOLE, "G": WHOLE, "X": (0, 1), "V": (0, 1)}
    once = kernel(["G[i] = H[i] + V[i]"], tensors, ranges={"H": (0, 1), "X": (0, 1), "V": (0, 1)})
    assert before(once, 1)["G"] == (0, 2)
    views = tuple(replace(t, alias_of=("X", 0)) if t.name == "V" else t for t in once.tensors)
    viewed = before(replace(once, tensors=views), 1)
    assert (viewed["V"], viewed["X"], viewed["H"], viewed["G"]) == (WHOLE, WHOLE, (0, 1), WHOLE)


def test_what_an_assigned_operand_held_may_be_anything() -> None:
    one = instruction("copy", "A=s8[i] C=s8[i]", "C[i] = A[i] + 1", axes="i: 8", more="ranges: {C: [-5, 5]}")
    found = map_einsum(kernel("O[m] = X[m] + 1", {"X": "s8 32", "O": "s8 32"}, ranges={"X": (0, 1)}), 0, one)
    assert found.count == 0
    assert found.reasons[0].startswith("copy is exact only while C stays in [-5, 5]; O, with X in [0, 1],")


def test_only_inputs_are_asked_to_state_a_range() -> None:
    tensors = {"X": "s8 100000", "I": "u8 100000", "W": "s8 4 100000", "O": "s32 4"}
    found = map_einsum(kernel(["I[k] = u8(X[k])", "O[m] += s32(I[k]) * s32(W[m,k])"], tensors), 1, VPDPBUSDS)
    assert found.reasons[0].endswith("state a range for W")
    assert found.repairs == ("state range: [-84, 84] for W",)


def test_borders_and_padded_lanes_count() -> None:
    work = gemv(64, (5, 100))
    padded = replace(work, tensors=(replace(work.tensor("I"), border=200), *work.tensors[1:]))
    assert reaches(work, 0)[1].values == (0, 100)
    assert reaches(padded, 0)[1].values == (0, 200)
    assert map_einsum(padded, 0, PMADDUBSW_7).count == 0


def test_a_stated_range_holds_without_an_implementation() -> None:
    one = replace(PMADDUBSW_7, implementation=None)
    assert map_einsum(gemv(64), 0, one).reasons == ("pmaddubsw is exact only for A in [0, 127], I may hold [0, 255]",)
    assert [match.proved for match in map_einsum(gemv(64, (0, 9)), 0, one).matches] == [True]


def test_what_is_not_decided_is_not_proved_and_not_used() -> None:
    text = machine("fdot", "A=f32[k] B=f32[i,k] C=f32[i]", "C[i] += A[k] * B[i,k]", ["C[i] += A[k] * B[i,k]"])
    target = load_target(text)
    shapes = {"I": "f32 64", "W": "f32 32 64", "O": "f32 32"}
    work = kernel("O[m] += I[k] * W[m,k]", shapes)
    ((found,),) = map_workload(work, target)
    assert [match.proved for match in found.matches] == [False]
    assert any("fdot is not decided: rounded arithmetic (f32) is beyond this proof" in note for note in found.notes)
    with pytest.raises(Unsupported, match="fdot, whose implementation is not proved to do what it means"):
        bind(work, found.matches[0], target)


def test_ranges_of_floats_are_compared_as_they_are_stated() -> None:
    one = instruction("fadd", "A=f32[i] C=f32[i]", "C[i] += A[i]", axes="i: 8", more="ranges: {A: [-1, 1]}")
    shapes = {"X": "f32 32", "O": "f32 32"}
    found = map_einsum(kernel("O[m] += X[m]", shapes), 0, one)
    assert found.reasons == ("fadd is exact only for A in [-1.0, 1.0], X may hold all values",)
    assert map_einsum(kernel("O[m] += X[m]", shapes, ranges={"X": (-1, 1)}), 0, one).count == 1


def test_a_layout_is_refused_where_it_would_be_overlooked() -> None:
    more = "layouts: {B: '[k//2, i, k%2]'}"
    target = load_target(machine("dot", *DOT, PAIRS, intermediates='T: "s16[i,2]"', own="h: 2", more=more))
    ((found,),) = map_workload(gemv(64, (0, 9)), target)
    with pytest.raises(Unsupported, match=r"tiling: the layout \[.*\] of operand B of dot is not supported yet"):
        bind(gemv(64, (0, 9)), found.matches[0], target)


def test_the_other_orientation_is_not_blamed() -> None:
    squares = instruction("sq", "A=s8[i,k] B=s8[j,k] C=s32[i,j]", "C[i,j] += s32(A[i,k]) * s32(B[j,k])",
                          axes="i: 4, j: 4, k: 4", more="ranges: {A: [-8, 7]}")  # fmt: skip
    shapes = {"X": "s8 8 8", "Y": "s8 8 8", "O": "s32 8 8"}
    work = kernel("O[m,n] += s32(X[m,k]) * s32(Y[n,k])", shapes, ranges={"Y": (-4, 4)})
    found = map_einsum(work, 0, squares)
    assert found.count == 1
    (match,) = found.matches
    assert ("A", "Y") in [(operand, tensor) for operand, tensor, _ in match.operands]
    assert found.count_with_swap == 1
