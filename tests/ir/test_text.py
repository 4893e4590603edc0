"""Everything that can be said can be printed, and what is printed reads back the same."""

from __future__ import annotations

from array import array
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from isamap.ir.affine import Affine
from isamap.ir.answers import Buffer, Level, Lifetime, Match, Placement, Schedule, Solved, Step, Tiling, Violation
from isamap.ir.dtype import DTYPES
from isamap.ir.einsum import Axis, Einsum, parse_statement
from isamap.ir.expression import Expression, parse
from isamap.ir.hardware import Target
from isamap.ir.program import Program, Wait
from isamap.ir.record import program_from_json, program_to_json
from isamap.ir.scalar import Scalar
from isamap.ir.text import from_text, to_text
from isamap.ir.workload import Repeat, Tensor, Workload, workload
from tests import strategies

MATCH = Match(0, "mac", (("i", ("n", "p")), ("k", ())), (("A", "I", 1),), (("A", "view"),), 0.5, True)
LEVEL = Level("spad", (("p", 2), ("q", 8)), ("p", "q"), (("I", 2),), (("I", (("c", 3),)),))
SCHEDULE = Schedule(
    (Step("mac", 0, (("p", 2),), ("bI", ""), mode="initialise"),),
    (Buffer("bI", "I", "spad", 2, 64),),
    array("i", [0, 0]), array("q", [0, 2]), array("i", [0, -1, 1, -1]), array("i", [0, 1]), array("q", [0]),
    array("b", [1]), array("q", range(0, 2000, 10)), 77,
)  # fmt: skip
IN_A_MODE = replace(MATCH, modes=(("A", "plain"), ("a b", "x")), immediates=(("scale", 0.0078125), ("shift", -3)))
RECORDS = [
    MATCH,
    IN_A_MODE,
    Tiling(MATCH, (LEVEL, LEVEL), 151_200),
    SCHEDULE,
    Placement(((Lifetime("a b", "spad", 0, 9, 64, 8), 128),)),
    Solved(MATCH, "feasible", "energy", 3.0, float("-inf"), 1e-9, 7, "list"),
    Solved(None, "unknown"),
    Violation("capacity", 'spad "x"', "two\nlines"),
    Axis("k", 1, 4096),
    Wait("l", "operands", (parse("t - 2"),)),
    Repeat("t", 3, (("Hnext", "H"),)),
    DTYPES["bf16"],
]


def survives(noun: Any) -> None:
    text = to_text(noun)
    again = from_text(text)
    assert again == noun
    assert to_text(again) == text


@pytest.mark.parametrize("noun", RECORDS, ids=lambda noun: type(noun).__name__)
def test_records(noun: Any) -> None:
    survives(noun)


@given(strategies.expressions)
def test_expressions(noun: Expression) -> None:
    survives(noun)


@given(strategies.affines())
def test_affine_indices(noun: Affine) -> None:
    survives(noun)


@given(strategies.scalars)
def test_scalars(noun: Scalar) -> None:
    survives(noun)


@given(strategies.einsums())
def test_einsums(noun: Einsum) -> None:
    survives(noun)


def test_a_name_with_a_mark_that_combines_with_its_letter() -> None:
    tensors = Tensor("X", DTYPES["f32"], (3,)), Tensor("Y", DTYPES["f32"], (3,))
    copied = parse_statement("Y[i] = X[i]", frozenset("XY"))
    survives(workload("A\u0591", tensors, [copied], inputs=["X"], outputs=["Y"]))


@given(strategies.workloads())
@settings(max_examples=60)
def test_workloads(noun: Workload) -> None:
    survives(noun)
    survives(Solved(noun.tensors[0], "optimal"))
    assert from_text(to_text(Solved(noun, "optimal"))).answer == noun


@given(strategies.targets())
@settings(max_examples=60)
def test_targets(noun: Target) -> None:
    survives(noun)
    assert from_text(to_text(Solved(noun, "optimal"))).answer == noun


@given(strategies.programs())
@settings(max_examples=60)
def test_programs(noun: Program) -> None:
    survives(noun)
    assert program_from_json(program_to_json(noun)) == noun
    assert from_text(to_text(Solved(noun, "optimal"))).answer == noun
