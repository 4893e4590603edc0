"""Belady's rule: the fewest misses that any way of keeping pieces has, and slots that go with it."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isamap.scheduling.residency import NEVER, Slots, next_uses, stays

sequences = st.lists(st.sampled_from("abcd"), min_size=1, max_size=10)


def misses(keys: list[str], held: int) -> int:
    """Visits whose piece was not kept since its last use."""
    kept = stays(keys, held)
    last: dict[str, int] = {}
    found = 0
    for n, key in enumerate(keys):
        found += key not in last or kept[last[key]] == NEVER
        last[key] = n
    return found


def fewest(keys: list[str], held: int) -> int:
    """By trying every choice of what makes room."""

    @cache
    def best(n: int, resident: frozenset[str]) -> int:
        if n == len(keys):
            return 0
        if keys[n] in resident:
            return best(n + 1, resident)
        if len(resident) < held:
            return 1 + best(n + 1, resident | {keys[n]})
        return 1 + min(best(n + 1, resident - {gone} | {keys[n]}) for gone in resident)

    return best(0, frozenset())


@given(sequences, st.integers(1, 4))
def test_as_few_misses_as_possible(keys: list[str], held: int) -> None:
    assert misses(keys, held) == fewest(keys, held)


@given(sequences, st.integers(1, 4))
def test_never_more_pieces_than_fit(keys: list[str], held: int) -> None:
    kept = stays(keys, held)
    for now in range(len(keys)):
        waiting = {keys[n] for n in range(now) if kept[n] < NEVER and kept[n] > now}
        assert len(waiting | {keys[now]}) <= held


def test_next_uses() -> None:
    assert next_uses("abcab") == [3, 4, NEVER, NEVER, NEVER]


@pytest.mark.parametrize(
    ("keys", "held", "count"),
    [
        ("abcabcabc", 3, 3),  # all fit: one miss each
        ("abcabcabc", 1, 9),  # none stays
        ("abcabcabc", 2, 6),  # a sweep of three through two: every sweep but the first keeps one
        ("ababab", 2, 2),
        ("aab", 1, 2),
    ],
)
def test_sweeps(keys: str, held: int, count: int) -> None:
    assert misses(list(keys), held) == count


@given(sequences, st.integers(1, 4), st.integers(0, 2))
def test_slots_keep_what_stays(keys: list[str], held: int, spare: int) -> None:
    """With at least as many slots as pieces held, a piece is found whenever it was to stay."""
    kept, slots = stays(keys, held), Slots(held + spare)
    last: dict[str, int] = {}
    for n, key in enumerate(keys):
        slot = slots.find(key)
        if key in last and kept[last[key]] < NEVER:
            assert slot is not None
        if slot is None:
            slot = slots.victim()
            assert slot.next_use == NEVER  # nothing that stays is thrown out
            slots.give(slot, key)
        slots.used(slot, n, kept[n])
        last[key] = n


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans(), st.integers(0, 6)), max_size=40), st.integers(1, 5))
def test_the_slot_to_give_is_the_first_that_may_go(steps: list[tuple[int, bool, int]], count: int) -> None:
    """By a look at all of them: an empty one, else that needed last, of those the one used longest ago."""
    slots = Slots(count)
    for visit, (key, kept, ahead) in enumerate(steps):
        slot = slots.find(key)
        if slot is None:
            empty = [one for one in slots.slots if one.key is None and one.writer < 0]
            slot = slots.victim()
            assert slot is (empty or sorted(slots.slots, key=lambda one: (-one.next_use, one.last_use)))[0]
            slots.give(slot, key)
        if kept:
            slots.keep(slot, visit + ahead)
        else:
            slots.used(slot, visit, visit + ahead if ahead else NEVER)


def test_spare_slots_rotate() -> None:
    """The slot let go first is given first, so that the next piece can come early."""
    slots = Slots(3)
    for n, key in enumerate("abc"):
        slot = slots.victim()
        slots.give(slot, key)
        slot.writer = n
        slots.used(slot, n, NEVER)
    assert [slots.find(key).number for key in "abc"] == [0, 1, 2]  # type: ignore[union-attr]
    assert slots.victim().key == "a"
