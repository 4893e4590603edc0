"""Buffers sink onto those beneath them; what must lie somewhere stays, what shares bytes sinks together."""

from __future__ import annotations

from isamap.ir.answers import Lifetime
from isamap.ir.hardware import Memory
from isamap.placement.settle import settle

MEMORY = Memory("near", 64)


def life(name: str, size: int, alignment: int = 1, address: int | None = None, over: str = "") -> Lifetime:
    """Of a and b, which live during [0, 5) and [4, 9), or of another, which lives always."""
    start, end = {"a": (0, 5), "b": (4, 9)}.get(name, (0, 9))
    return Lifetime(name, "near", start, end, size, alignment, address, over)


def test_each_as_low_as_those_beneath_allow() -> None:
    lives = [life("a", 4), life("b", 2, 4), life("c", 3)]
    assert settle(lives, MEMORY, {"a": 20, "b": 50, "c": 10}) == {"c": 0, "a": 3, "b": 8}


def test_what_must_lie_somewhere_stays_and_is_built_upon() -> None:
    lives = [life("a", 4, address=6), life("b", 2), life("c", 3)]
    assert settle(lives, MEMORY, {"a": 6, "b": 12, "c": 10}) == {"a": 6, "c": 10, "b": 13}


def test_what_lies_beneath_must_leave_it_room() -> None:
    """c is 8 bytes high and lies beneath a, which must begin at 6."""
    assert settle([life("a", 4, address=6), life("c", 8)], MEMORY, {"a": 6, "c": 2}) is None


def test_what_shares_bytes_sinks_together() -> None:
    lives = [life("a", 4), life("b", 4, 8, over="a"), life("c", 3)]
    assert settle(lives, MEMORY, {"a": 16, "b": 16, "c": 2}) == {"c": 0, "a": 8, "b": 8}
    assert settle(lives, MEMORY, {"a": 16, "b": 24, "c": 2}) == {"c": 0, "a": 3, "b": 8}


def test_two_addresses_cannot_be_shared() -> None:
    lives = [life("a", 4, address=0), life("b", 4, address=8, over="a")]
    assert settle(lives, MEMORY, {"a": 0, "b": 8}) == {"a": 0, "b": 8}
    assert settle(lives, MEMORY, {"a": 0, "b": 0}) is None


def test_an_address_across_banks() -> None:
    assert settle([life("a", 8, address=28)], Memory("near", 64, banks=2), {"a": 28}) is None


def test_what_has_no_bytes_shares_none() -> None:
    lives = [life("a", 4), life("b", 0, over="a"), life("c", 3)]
    assert settle(lives, MEMORY, {"a": 8, "b": 8, "c": 0}) == {"c": 0, "a": 3, "b": 0}
