"""Verdicts against trying every value: random instructions of four-bit operands, ranges of operands included."""

from __future__ import annotations

from collections import Counter

import pytest

from isamap.mapping.lemma import lemma, widest_range
from tests.mapping.lemma.enumeration import agree, every_input, outcome
from tests.mapping.lemma.instructions import instruction
from tests.mapping.lemma.random_pairs import pair


def test_verdicts_are_those_of_enumeration() -> None:
    verdicts: Counter[str] = Counter()
    for seed in range(130):
        one, ranges = pair(seed)
        found = lemma(one, ranges)
        assert found.verdict == ("equal" if agree(one, ranges) else "differs"), f"{seed}: {found}"
        verdicts[found.verdict] += 1
    assert min(verdicts["equal"], verdicts["differs"]) >= 35


def test_counterexamples_are_confirmed_by_the_simulator() -> None:
    seen = 0
    for seed in range(160, 210):
        one, ranges = pair(seed)
        example = lemma(one, ranges).counterexample
        if example is None:
            continue
        seen += 1
        given, _ = every_input(one, {o.name: (0, 0) for o in one.operands})
        for (name, place), value in example.inputs:
            low, high = ranges.get(name, (-8, 15))
            assert low <= value <= high
            given[name][(0, *place)] = value
        name, place = example.element
        at = one.written.index(name)
        meant, done = (outcome(one, given, 1, which)[at][(0, *place)] for which in (False, True))
        assert (meant, done) == (example.meant, example.done)
        assert meant != done
    assert seen >= 12


@pytest.mark.parametrize(
    ("operands", "done"),
    [
        ("A=u4[i] B=s4[i] C=s8[i]", "C[i] = s8(sat_s4(s8(A[i]) * s8(B[i])))"),
        ("A=s4[i] B=u4[i] C=s8[i]", "C[i] = sat_s8(s8(A[i]) * s8(sat_s4(s8(B[i]))))"),
        ("A=s4[i] B=s4[i] C=s8[i]", "C[i] = s8(A[i]) * s8(max(B[i], -3))"),
        ("A=s4[i] B=s4[i] C=s8[i]", "C[i] = s8(max(min(A[i], 5), -2)) * s8(B[i])"),
        ("A=s4[i] B=s4[i] C=s8[i]", "C[i] = s8(max(min(A[i], 2), -6)) * s8(B[i])"),
        ("A=s4[i] B=s4[i] C=s8[i]", "C[i] = s8(A[i]) * s8(B[i]) + 1"),
    ],
)
@pytest.mark.parametrize("operand", ["A", "B"])
def test_no_range_is_wider(operands: str, done: str, operand: str) -> None:
    one = instruction("mul", operands, "C[i] = s8(A[i]) * s8(B[i])", [done], axes="i: 1")
    found = widest_range(one, operand)
    old = {"C": (0, 0)}  # what it held is not read
    if found is None:
        assert not agree(one, {**old, operand: (0, 0)})
        return
    low, high = found
    assert agree(one, {**old, operand: found})
    dtype = one.operand(operand).dtype
    if low > dtype.least:
        assert not agree(one, {**old, operand: (low - 1, high)})
    if high < dtype.most:
        assert not agree(one, {**old, operand: (low, high + 1)})
