"""First fit: always a right placement, or a refusal that says by how much."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isamap.check.placement import check_placement
from isamap.errors import Infeasible
from isamap.ir.answers import Lifetime
from isamap.ir.hardware import Memory, Target
from isamap.placement import first_fit

MEMORIES = Memory("far", 1 << 20), Memory("near", 4096, alignment_bytes=4), Memory("tiles", 1024, banks=2)
TARGET = Target("box", MEMORIES, (), (), (), (), (), ())


@st.composite
def lifetimes(draw: st.DrawFn) -> list[Lifetime]:
    count = draw(st.integers(1, 12))
    found = []
    for n in range(count):
        start = draw(st.integers(0, 20))
        end = start + draw(st.integers(1, 20))
        found.append(
            Lifetime(f"b{n}", "near", start, end, draw(st.integers(1, 300)), draw(st.sampled_from([1, 4, 6, 64])))
        )
    return found


@given(lifetimes())
def test_never_wrong(lives: list[Lifetime]) -> None:
    placement = first_fit(lives, TARGET)
    assert check_placement(placement, TARGET) == []
    assert len(placement.addresses) == len(lives)


def test_one_after_the_other_share_an_address() -> None:
    placement = first_fit([Lifetime("a", "near", 0, 5, 4096, 4), Lifetime("b", "near", 5, 9, 4096, 4)], TARGET)
    assert (placement.address("a"), placement.address("b")) == (0, 0)
    assert placement.height("near") == 4096


def test_a_gap_left_by_alignment_is_used() -> None:
    lives = [
        Lifetime("a", "near", 0, 9, 100, 64),
        Lifetime("b", "near", 0, 9, 90, 64),
        Lifetime("c", "near", 0, 9, 28, 4),
    ]
    placement = first_fit(lives, TARGET)
    assert [placement.address(name) for name in "abc"] == [0, 128, 100]


def test_what_does_not_fit_says_by_how_much() -> None:
    with pytest.raises(Infeasible, match=r"b does not fit near \(4096 bytes\): 1 bytes more are needed"):
        first_fit([Lifetime("a", "near", 0, 5, 4096, 1), Lifetime("b", "near", 4, 9, 1, 1)], TARGET)


def test_the_memory_aligns_as_well() -> None:
    placement = first_fit([Lifetime("a", "near", 0, 9, 6, 1), Lifetime("b", "near", 0, 9, 5, 1)], TARGET)
    assert [placement.address(name) for name in "ab"] == [0, 8]


def test_no_buffer_crosses_a_bank() -> None:
    lives = [Lifetime(name, "tiles", 0, 9, size) for name, size in [("a", 300), ("b", 290), ("c", 212)]]
    placement = first_fit(lives, TARGET)
    assert [placement.address(name) for name in "abc"] == [0, 512, 300]
    assert check_placement(placement, TARGET) == []


def test_what_no_bank_can_hold_says_by_how_much() -> None:
    with pytest.raises(Infeasible, match=r"a does not fit a bank of tiles \(512 bytes\): 88 bytes more are needed"):
        first_fit([Lifetime("a", "tiles", 0, 5, 600)], TARGET)
