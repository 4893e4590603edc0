"""A repair is a promise: what it says, done to the kernel or to the question, gives a match, at the price it names."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, product
from random import Random

import pytest

from isamap.mapping import composites, map_einsum, map_workload
from isamap.mapping.givens import Freedom, givens
from isamap.mapping.pareto import cost
from isamap.mapping.refusals import refusals
from isamap.mapping.solutions import possible
from isamap.mapping.why_not.instead import with_others
from isamap.mapping.why_not.question import Question
from isamap.mapping.why_not.split import largest_divisor, split
from isamap.spec import load_target, load_workload
from tests.machines import bundled
from tests.mapping.instructions import (
    ADD,
    DEPTHWISE,
    GEMM,
    MAC,
    MATMUL,
    RELU,
    VMAC,
    instruction,
    kernel,
    machine,
)  # fmt: skip
from tests.mapping.test_map_brute_force import small_pair

BLOCK = instruction("block", "Y[i,j] = max(X[i,j], 0)", {"i": (1, 8), "j": (1, 8)}, "s32", initialise="never")


def test_types_of_the_instruction() -> None:
    work = kernel("bytes", "C[m,n] += s32(A[m,k]) * s32(B[k,n])", {"A": "s8", "B": "s8", "C": "s32"}, m=8, n=9, k=10)
    found = map_einsum(work, 0, MAC)
    assert found.reasons == tuple(
        f"mac takes s16 for {operand}, {operand} is {given}"
        for operand, given in [("C", "s32"), ("A", "s8"), ("B", "s8")]
    ), "that casts differ follows"
    before, after = 8 * 10 + 10 * 9 + 4 * 8 * 9, 2 * (8 * 10 + 10 * 9 + 8 * 9)
    types = "give the kernel the types of mac (C s16, A s16, B s16: C[i, j] += A[k, i] * B[k, j])"
    assert found.repairs == (f"{types}: its tensors take {after} bytes instead of {before}",)
    assert map_einsum(kernel("words", "C[m,n] += A[m,k] * B[k,n]", "s16", m=8, n=9, k=10), 0, MAC).count == 1


def test_an_axis_in_two() -> None:
    found = map_einsum(kernel("relu", "Y[a] = max(X[a], 0)", "s32", a=24), 0, BLOCK)
    wanted = "split a = 24 into a_outer = 3 and a_inner = 8 (a = 8*a_outer + a_inner): no more work than before"
    assert wanted in found.repairs
    parts = kernel("relu", "Y[8*u+v] = max(X[8*u+v], 0)", "s32", u=3, v=8)
    (match, other) = map_einsum(parts, 0, BLOCK).matches
    assert {match.axes, other.axes} == {(("i", ("u",)), ("j", ("v",))), (("i", ("v",)), ("j", ("u",)))}


def test_a_prime_is_not_cut_in_two() -> None:
    assert not any(
        "split" in one for one in map_einsum(kernel("relu", "Y[a] = max(X[a], 0)", "s32", a=7), 0, BLOCK).repairs
    )
    assert (largest_divisor(7, 4), largest_divisor(24, 8), largest_divisor(24, 100), largest_divisor(1, 9)) == (
        1,
        8,
        12,
        1,
    )


def test_splitting_keeps_every_point() -> None:
    work = kernel("conv", "O[n,p] += I[n,2*p+r] * W[r]", "s16", n=2, p=12, r=3)
    before, after = work.einsums[0], split(work.einsums[0], "p", 4)
    assert after.extents == {"n": 2, "p_outer": 3, "p_inner": 4, "r": 3}
    points = [
        sorted(
            tuple(
                i.evaluate(dict(zip(e.extents, x, strict=True))) for a in (e.output, *e.reads) for i in a.affine_indices
            )
            for x in product(*map(range, e.extents.values()))
        )
        for e in (before, after)
    ]
    assert points[0] == points[1]


def test_several_empty_axes_are_one_sentence_with_what_is_left() -> None:
    cube = instruction("cube", "Y[i,j,k] = max(X[i,j,k], 0)", {"i": (8, 8), "j": (4, 4), "k": (2, 2)}, "s32")
    found = map_einsum(kernel("relu", "Y[a] = max(X[a], 0)", "s32", a=7), 0, cube)
    assert found.repairs[0] == "leave j and k of cube empty at 1/8 of its use (empty_axes)", "the best first"
    assert map_einsum(kernel("relu", "Y[a] = max(X[a], 0)", "s32", a=7), 0, cube, empty_axes=True).count > 0


def test_packed_copies_say_their_bytes() -> None:
    row = kernel("row", "O[k,p] += I[p+r] * W[k,r]", "s16", k=4, p=8, r=3)
    dense = instruction(
        "dense", "C[i,j] += A[k,i] * B[k,j]", dict.fromkeys("ijk", (1, 16)), "s16", strides="contiguous"
    )
    text = map_einsum(row, 0, dense, realise="view").repairs[0]
    assert text == "allow packed copies (realise gather): copies of I take 48 bytes"
    (match,) = map_einsum(row, 0, dense).matches
    assert cost(row, machine(dense), match).bytes_copied == 48 == 2 * 8 * 3
    assert map_einsum(row, 0, MAC, realise="view").repairs[0].endswith(": nothing is copied")  # it may overlap


def test_replication_says_its_bytes() -> None:
    dense = replace(ADD, operands=tuple(replace(o, strides="contiguous") for o in ADD.operands))
    scaled = kernel("bias", "Z[a] = X[a] + B[]", "s32", a=3)
    repeat = "repeat an input along axes that it lacks (replicate): "
    assert repeat + "copies of B take 12 bytes" in map_einsum(scaled, 0, dense).repairs
    assert repeat + "nothing is copied" in map_einsum(scaled, 0, ADD).repairs
    (match,) = map_einsum(scaled, 0, dense, replicate=True).matches
    assert cost(scaled, machine(dense), match).bytes_copied == 12


def test_the_other_sign_is_done_by_a_composite() -> None:
    target = load_target("x86_avx512")
    work = load_workload("gemm", {"M": 4, "N": 32, "K": 8})
    (found,) = (one for one in map_workload(work, target)[0] if one.instruction == "vpdpbusd")
    assert found.matches == ()
    text = "shift A by 128 (s8 -> u8) and subtract 128 * the sum of B over k: see --composites"
    assert text in found.repairs
    made = composites(work, 0, target)
    assert any("vpdpbusd" in [match.instruction for match in one.best] for one in made)
    wide = {"A": "s16", "B": "s8", "C": "s32"}
    half = map_einsum(kernel("half", "C[m,n] += s32(A[m,k]) * s32(B[k,n])", wide, m=8, n=8, k=8), 0, MATMUL)
    assert half.repairs
    assert not any("shift" in one for one in half.repairs)


def test_a_tensor_packed_beforehand() -> None:
    target = load_target("neoverse_v2")
    work = kernel("copy", "Y[a] = X[3*a]", "f32", a=8)
    load = target.instruction("ldr_f32")
    found = map_einsum(work, 0, load, target=target)
    assert found.repairs == (f"pack X beforehand, to lie as ldr_f32 takes it: {4 * 22} bytes",)
    assert map_einsum(kernel("copy", "Y[a] = X[a]", "f32", a=8), 0, load, target=target).count == 1


def test_another_instruction_and_what_it_costs() -> None:
    target, work = bundled("p16"), load_workload("p16/dw")
    ((found,),) = map_workload(work, target, instruction="mac")
    others = with_others(work, target, found, Freedom())
    (match,) = (m for m in map_einsum(work, 0, target.instruction("vmac")).matches if len(m.mapped_axes) == 5)
    worth = cost(work, target, match)
    assert others.repairs[-1] == f"use vmac instead: {worth.issues:,} issues, {worth.cycles:,.0f} cycles"
    ((able,),) = map_workload(work, target, instruction="vmac")
    assert with_others(work, target, able, Freedom()) is able


def test_a_question_answers_as_a_fresh_formulation_does() -> None:
    """Over all sets of rules left out, in any order, with the cores that it remembers."""
    asked = 0
    pairs = [
        (DEPTHWISE, MAC),
        (DEPTHWISE, VMAC),
        (GEMM, VMAC),
        (kernel("g", "y[m] += A[m,k] * x[k]", "s8", m=8, k=8), MAC),
    ]
    pairs += [small_pair(seed)[:2] for seed in range(40)]
    for work, one in pairs:
        if refusals(work, 0, one):
            continue
        g = givens(work, 0, one)
        optional = ["types", *(f"fed {d.name}" for d in g.axes)]
        sets = [frozenset(c) for size in range(len(optional) + 1) for c in combinations(optional, size)]
        Random(1).shuffle(sets)
        for freedom in (Freedom(), Freedom("view"), Freedom(replicate=True)):
            question = Question(g, freedom, optional)
            for without in sets:
                assert question.possible(without) == possible(g, freedom, without), (work.name, one.name, without)
                asked += 1
            if question.possible(frozenset()):
                several = list(question.some(frozenset(), 5))
                assert 0 < len(several) == len(set(several)) <= 5
    assert asked > 300


@pytest.mark.parametrize("work", [GEMM, DEPTHWISE], ids=lambda work: work.name)
def test_what_matches_needs_no_repair(work) -> None:  # type: ignore[no-untyped-def]
    assert map_einsum(work, 0, RELU).repairs == ()  # another computation altogether
    assert all(not found.repairs for found in map_workload(work, machine(MAC, VMAC))[0] if found.matches)
