"""Sections of time that no buffer crosses are placed each by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from isamap.ir.answers import Lifetime
from isamap.ir.effort import Effort
from isamap.ir.hardware import Memory
from isamap.placement import sections as module
from isamap.placement.sections import sections, solve_in_sections
from isamap.placement.turns import Turns
from tests.placement.test_place_exactly import CRISS, GAPS

MEMORY = Memory("far", 64)
EFFORT = Effort(20, deterministic=True)


def later(lives: list[Lifetime], cycles: int) -> list[Lifetime]:
    return [
        replace(
            life,
            name=f"{life.name}{cycles}",
            start_cycles=life.start_cycles + cycles,
            end_cycles=life.end_cycles + cycles,
        )
        for life in lives
    ]


@pytest.fixture
def searched(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int, float]]:
    """Of every search: how many buffers, how high will do, how long."""
    seen, search = [], module.solve_in_turns

    def watched(found: Turns, effort: Effort, tell: Any) -> None:
        seen.append((found.size, found.problem.enough_bytes, effort.time_limit_s))
        search(found, effort, tell)

    monkeypatch.setattr(module, "solve_in_turns", watched)
    return seen


def test_a_section_ends_where_nothing_lives_on() -> None:
    lives = [Lifetime("b", "far", 4, 9, 1), Lifetime("a", "far", 0, 5, 1), Lifetime("c", "far", 9, 12, 1),
             Lifetime("e", "far", 20, 21, 1), Lifetime("d", "far", 11, 13, 1)]  # fmt: skip
    assert [[life.name for life in part] for part in sections(lives)] == [["a", "b"], ["c", "d"], ["e"]]
    assert list(sections([])) == []


def test_the_highest_section_goes_first_and_what_it_takes_the_others_may(searched: list[Any]) -> None:
    """GAPS needs 9 bytes; CRISS, which needs 7 and for which 8 are known, is not searched at all."""
    lives = [*CRISS, *later(GAPS, 100)]
    known = {"a": 0, "b": 3, "c": 4, "d": 5, "a100": 0, "b100": 4, "c100": 8}
    found = solve_in_sections(lives, MEMORY, EFFORT, known, lambda value, bound: None)
    assert [size for size, _, _ in searched] == [3]
    assert (found.status, found.bound) == ("optimal", 9)
    assert found.address is not None
    assert {name: found.address[name] for name in "abcd"} == {name: known[name] for name in "abcd"}


def test_time_is_shared_by_buffers(searched: list[Any]) -> None:
    """A section of four needs no more than the one of three; it is searched because nothing is known of it."""
    found = solve_in_sections([*CRISS, *later(GAPS, 100)], MEMORY, EFFORT, None, lambda value, bound: None)
    assert [(size, enough) for size, enough, _ in searched] == [(3, 7), (4, 9)]
    assert searched[0][2] == 20 * 3 / 7
    assert searched[1][2] > 19
    assert (found.status, found.bound) == ("optimal", 9)


def test_one_section_that_does_not_fit_is_enough(searched: list[Any]) -> None:
    found = solve_in_sections([*CRISS, *later(GAPS, 100)], Memory("far", 8), EFFORT, None, lambda value, bound: None)
    assert (found.status, found.address, found.bound) == ("infeasible", None, 9)
    assert len(searched) == 1


def test_the_height_of_all_is_told(searched: list[Any]) -> None:
    """While one section is searched the other stands at 30 bytes."""
    told: list[tuple[float | None, float | None]] = []
    known = {"a": 0, "b": 27, "c": 4, "d": 5, "a100": 0, "b100": 4, "c100": 8}
    solve_in_sections([*CRISS, *later(GAPS, 100)], MEMORY, EFFORT, known, lambda *news: told.append(news))
    values = [value for value, _ in told if value is not None]
    assert values[0] == 30
    assert values[-1] == 9


def test_a_height_that_stands_is_open_to_the_others(searched: list[Any]) -> None:
    """GAPS stays at 11 bytes for want of time; CRISS at 8 is then not worth a search, although 7 would be less."""
    known = {"a": 0, "b": 3, "c": 4, "d": 5, "a100": 0, "b100": 4, "c100": 8}
    none = Effort(0, deterministic=True)
    found = solve_in_sections([*CRISS, *later(GAPS, 100)], MEMORY, none, known, lambda value, bound: None)
    assert [size for size, _, _ in searched] == [3]
    assert (found.status, found.bound, found.address) == ("feasible", 7, known)
