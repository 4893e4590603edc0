"""What is proved, refuted and not decided of instructions of real machines, with the figures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from isamap.ir.hardware import Instruction
from isamap.mapping.lemma import lemma, widest_range
from isamap.mapping.lemma.canonical import representatives
from isamap.mapping.lemma.term import Terms
from isamap.mapping.lemma.unroll import unroll
from tests.mapping.lemma.enumeration import outcome, shape_of
from tests.mapping.lemma.instructions import DOT, PMADDUBSW, PMADDUBSW_7, VPDPBUSD, VPDPBUSDS, instruction

S32 = (-(1 << 31), (1 << 31) - 1)


def test_vpdpbusd_is_its_exact_sum() -> None:
    found = lemma(VPDPBUSD)
    assert (found.verdict, found.pairs, found.ranges, found.counterexample) == ("equal", 1, (), None)
    assert str(found) == "vpdpbusd does what it means"


def test_pmaddubsw_and_pmaddwd_saturate() -> None:
    found = lemma(PMADDUBSW)
    assert found.verdict == "differs"
    example = found.counterexample
    assert example is not None
    inputs = {o.name: np.zeros((1, *shape_of(PMADDUBSW, o.name)), dtype=np.int64) for o in PMADDUBSW.operands}
    for (name, place), value in example.inputs:
        inputs[name][(0, *place)] = value
    meant, done = (outcome(PMADDUBSW, inputs, 1, which)[0][(0, *example.element[1])] for which in (False, True))
    assert (meant, done) == (example.meant, example.done)
    assert meant != done
    assert f"C[0] should become {meant} and becomes {done}" in str(found)


def test_pmaddubsw_and_pmaddwd_are_exact_for_seven_bits() -> None:
    found = lemma(PMADDUBSW_7)
    assert (found.verdict, found.ranges) == ("equal", (("A", (0, 127)),))
    assert lemma(PMADDUBSW, {"A": (0, 127)}).verdict == "equal"
    assert lemma(PMADDUBSW, {"A": (0, 128)}).verdict == "equal"
    assert lemma(PMADDUBSW, {"A": (0, 129)}).verdict == "differs"
    assert lemma(PMADDUBSW, {"A": (0, 129), "B": (-127, 127)}).verdict == "equal"


def test_the_widest_range_of_one_operand() -> None:
    assert widest_range(PMADDUBSW, "A") == (
        0,
        128,
    )  # 2 * 128 * -128 is the least word, 2 * 129 * 127 the last that fits
    assert widest_range(PMADDUBSW, "B") == (-64, 64)
    assert widest_range(PMADDUBSW, "C") is None
    assert widest_range(PMADDUBSW_7, "A") == (0, 127)
    assert widest_range(PMADDUBSW_7, "B") == (-128, 127)


def test_an_example_inside_a_range_ends_it() -> None:
    one = instruction("odd", "A=u8[i] C=u8[i]", "C[i] = A[i]", ["C[i] = A[i] + select(A[i] == 37, 1, 0)"], axes="i: 4")
    assert widest_range(one, "A") == (0, 36)


def test_a_saturating_accumulator_may_not_come_near_its_ends() -> None:
    assert lemma(VPDPBUSDS).verdict == "differs"
    found = widest_range(VPDPBUSDS, "C")
    assert found == (S32[0] + 4 * 255 * 128, S32[1] - 4 * 255 * 127)
    assert lemma(VPDPBUSDS, {"C": found}).verdict == "equal"
    assert lemma(VPDPBUSDS, {"C": (found[0] - 1, 0)}).verdict == "differs"
    assert lemma(VPDPBUSDS, {"C": (0, found[1] + 1)}).verdict == "differs"
    assert widest_range(VPDPBUSDS, "A") == (0, 0)


def test_lanes_that_differ_in_names_only_are_proved_once() -> None:
    terms = Terms()
    pairs = unroll(terms, PMADDUBSW, False)
    assert len(pairs) == 16
    assert len(representatives(terms, pairs)) == 1
    one_lane_off = replace_statement(PMADDUBSW, "C[i] += s32(T[i,h]) + s32(i // 15)")
    assert len(representatives(Terms(), ())) == 0
    terms = Terms()
    assert len(representatives(terms, unroll(terms, one_lane_off, False))) == 2
    found = lemma(one_lane_off, {"A": (0, 127)})
    assert found.counterexample is not None
    assert found.counterexample.element == ("C", (15,))


def test_a_lane_that_takes_other_elements_is_another_pair() -> None:
    statements = ["C[i] += s32(s64(A[k]) * s64(B[i,(k+i)%2]))"]
    found = lemma(instruction("crossed", *DOT, statements, axes="i: 2, k: 2"))
    assert found.counterexample is not None
    assert found.counterexample.element == ("C", (1,))


def replace_statement(one: Instruction, last: str) -> Instruction:
    """The instruction with another last statement of its implementation."""
    assert one.implementation is not None
    first = one.implementation.einsums[0].statement
    return instruction(one.name, *DOT, [first, last], intermediates='T: "s16[i,2]"', own="h: 2")


def test_no_implementation() -> None:
    found = lemma(replace(VPDPBUSD, implementation=None))
    assert found.verdict == "none"
    assert widest_range(replace(VPDPBUSD, implementation=None), "A") is None


@pytest.mark.parametrize(
    ("operands", "meaning", "statements", "more", "reason"),
    [
        ("A=f32[i] C=f32[i]", "C[i] += A[i]", ["C[i] += A[i]"], {"axes": "i: 4"}, "rounded arithmetic (f32)"),
        ("A=s8[i] C=s8[i]", "C[i] = A[i]", ["C[i] = s8(bf16(A[i]))"], {"axes": "i: 4"}, "rounded arithmetic (bf16)"),
        ("A=u8[k] B=s8[i,k] C=s32[i]", DOT[1], ["C[i] += s32(A[k]) * s32(B[i,k])"], {"axes": "i: 64, k: 1025"},
         "a definition of more than 65,536 points"),
        ("A=s8[i] C=s32[i]", "C[i] = s32(A[i]) * imm(m)", ["C[i] = s32(s16(A[i]) * imm(m))"], {"axes": "i: 2"},
         "imm(m) as s32 and as s16"),
        ("A=s8[i,k] C=s8[i]", "C[i] max= A[i,k]", ["C[i] max= A[i,k]"], {"axes": "i: 4, k: [1, 8]"},
         "lanes of k that are not used change C[i] max= A[i, k]"),
        ("A=s8[k] C=s32[i]", "C[i] += s32(A[k]) + 1", ["C[i] += s32(A[k]) + 1"], {"axes": "i: 4, k: [1, 8]"},
         "lanes of k that are not used change"),
        ("A=s8[i] C=s32[i]", "C[i] += s32(A[i])", ["C[i] += s32(A[i])"],
         {"axes": "i: [1, 8]", "more": "ranges: {A: [3, 7]}"},
         "lanes of A that are not used hold 0, which is not in [3, 7]"),
    ],
)  # fmt: skip
def test_what_is_not_decided(
    operands: str, meaning: str, statements: list[str], more: dict[str, str], reason: str
) -> None:
    one = instruction("x", operands, meaning, statements, **more)
    found = lemma(one)
    assert found.verdict == "unknown"
    assert reason in found.reason
    assert "is not decided" in str(found)


def test_extents_that_are_ranges_stand_at_their_greatest() -> None:
    one = instruction("dot", *DOT, PAIR_OF_STEPS, axes="i: [1, 16], k: [1, 8]", intermediates='T: "s32[i,8]"')
    assert lemma(one).verdict == "equal"


PAIR_OF_STEPS = ["T[i,k] = s32(A[k]) * s32(B[i,k])", "C[i] += T[i,k]"]


def test_both_modes_are_asked_about() -> None:
    statements = ["T[i] += s32(A[k]) * s32(B[i,k])", "C[i] = max(C[i] + T[i], -100000)"]
    more = "initialise: {}, ranges: {{C: [50000, 300000]}}"
    answers = {}
    for mode in ("never", "optional", "always"):
        one = instruction(
            "dot", *DOT, statements, axes="i: 2, k: 4", intermediates='T: "s32[i]"', more=more.format(mode)
        )
        answers[mode] = lemma(one)
    assert answers["never"].verdict == "equal"  # 50000 - 4 * 255 * 128 is above the limit
    assert answers["always"].verdict == "differs"  # -4 * 255 * 128 is not
    assert answers["optional"].verdict == "differs"
    assert answers["optional"].counterexample is not None
    assert answers["optional"].counterexample.initialise
    assert "C[0] (from its start) should become" in str(answers["optional"])


def test_intermediate_results_start_at_the_identity() -> None:
    one = instruction(
        "most", "A=s8[i,k] C=s8[i]", "C[i] max= A[i,k]", ["T[i] max= A[i,k]", "C[i] = max(C[i], T[i])"],
        axes="i: 2, k: 4", intermediates='T: "s8[i]"',
    )  # fmt: skip
    assert lemma(one).verdict == "equal"  # from 0 it would not be for negative numbers alone
    unwritten = instruction(
        "sum", "A=s8[k] C=s32[i]", "C[i] += s32(A[k])", ["T[2*h] = A[h]", "C[i] += s32(T[j])"],
        axes="i: 1, k: 4", intermediates='T: "s8[8]"', own="h: 4, j: 8",
    )  # fmt: skip
    assert lemma(unwritten).verdict == "equal"  # the odd elements are 0


def test_what_no_interval_shows_is_left_to_z3() -> None:
    def add(first: str) -> Instruction:
        statements = [first, "C[i] = T[i]"]
        types = "A=s16[i] B=s16[i] C=s16[i]"
        more = {"axes": "i: 8", "intermediates": 'T: "s16[i]"'}
        return instruction("add", types, "C[i] = A[i] + B[i]", statements, **more)

    assert lemma(add("T[i] = (A[i] ^ B[i]) + (A[i] & B[i]) * 2")).verdict == "equal"  # a half adder, wrapping
    assert lemma(add("T[i] = (A[i] | B[i]) + (A[i] & B[i]) * 2")).verdict == "differs"
