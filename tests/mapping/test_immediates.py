"""Numbers that an instruction leaves open: they hold the kernel's literals, the same one wherever a name stands."""

from __future__ import annotations

import pytest

from isamap.check.match import check_match
from isamap.ir.scalar import Scalar, scalar
from isamap.mapping import map_einsum
from isamap.mapping.orientation import immediates_of, pairings
from tests.mapping.instructions import instruction, kernel, machine

LENGTH = {"i": (1, 8)}


def value(text: str) -> Scalar:
    return scalar(text, frozenset("ABXY"))


def held(pattern: str, subject: str) -> dict[tuple[int, ...], dict[str, int | float]]:
    """way -> the numbers of the immediates."""
    ways = pairings(value(pattern), value(subject))
    return {way: dict(immediates_of(value(pattern), value(subject), way)) for way in ways}


@pytest.mark.parametrize(
    ("pattern", "subject", "wanted"),
    [
        ("X[i] * imm(a)", "A[p] * 3", {(1,): {"a": 3}}),
        ("X[i] * imm(a)", "0.5 * A[p]", {(1,): {"a": 0.5}}),
        ("X[i] * imm(a) + imm(b)", "7 + A[p] * 3", {(1,): {"a": 3, "b": 7}}),
        ("X[i] * imm(a) + imm(a)", "A[p] * 3 + 3", {(1,): {"a": 3}}),
        ("X[i] * imm(a) + imm(a)", "A[p] * 3 + 4", {}),
        ("max(X[i], imm(a)) * imm(a)", "2 * max(2, A[p])", {(1,): {"a": 2}}),
        ("max(X[i], imm(a)) * imm(a)", "2 * max(3, A[p])", {}),
        ("X[i] >> imm(a)", "A[p] >> 4", {(1,): {"a": 4}}),
        ("X[i] >> imm(a)", "4 >> A[p]", {}),
        ("X[i] - imm(a)", "4 - A[p]", {}),
        ("X[i] * imm(a)", "A[p] * B[p]", {}),
        ("X[i] * imm(a)", "A[p] * s32(3)", {}),
        ("s32(X[i]) * imm(a)", "A[p] * 3", {}),
        ("X[i] * imm(a) + Y[i] * imm(b)", "A[p] * 2 + B[p] * 5", {(1, 2): {"a": 2, "b": 5}, (2, 1): {"a": 5, "b": 2}}),
        ("X[i] * imm(a) + Y[i] * imm(a)", "A[p] * 2 + B[p] * 5", {}),
        ("X[i] * 3", "A[p] * 3", {(1,): {}}),
        ("X[i] * 3", "A[p] * 4", {}),
    ],
)  # fmt: skip
def test_what_the_immediates_hold(pattern: str, subject: str, wanted: object) -> None:
    assert held(pattern, subject) == wanted


SCALE = instruction("scale", "Y[i] = X[i] * imm(a) + imm(b)", LENGTH, "s32", initialise="never")
SAME = instruction("same", "Y[i] = X[i] * imm(a) + imm(a)", LENGTH, "s32", initialise="never")


def test_a_match_brings_its_numbers_and_is_right() -> None:
    work = kernel("affine", "V[p] = 7 + 3 * U[p]", "s32", p=20)
    (match,) = map_einsum(work, 0, SCALE).matches
    assert dict(match.immediates) == {"a": 3, "b": 7}
    assert match.proved
    assert check_match(match, work, machine(SCALE)) == []


def test_one_immediate_holds_one_number() -> None:
    work = kernel("affine", "V[p] = U[p] * 3 + 7", "s32", p=20)
    found = map_einsum(work, 0, SAME)
    assert found.matches == ()
    assert found.reasons == ("same computes X[i] * imm(a) + imm(a), the kernel U[p] * 3 + 7",)
    (match,) = map_einsum(kernel("affine", "V[p] = U[p] * 3 + 3", "s32", p=20), 0, SAME).matches
    assert match.immediates == (("a", 3),)


def test_the_type_of_the_other_operand_counts() -> None:
    work = kernel("affine", "V[p] = U[p] * 3 + 7", "s16", p=20)
    found = map_einsum(work, 0, SCALE)
    assert found.matches == ()
    assert any("s16" in reason for reason in found.reasons)


def test_each_orientation_has_its_own_numbers() -> None:
    """X along i, Y along both: the reads are no two of a kind, so the numbers go where the reads go."""
    mix = instruction("mix", "Z[i,j] = X[i] * imm(a) + Y[i,j] * imm(b)", {"i": (1, 8), "j": (1, 8)}, "s32",
                      initialise="never")  # fmt: skip
    work = kernel("mix", "W[p,q] = U[p,q] * 2 + V[p] * 5", "s32", p=4, q=6)
    (match,) = map_einsum(work, 0, mix).matches
    assert dict(match.immediates) == {"a": 5, "b": 2}
    assert [(operand, tensor) for operand, tensor, _ in match.operands if operand != "Z"] == [("X", "V"), ("Y", "U")]
    assert check_match(match, work, machine(mix)) == []
