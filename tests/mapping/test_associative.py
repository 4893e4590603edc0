"""(a*b)*c is a*(b*c): expressions lie on each other in any grouping, except where something stands in between."""

from __future__ import annotations

import time

import pytest

from isamap.check.match import check_match
from isamap.errors import Unsupported
from isamap.ir.scalar import Scalar, scalar
from isamap.mapping import map_einsum
from isamap.mapping.orientation import MOST_WAYS, immediates_of, pairings
from tests.mapping.instructions import instruction, kernel, machine


def value(text: str) -> Scalar:
    return scalar(text, frozenset("ABCDEFGHXYZ"))


@pytest.mark.parametrize(
    ("pattern", "subject", "ways"),
    [
        ("(X[i] * Y[i]) * Z[i]", "A[p] * (B[p] * C[p])", 6),
        ("X[i] + Y[i] + Z[i]", "A[p] + (B[p] + C[p])", 6),
        ("max(X[i], max(Y[i], Z[i]))", "max(max(A[p], B[p]), C[p])", 6),
        ("min(X[i], min(Y[i], 3))", "min(min(A[p], 3), B[p])", 2),
        ("X[i] & Y[i] & Z[i]", "A[p] & (B[p] & C[p])", 6),
        ("X[i] | (Y[i] | Z[i])", "A[p] | B[p] | C[p]", 6),
        ("X[i] ^ (Y[i] ^ Z[i])", "A[p] ^ B[p] ^ C[p]", 6),
        ("X[i] * Y[i] + Z[i]", "C[p] + A[p] * B[p]", 2),
        ("X[i] * Y[i] + Z[i] * X[i]", "A[p] * B[p] + C[p] * D[p]", 8),
        ("X[i] - Y[i] - Z[i]", "A[p] - (B[p] - C[p])", 0),
        ("X[i] - Y[i] - Z[i]", "A[p] - B[p] - C[p]", 1),
        ("(X[i] << Y[i]) << Z[i]", "A[p] << (B[p] << C[p])", 0),
        ("X[i] / Y[i] / Z[i]", "A[p] / (B[p] / C[p])", 0),
        ("s16(X[i] * Y[i]) * Z[i]", "A[p] * (B[p] * C[p])", 0),
        ("s16(X[i] * Y[i]) * Z[i]", "A[p] * s16(B[p] * C[p])", 2),
        ("sat_s8(X[i] + Y[i]) + Z[i]", "sat_s8(A[p] + B[p] + C[p])", 0),
        ("sat_s8(X[i] + Y[i]) + Z[i]", "s8(A[p] + B[p]) + C[p]", 0),
        ("sat_s8(X[i] + Y[i]) + Z[i]", "A[p] + sat_s8(B[p] + C[p])", 2),
        ("X[i] * Y[i] * Z[i]", "A[p] * B[p]", 0),
        ("X[i] * Y[i]", "A[p] * B[p] * C[p]", 0),
        ("X[i] + Y[i] * Z[i]", "(A[p] + B[p]) * C[p]", 0),
    ],
)  # fmt: skip
def test_ways(pattern: str, subject: str, ways: int) -> None:
    found = pairings(value(pattern), value(subject))
    assert len(found) == len(set(found)) == ways


def test_immediates_in_a_longer_sum() -> None:
    pattern, subject = value("X[i] * imm(a) * imm(b)"), value("3 * (A[p] * 5)")
    assert pairings(pattern, subject) == ((1,),)
    assert sorted(number for _, number in immediates_of(pattern, subject, (1,))) == [3, 5]
    assert pairings(value("X[i] + 1 + imm(a)"), value("2 + (A[p] + 1)")) == ((1,),)


def test_too_many_ways_are_refused_and_quickly() -> None:
    started = time.monotonic()
    six, eight = ("+".join(f"{name}[i]" for name in names) for names in ("ABCDEF", "ABCDEFGH"))
    assert len(pairings(value(six), value(six))) == MOST_WAYS
    with pytest.raises(Unsupported, match="more than 720 ways"):
        pairings(value(eight), value(eight))
    assert pairings(value(eight + "+X[i]*Y[i]"), value(eight + "+X[i]*Y[i]*Z[i]")) == ()
    assert time.monotonic() - started < 10
    sums = kernel("sums", "Y[i] = A[i]+B[i]+C[i]+D[i]+E[i]+F[i]+G[i]", "s16", i=4)
    seven = instruction("seven", "Y[i] = A[i]+(B[i]+(C[i]+D[i]+E[i]+F[i]+G[i]))", {"i": (1, 4)}, "s16",
                        initialise="never")  # fmt: skip
    assert "more than 720 ways" in map_einsum(sums, 0, seven).reasons[0]


def test_three_factors_on_a_nested_product() -> None:
    """D += A*(B*C) on d += (a*b)*c: A has k and l, so it goes where k and l are; the checker agrees by its own rule."""
    one = instruction("triple", "D[i] += (A[i,k] * B[k]) * C[i]", {"i": (1, 4), "k": (1, 4)}, "s16")
    work = kernel("work", "E[m] += (X[m] * Y[m,n]) * Z[n]", "s16", m=5, n=6)
    found = map_einsum(work, 0, one)
    assert (found.count, found.count_with_swap) == (1, 1)
    (match,) = found.matches
    assert [(operand, tensor) for operand, tensor, _ in match.operands] == [
        ("A", "Y"), ("B", "Z"), ("C", "X"), ("D", "E"),
    ]  # fmt: skip
    assert match.proved
    assert check_match(match, work, machine(one)) == []


def test_symmetry_of_three_factors() -> None:
    """All six orders of a product of three are one match, turned."""
    one = instruction("triple", "D[i] = (A[i] * B[i]) * C[i]", {"i": (1, 4)}, "s16", initialise="never")
    found = map_einsum(kernel("work", "E[m] = X[m] * (Y[m] * Z[m])", "s16", m=5), 0, one)
    assert (found.count, found.count_with_swap) == (1, 6)
