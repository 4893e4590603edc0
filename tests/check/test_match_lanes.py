"""The checker walks the lanes of an issue itself: windows of the instruction, and what is called direct."""

from __future__ import annotations

from dataclasses import replace

import pytest

from isamap.check.match import check_match
from isamap.ir.answers import Match
from isamap.mapping import map_einsum
from tests.mapping.instructions import MAC, instruction, kernel, machine

ROW = instruction("row", "O[p] += I[p+r] * W[r]", {"p": (1, 8), "r": (1, 5)}, "s16")
RIGHT = Match(
    einsum=0,
    instruction="row",
    axes=(("p", ("p",)), ("r", ("r",))),
    operands=(("I", "I", 1), ("O", "O", 0), ("W", "W", 2)),
    realisation=(("I", "direct"), ("O", "direct"), ("W", "direct")),
    utilisation=1.0,
    proved=True,
)


COPIED = replace(RIGHT, realisation=(("I", "gather"), *RIGHT.realisation[1:]))


def rules(match: Match, statement: str, **sizes: int) -> set[str]:
    work = kernel("conv", statement, "s16", **sizes)
    return {violation.rule for violation in check_match(match, work, machine(ROW))}


@pytest.mark.parametrize(
    ("statement", "wrong"),
    [
        ("O[p] += I[p+r] * W[r]", set()),
        ("O[p] += I[2*p+2*r] * W[r]", set()),
        ("O[p] += I[p+r] * W[2-r]", set()),
        ("O[11-p] += I[11-p+r] * W[r]", set()),
        ("O[p] += I[2*p+r] * W[r]", {"feed"}),
        ("O[p] += I[p+2*r] * W[r]", {"feed"}),
        ("O[p] += I[11-p+r] * W[r]", {"feed"}),
        ("O[p] += I[p,r] * W[r]", {"feed"}),
    ],
)
def test_lanes_of_a_window_want_one_element(statement: str, wrong: set[str]) -> None:
    assert rules(RIGHT if not wrong else COPIED, statement, p=12, r=3) == wrong


def test_both_walks_see_it() -> None:
    """The one over small tiles, and the one over a whole issue."""
    work = kernel("conv", "O[p] += I[2*p+r] * W[r]", "s16", p=12, r=3)
    details = {violation.detail for violation in check_match(COPIED, work, machine(ROW))}
    assert details == {
        "lanes disagree about an element of its tensor",
        "lanes that share an element of I[p + r] want different ones",
    }


def test_a_whole_issue_is_walked() -> None:
    """I[p + 5*r] on windows of p + 3*r: only lanes three apart share an element, more than a small tile has."""
    far = instruction("row", "O[p] += I[p+3*r] * W[r]", {"p": (1, 8), "r": (1, 5)}, "s16")
    for dilation, wrong in ((3, set()), (5, {"feed"})):
        work = kernel("conv", f"O[p] += I[p+{dilation}*r] * W[r]", "s16", p=12, r=3)
        assert {violation.rule for violation in check_match(RIGHT, work, machine(far))} == wrong


def test_an_axis_of_a_window_takes_one_axis() -> None:
    fused = replace(RIGHT, axes=(("p", ("p", "q")), ("r", ("r",))))
    assert "windowed" in rules(fused, "O[p,q] += I[p+q+r] * W[r]", p=4, q=3, r=3)
    beside = instruction("row", "O[c,p] += I[c,p+r] * W[r]", {"c": (1, 8), "p": (1, 8), "r": (1, 5)}, "s16")
    match = replace(RIGHT, axes=(("c", ("a", "b")), ("p", ("p",)), ("r", ("r",))))
    work = kernel("conv", "O[a,b,p] += I[a,b,p+r] * W[r]", "s16", a=2, b=3, p=4, r=3)
    assert check_match(match, work, machine(beside)) == []


def test_an_axis_that_meets_nobody_takes_several() -> None:
    """c is in the same index as p and r, but sixteen further on: its lanes share nothing."""
    apart = instruction("row", "O[c,p] += I[16*c+p+r] * W[r]", {"c": (1, 8), "p": (1, 8), "r": (1, 5)}, "s16")
    work = kernel("conv", "O[a,b,p] += I[a,b,p+r] * W[r]", "s16", a=2, b=3, p=4, r=3)
    found = map_einsum(work, 0, apart).with_swap
    assert ("a", "b") in [dict(match.axes)["c"] for match in found]
    for match in found:
        assert match.proved
        assert check_match(match, work, machine(apart)) == []


def test_direct_meets_no_element_in_two_places() -> None:
    """On a matrix product the windows of a convolution lie twice; on a row of windows they are shared."""
    work = kernel("conv", "O[k,p] += I[p+r] * W[k,r]", "s16", k=4, p=12, r=3)
    match = Match(
        einsum=0,
        instruction="mac",
        axes=(("i", ("p",)), ("j", ("k",)), ("k", ("r",))),
        operands=(("A", "I", 1), ("B", "W", 2), ("C", "O", 0)),
        realisation=(("A", "view"), ("B", "direct"), ("C", "direct")),
        utilisation=1.0,
        proved=True,
    )
    assert check_match(match, work, machine(MAC)) == []
    direct = replace(match, realisation=(("A", "direct"), *match.realisation[1:]))
    assert {violation.rule for violation in check_match(direct, work, machine(MAC))} == {"realisation"}
