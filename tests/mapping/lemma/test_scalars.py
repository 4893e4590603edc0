"""Every function of the language on every integer type: terms, intervals and formulas against the simulator."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest
import z3

from isamap.errors import Unsupported
from isamap.ir.affine import Affine
from isamap.ir.dtype import DTYPES, DType
from isamap.ir.einsum import parse_statement
from isamap.ir.scalar import Access
from isamap.ir.workload import Tensor, workload
from isamap.mapping.lemma.bit_vector import BitVectors
from isamap.mapping.lemma.interval import Interval, intervals, limits, within
from isamap.mapping.lemma.number import evaluate
from isamap.mapping.lemma.scalar_term import Scalars
from isamap.mapping.lemma.term import Element, Terms
from isamap.simulate import evaluate as simulated

TYPES = [name for name, dtype in DTYPES.items() if not dtype.is_float and name != "bool"]
BINARY = ["+", "-", "*", "/", "//", "%", "<<", ">>", "&", "|", "^"]
VALUES = [f"A[n] {operator} B[n]" for operator in BINARY]
VALUES += [f"max({function}, 3)" for function in ("A[n] * B[n]", "-A[n]", "abs(A[n])")]
VALUES += ["min(A[n], B[n])", "select(A[n] - B[n], A[n], 7)", "floor(A[n]) + ceil(B[n]) - round(A[n])"]
VALUES += [f"select(A[n] {c} B[n], A[n] + 1, B[n] * 2)" for c in ("<", "<=", ">", ">=", "==", "!=")]
BOOLEANS = [f"bool(A[n]) {operator} (A[n] < B[n])" for operator in "+-*&|^"]


class Case:
    """The one point of a scalar of A[n], B[n]."""

    def __init__(self, terms: Terms, dtypes: dict[str, DType]) -> None:
        self.terms, self.dtypes = terms, dtypes

    def element(self, access: Access) -> int:
        return self.terms.input(access.tensor, (), self.dtypes[access.tensor])

    def index(self, index: Affine) -> int:
        return 5


def samples(dtype: DType, dice: Random, count: int) -> list[int]:
    low, high = limits(dtype)
    near = [low, low + 1, high, high - 1, 0, 1, 2, min(high, dtype.bits), *([-1, -2] if low < 0 else [])]
    return near + [dice.randint(low, high) >> dice.choice([0, 0, dtype.bits // 2]) for _ in range(count)]


def check(value: str, given: dict[str, DType], wanted: DType, dice: Random) -> None:
    """``value`` at pairs of extreme and random values, four ways."""
    pairs = [(a, b) for a in samples(given["A"], dice, 2) for b in samples(given["B"], dice, 2)]
    expected = by_simulator(value, given, wanted, pairs)
    terms = Terms()
    statement = parse_statement(f"O[n] = {value}", frozenset("ABO"))
    root = Scalars(terms, {**given, "O": wanted}).term(statement.value, wanted, Case(terms, given))
    assert [number(terms, root, *pair) for pair in pairs] == expected
    chosen = dice.sample(range(len(pairs)), 4)
    ranges = {name: ends([pairs[n][side] for n in chosen]) for side, name in enumerate("AB")}
    bounds = intervals(terms, [root], ranges)[root]
    assert all(within((expected[n], expected[n]), bounds) for n in chosen), (value, given, ranges, bounds)
    for known in (ranges, {}):
        assert [formula(terms, root, known, *pairs[n]) for n in chosen] == [expected[n] for n in chosen]


def by_simulator(value: str, given: dict[str, DType], wanted: DType, pairs: list[tuple[int, int]]) -> list[int]:
    count = len(pairs)
    tensors = [Tensor("A", given["A"], (count,)), Tensor("B", given["B"], (count,)), Tensor("O", wanted, (count,))]
    # the simulator's index is the element's number; here it is 5 for all
    work = workload("w", tensors, [parse_statement(f"O[n] = {value}", frozenset("ABO"))])
    inputs: dict[str, Any] = {
        name: np.array([pair[side] for pair in pairs], dtype=object) for side, name in enumerate("AB")
    }
    arrays = {
        name: values.astype(np.uint64 if given[name].name == "u64" else np.int64) for name, values in inputs.items()
    }
    return [int(found) for found in simulated(work, {n: v for n, v in arrays.items() if n in work.inputs})["O"]]


def number(terms: Terms, root: int, a: int, b: int) -> int:
    return evaluate(terms, [root], {("A", ()): a, ("B", ()): b})[0]


def formula(terms: Terms, root: int, ranges: dict[str, Interval], a: int, b: int) -> int:
    context = z3.Context()
    found = BitVectors(terms, [root], ranges, context)
    value: dict[Element, int] = {("A", ()): a, ("B", ()): b}
    put = [(variable, z3.BitVecVal(value[e], variable.size(), context)) for e, variable in found.inputs.items()]
    return int(z3.simplify(z3.substitute(found._formulas[root], *put)).as_signed_long())


def ends(values: list[int]) -> Interval:
    return min(values), max(values)


@pytest.mark.parametrize("name", TYPES)
def test_functions(name: str) -> None:
    dice, dtype = Random(name), DTYPES[name]
    for value in VALUES:
        check(value, {"A": dtype, "B": dtype}, dtype, dice)
    for value in BOOLEANS:
        check(value, {"A": dtype, "B": dtype}, DTYPES["bool"], dice)


@pytest.mark.parametrize("name", TYPES)
def test_casts(name: str) -> None:
    dice, dtype = Random(name), DTYPES[name]
    for wanted in TYPES:
        for prefix in ("", "sat_"):
            check(f"{prefix}{wanted}(A[n] + B[n])", {"A": dtype, "B": dtype}, DTYPES[wanted], dice)
        check(f"s64({wanted}(A[n] - B[n]) + 0) * 3", {"A": dtype, "B": dtype}, DTYPES["s64"], dice)


def test_truth_values_and_literals() -> None:
    dice, s8, truth = Random(1), DTYPES["s8"], DTYPES["bool"]
    for value in (
        "s8(A[n] < B[n]) * 3",
        "sat_s8(300)",
        "s8(300) + A[n]",
        "s8(bool(A[n]) + (B[n] > 0))",
        "A[n] * (1 / 2)",
    ):
        check(value, {"A": s8, "B": s8}, s8, dice)
    check("sat_bool(A[n] & B[n])", {"A": s8, "B": s8}, truth, dice)
    check("bool(A[n]) << (B[n] != 0)", {"A": s8, "B": s8}, truth, dice)


def test_an_index_is_a_number_of_32_bits() -> None:
    terms, s32 = Terms(), {"A": DTYPES["s32"]}
    value = parse_statement("O[n] = A[n] + n", frozenset("AO")).value
    root = Scalars(terms, s32).term(value, DTYPES["s32"], Case(terms, s32))
    assert evaluate(terms, [root], {("A", ()): (1 << 31) - 1}) == [-(1 << 31) + 4]


@pytest.mark.parametrize("value", ["f32(A[n])", "bf16(A[n]) * 2", "s8(f16(A[n]) * 0.5)"])
def test_floats_are_refused(value: str) -> None:
    terms, given = Terms(), {"A": DTYPES["s8"]}
    parsed = parse_statement(f"O[n] = {value}", frozenset("AO")).value
    with pytest.raises(Unsupported, match="rounded arithmetic"):
        Scalars(terms, given).term(parsed, DTYPES["s8"], Case(terms, given))


def test_forms_that_differ_in_a_constant_only() -> None:
    terms, given = Terms(), {"A": DTYPES["s8"]}
    statement = [
        parse_statement(f"O[n] = {text}", frozenset("AO")).value for text in ("A[n] + 3", "A[n] - 253", "A[n]")
    ]
    roots = [Scalars(terms, given).term(value, DTYPES["s8"], Case(terms, given)) for value in statement]
    context = z3.Context()
    found = BitVectors(terms, roots, {}, context)

    def may_differ(one: int, other: int) -> bool:
        solver = z3.Solver(ctx=context)
        return bool(solver.check(*found.given, found.differ(one, other)) == z3.sat)

    assert not may_differ(roots[0], roots[1])  # the same 256 apart
    assert may_differ(roots[0], roots[2])
