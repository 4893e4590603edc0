"""Compound expressions cut into chains: the same numbers, cuts that the machine computes, no chain forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from random import Random

import pytest

from isamap.ir.dtype import DTYPES
from isamap.ir.einsum import parse_statement
from isamap.ir.hardware import Target
from isamap.ir.workload import Repeat, Tensor, Workload, workload
from isamap.mapping import map_einsum, map_workload
from isamap.mapping.orientation import uses_index
from isamap.mapping.refusals import refusals
from isamap.mapping.rewrite.rewritten import Rewritten
from isamap.mapping.rewrite.separate import separate
from isamap.mapping.store import stores
from isamap.spec import load_workload
from tests.machines import bundled
from tests.mapping.instructions import ADD, MATMUL, RELU, instruction, machine
from tests.mapping.rewrite.expressions import machine_for, random_einsum
from tests.mapping.rewrite.same import assert_same

WIDEN = instruction("widen", "Z[i] = s32(X[i])", {"i": (1, 8)}, {"X": "s16", "Z": "s32"}, initialise="never")
LIMIT = instruction("limit", "Z[i] = max(X[i] + Y[i], 0)", {"i": (1, 8)}, "s32", initialise="never")
HALVE = instruction("halve", "Z[i] = X[i] >> 1", {"i": (1, 8)}, "s32", initialise="never")
THREE = instruction("three", "Z[i] = s16(3)", {"i": (1, 8)}, "s16", initialise="never")
NARROW = instruction("narrow", "Z[i] = s16(X[i])", {"i": (1, 8)}, {"X": "s32", "Z": "s16"}, initialise="never")
SQUARE = instruction("square", "Z[i] = X[i] * X[i]", {"i": (1, 8)}, "s32", initialise="never")
PAIRS = instruction("pairs", "Z[i] = X[2*i] + X[2*i+1]", {"i": (1, 8)}, "s32", initialise="never")
TOTAL = instruction("total", "Z[i] += X[i,k]", {"i": (1, 8), "k": (1, 8)}, "s32")


def kernel(statement: str, types: Mapping[str, str] | None = None, **more: object) -> Workload:
    """Tensors of 4 per axis, s32 unless ``types`` says otherwise."""
    names = frozenset(letter for letter in statement if letter.isupper())
    parsed = parse_statement(statement, names)
    accesses = (*parsed.outputs, *parsed.over(dict.fromkeys(parsed.axis_names, (4, 4))).reads)
    rank = {access.tensor: len(access.indices) for access in accesses}
    tensors = [Tensor(n, DTYPES[(types or {}).get(n, "s32")], (4,) * rank[n]) for n in sorted(names)]
    axes = dict.fromkeys(parsed.axis_names, 4)
    return workload("w", tensors, [parsed], axes=axes, **more)  # type: ignore[arg-type]


def chains(work: Workload, target: Target) -> list[str]:
    found = list(separate(work, 0, target))
    for one in found:
        assert_same(work, one.workload, exactly=True)
    return ["; ".join(einsum.statement for einsum in one.workload.einsums) for one in found]


def compared(one: Rewritten, target: Target) -> bool:
    """Can each einsum be laid on an instruction, types and axes aside?"""
    work = one.workload
    return all(
        any(not refusals(work, number, instruction) for instruction in target.instructions)
        for number in range(len(work.einsums))
    )


def has_match(one: Rewritten, target: Target) -> bool:
    return all(any(found.matches for found in sets) for sets in map_workload(one.workload, target))


def test_the_same_numbers() -> None:
    """The machine has every function that occurs: only masks may be left without an instruction."""
    rng, matched = Random(3), []
    for n in range(130):
        work = random_einsum(rng)
        target = machine_for(work, rng)
        found = list(separate(work, 0, target))
        for one in found[:2]:
            assert one.proved
            assert set(one.origin) == {0}
            assert uses_index(work.einsums[0].value) or compared(one, target)
            assert_same(work, one.workload, seeds=1, exactly=True)
        if found and n % 16 == 0:
            matched.append(has_match(found[0], target))
    assert matched.count(True) > 2  # the others have operands that share no axis


def test_the_same_numbers_where_the_machine_lacks_functions() -> None:
    rng, tried = Random(4), 0
    for _ in range(60):
        work = random_einsum(rng)
        for one in list(separate(work, 0, machine_for(work, rng, chance=0.6)))[:2]:
            assert_same(work, one.workload, seeds=1, exactly=True)
            tried += 1
    assert tried > 40


CASES = {
    "bias and relu": (
        "Y[i,j] = max(X[i,j] + B[j], 0)", (ADD, RELU), ["T[i, j] = X[i, j] + B[j]; Y[i, j] = max(T[i, j], 0)"],
    ),
    "the other way round": ("Y[i] = max(0, B[i] + X[i])", (ADD, RELU), ["T[i] = B[i] + X[i]; Y[i] = max(0, T[i])"]),
    "both at once, or apart": (
        "Y[i] = max(X[i] + B[i], 0) >> 1", (ADD, RELU, LIMIT, HALVE),
        ["T[i] = max(X[i] + B[i], 0); Y[i] = T[i] >> 1",
         "T[i] = X[i] + B[i]; T1[i] = max(T[i], 0); Y[i] = T1[i] >> 1"],
    ),
    "a relu of a sum in one": ("Y[i] = max(X[i] + B[i], 0)", (LIMIT,), []),
    "smaller than the whole": (
        "Y[i,j] = max(X[i], 0) + B[j]", (ADD, RELU), ["T[i] = max(X[i], 0); Y[i, j] = T[i] + B[j]"],
    ),
    "twice the same": (
        "Y[i] = max(X[i], 0) + max(X[i], 0)", (ADD, RELU), ["T[i] = max(X[i], 0); Y[i] = T[i] + T[i]"],
    ),
    "before a sum": (
        "Y[i] += max(X[i,k] + B[k], 0)", (ADD, RELU, TOTAL),
        ["T[i, k] = X[i, k] + B[k]; T1[i, k] = max(T[i, k], 0); Y[i] += T1[i, k]"],
    ),
    "of one element": ("Y[] = max(X[] + B[], 0)", (ADD, RELU), ["T[] = X[] + B[]; Y[] = max(T[], 0)"]),
    "what is left": (
        "Y[i] = exp(f32(max(X[i], 0) + B[i]))", (RELU,), ["T[i] = max(X[i], 0); Y[i] = exp(f32(T[i] + B[i]))"],
    ),
    "no such function": ("Y[i] = min(X[i], 0) - 1", (ADD, RELU), []),
    "another constant": ("Y[i] = max(X[i], 1) + B[i]", (RELU,), []),
    "only constants": ("Y[i] = X[i] + s32(s16(3))", (ADD, WIDEN, THREE), []),
    "a constant turned round": ("Y[i] = max(0, X[i]) + B[i]", (RELU,), ["T[i] = max(0, X[i]); Y[i] = T[i] + B[i]"]),
    "a shift turned round": ("Y[i] = max(1 >> X[i], 0)", (HALVE,), []),
    "wraps, not clamps": ("D[i] = max(sat_s16(X[i]), 0)", (NARROW,), []),
    "of other types": ("D[i] = max(A[i] + E[i], 0)", (ADD, RELU), []),
    "squared": (
        "Y[i] = max((X[i] + B[i]) * (X[i] + B[i]), 0)", (ADD, RELU, SQUARE),
        ["T[i] = X[i] + B[i]; T1[i] = T[i] * T[i]; Y[i] = max(T1[i], 0)"],
    ),
    "not squared": ("Y[i] = max(X[i] * B[i], 0)", (RELU, SQUARE), []),
    "neighbours of one operand": ("Y[i] = X[i] + X[i] >> 1", (PAIRS, HALVE), []),
    "the wrong type": ("Y[i] = max(s32(A[i]) + B[i], 0)", (ADD, RELU), []),
    "widened first": (
        "Y[i] = max(s32(A[i]) + B[i], 0)", (ADD, RELU, WIDEN),
        ["T[i] = s32(A[i]); T1[i] = T[i] + B[i]; Y[i] = max(T1[i], 0)"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_chains(name: str) -> None:
    statement, instructions, expected = CASES[name]
    types = {"A": "s16", "D": "s16", "E": "s16", "Y": "f32" if "exp" in statement else "s32"}
    assert chains(kernel(statement, types), machine(*instructions)) == expected


def test_every_part_matches_and_is_proved() -> None:
    target = machine(ADD, RELU)
    (one,) = separate(kernel("Y[i,j] = max(X[i,j] + B[j], 0)"), 0, target)
    for number, name in enumerate(("add", "relu")):
        matches = map_einsum(one.workload, number, target.instruction(name)).matches
        assert matches
        assert all(match.proved for match in matches)


def test_operands_before_a_matrix_product() -> None:
    target = machine(MATMUL, RELU, instruction("limit16", "Z[i] = max(X[i], 0)", {"i": (1, 8)}, "s16"))
    work = kernel("C[i,j] += s32(max(A[i,k], 0)) * s32(B[k,j])", {"A": "s16", "B": "s16"})
    assert chains(work, target) == ["T[i, k] = max(A[i, k], 0); C[i, j] += s32(T[i, k]) * s32(B[k, j])"]


def test_in_place_stays_whole() -> None:
    text = "X[i] = max(X[i] + B[i], 0)"
    assert chains(kernel(text, inputs=("X", "B"), outputs=("X",)), machine(ADD, RELU)) == []
    work = kernel("Y[i] = max(X[i] + B[i], 0)")
    view = replace(work.tensor("Y"), alias_of=("X", 0))
    overlaid = replace(work, tensors=(*(t for t in work.tensors if t.name != "Y"), view))
    assert chains(overlaid, machine(ADD, RELU)) == []


def test_recurrent() -> None:
    """What is cut has no axis of the steps: it is made anew in each."""
    shapes = {"X": (5, 3), "H": (3,), "N": (3,)}
    tensors = [Tensor(n, DTYPES["s32"], shape) for n, shape in shapes.items()]
    parsed = [parse_statement("N[i] = max(X[t,i] + H[i], 0) + X[t,i]", frozenset(shapes))]
    work = workload("w", tensors, parsed, repeat=Repeat("t", 5, (("N", "H"),)), outputs=("N",))
    assert chains(work, machine(ADD, RELU)) == ["T[i] = X[t, i] + H[i]; T1[i] = max(T[i], 0); N[i] = T1[i] + X[t, i]"]


def test_the_order_of_an_argmax_stays() -> None:
    """Positions count by the order of the axes, here j before i."""
    tensors = [Tensor(n, DTYPES["s32"], (4,) * rank) for n, rank in (("X", 1), ("W", 1), ("M", 0), ("P", 0))]
    text = "M[], P[] argmax= max(X[i], 0) - W[j]"
    work = workload("w", tensors, [parse_statement(text, frozenset("XWMP"))])
    (einsum,) = work.einsums
    assert [axis.name for axis in einsum.axes] == ["i", "j"]
    work = replace(work, einsums=(replace(einsum, axes=einsum.axes[::-1]),))
    assert chains(work, machine(RELU)) == ["T[i] = max(X[i], 0); M[], P[] argmax= T[i] - W[j]"]


def test_at_most_sixteen_chains() -> None:
    """Twelve functions, each alone or with the next: 233 covers, of which those with fewest cuts are given."""
    steps = [f"Z[i] = min(X[i], {n})" for n in range(12)]
    pairs = [f"Z[i] = min(min(X[i], {n}), {n + 1})" for n in range(11)]
    names = {"i": (1, 8)}
    target = machine(*(instruction(f"f{n}", one, names, "s32") for n, one in enumerate(steps + pairs)))
    value = "X[i]"
    for n in range(12):
        value = f"min({value}, {n})"
    found = list(separate(kernel(f"Y[i] = {value}"), 0, target))
    assert [len(one.workload.einsums) for one in found] == [6] + [7] * 15


def test_gemm_with_bias_and_relu_on_vliw4() -> None:
    work, target = load_workload("gemm_bias_relu", {"M": 5, "N": 6, "K": 7}), bundled("vliw4")
    (one,) = separate(work, 1, target)
    assert one.origin == (0, 1, 1)
    assert_same(work, one.workload, exactly=True)
    assert has_match(one, target)


def test_relu6_on_gemmini() -> None:
    """The store rounds, clamps and cuts at 0; cutting at 6 is left, since no instruction does it."""
    work, target = load_workload("mobilenet_block", {"P": 2, "Q": 2}), bundled("gemmini")
    (one,) = separate(work, 1, target)
    assert one.workload.einsums[2].statement == "X8[e, y, x] = min(T1[e, y, x], 96)"
    assert [found.instruction for found in stores(one.workload, 1, target) if found.matches] == ["mvout_s8_relu"]
