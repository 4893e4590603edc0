"""``k-1-r`` is as good an index as ``r``: how an einsum counts its axes plays no part in what it matches and needs."""

from __future__ import annotations

import pytest

from isamap.check.match import check_match
from isamap.ir.workload import Workload
from isamap.mapping import MatchSet, map_einsum
from isamap.mapping.direction import forward
from tests.mapping.instructions import CONV1D, CONV2D, MAC, instruction, kernel, machine

DENSE = instruction("dense", "Y[i] += X[i,k]", {"i": (1, 4), "k": (1, 16)}, "s16")
SIZES = {"n": 1, "k": 64, "c": 64, "p": 56, "q": 56, "r": 3, "s": 3}


def summary(found: MatchSet) -> list[tuple[object, ...]]:
    return [(match.axes, match.realisation, match.utilisation, match.proved) for match in found.with_swap]


@pytest.mark.parametrize("realise", ["direct", "view", "gather"])
@pytest.mark.parametrize(
    ("straight", "turned"),
    [
        ("Y[a] += X[a,b,c]", "Y[a] += X[a,b,4-c]"),
        ("Y[a] += X[a,b,c]", "Y[3-a] += X[3-a,2-b,4-c]"),
        ("Y[a] += X[a,b+c]", "Y[a] += X[a,6-b-c]"),
        ("Y[a] += X[a,b,c]", "Y[a] += X[a,b,5-c]"),
    ],
)
def test_the_same_matches_with_the_same_needs(straight: str, turned: str, realise: str) -> None:
    one, other = (kernel("sums", text, "s16", a=4, b=3, c=5) for text in (straight, turned))
    found = map_einsum(one, 0, DENSE, realise=realise)  # type: ignore[arg-type]
    if "5-c" not in turned:  # there the tensor is longer, and rows no longer follow each other
        assert summary(found) == summary(map_einsum(other, 0, DENSE, realise=realise))  # type: ignore[arg-type]
    for match in map_einsum(other, 0, DENSE, realise=realise).matches:  # type: ignore[arg-type]
        assert match.proved
        assert check_match(match, other, machine(DENSE)) == []


def test_direct_whatever_the_writing() -> None:
    """b and c fused are one run of 15 elements, counted from either end; at offset 1 rows are 6 apart."""
    turned = kernel("sums", "Y[a] += X[a,b,4-c]", "s16", a=4, b=3, c=5)
    needs = {match.axes[1][1]: dict(match.realisation)["X"] for match in map_einsum(turned, 0, DENSE).matches}
    assert needs == {("b",): "direct", ("c",): "direct", ("b", "c"): "direct"}
    longer = kernel("sums", "Y[a] += X[a,b,5-c]", "s16", a=4, b=3, c=5)
    needs = {match.axes[1][1]: dict(match.realisation)["X"] for match in map_einsum(longer, 0, DENSE).matches}
    assert needs == {("b",): "direct", ("c",): "direct", ("b", "c"): "view"}


@pytest.mark.parametrize("realise", ["direct", "view", "gather"])
@pytest.mark.parametrize(
    ("plain", "flipped"),
    [
        (CONV1D, kernel("conv1d", "O[n,k,p] += I[n,c,p+r] * W[k,c,2-r]", "s16", n=1, k=64, c=64, p=256, r=3)),
        (CONV2D, kernel("conv2d", "O[n,k,p,q] += I[n,c,p+r,q+s] * W[k,c,2-r,2-s]", "s16", **SIZES)),
        (CONV2D, kernel("conv2d", "O[n,k,p,q] += I[n,c,p-r+2,q-s+2] * W[k,c,r,s]", "s16", **SIZES)),
    ],
)
def test_flipped_filters(plain: Workload, flipped: Workload, realise: str) -> None:
    one, other = (map_einsum(work, 0, MAC, realise=realise) for work in (plain, flipped))  # type: ignore[arg-type]
    assert one.count == other.count > 0
    assert [match.axes for match in one.with_swap] == [match.axes for match in other.with_swap]
    assert all(match.proved for match in other.with_swap)


def test_what_is_turned() -> None:
    def text(statement: str) -> str:
        return forward(kernel("work", statement, "s16", a=4, b=3).einsums[0]).statement

    assert text("Y[3-a] = X[3-a]") == "Y[a] = X[a]"
    assert text("Y[a] += X[a,5-2*b]") == "Y[a] += X[a, 2*b + 1]"
    assert text("Y[a] += X[a,2-b] * Z[b]") == "Y[a] += X[a, -b + 2] * Z[b]"
    assert text("Y[a] = X[3-a]") == "Y[a] = X[-a + 3]"
    assert text("Y[a] += X[a,4-b//2-b]") == "Y[a] += X[a, -((b) // 2) - b + 4]"


def test_strides_dilations_and_offsets_leave_the_count() -> None:
    for index, view in (("p+r", 5), ("p+2*r+3", 5), ("3*p+r", 9), ("2*p+3*r", 5), ("p-r+2", 5)):
        work = kernel("conv", f"O[n,k,p] += I[n,c,{index}] * W[k,c,r]", "s16", n=2, k=4, c=4, p=8, r=3)
        assert map_einsum(work, 0, MAC).count == 9, index
        assert map_einsum(work, 0, MAC, realise="view").count == view, index
