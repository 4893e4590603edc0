"""Cuts of several einsums together: all that there are, and no bound above what a solver finds."""

from __future__ import annotations

from itertools import product
from math import prod

import pytest

from isamap.bounds.profile import Profile, Share
from isamap.bounds.several import Link, bound_cycles
from isamap.ir.effort import Effort
from isamap.plan.by_profile import least
from isamap.plan.together import Together
from isamap.scheduling import best_below, whole
from tests.check.test_certificate_several import CASES, case, some

LOADED = Profile((Share("bus", "load A", 4, 5), Share("unit", "issue", 3, 1)), 9, 2, 2, 0, 3, 3, (("A", 9),))
READS_T = Profile((Share("bus", "load T", 2, 5), Share("unit", "issue", 4, 1)), 6, 2, 2, 0, 3, 3, (("T", 6),))
LINKS = [Link("T", frozenset({"A"}), False), Link("C", frozenset({"T"}), True)]
ROOM = {"bus": 1, "unit": 1}


def test_the_bound_by_hand() -> None:
    """T's first tile is out after 9 + 2 + 3, and a piece of it in after 6 more. On the unit come 4 cycles from then on,
    1 more to the last result and 3 out: 28. With four units the bus tells more: after 14 the loads of T take it for 2,
    5 more to a result, then 2 and 3: 26. Of the first einsum alone: 9, its 3 on the unit, 1 and 3."""
    assert bound_cycles([LOADED, READS_T], LINKS, ROOM) == 14 + 6 + 4 + 1 + 3
    assert bound_cycles([LOADED, READS_T], LINKS, {"bus": 1, "unit": 4}) == 14 + 2 + 5 + 2 + 3
    assert bound_cycles([LOADED], [Link("T", frozenset({"A"}), True)], ROOM) == 9 + 3 + 1 + 3


def test_what_stays_is_waited_for_in_the_unit_alone() -> None:
    """No load of T: the second einsum begins 2 after the first has begun, which has nothing to bring out."""
    first = Profile((Share("unit", "issue", 3, 0),), 9, 2, 2, 0, 0, 0, (("A", 9),))
    second = Profile((Share("unit", "issue", 4, 0),), 0, 2, 2, 0, 3, 3, ())
    assert bound_cycles([first, second], LINKS, ROOM) == 9 + 3 + 4 + 3


def issues(candidate: Together) -> int:
    cuts = ((one.binding.extents, dict(one.tile)) for one in candidate.cuts)
    return sum(prod(-(-extent // tile[x]) for x, extent in extents.items()) for extents, tile in cuts)


@pytest.mark.parametrize("name", CASES)
def test_no_bound_is_above_the_optimum(name: str) -> None:
    """Of random candidates, solved from nothing; what passes on chip takes no bytes there."""
    solved = 0
    for candidate in sorted(some(name, 20), key=issues)[:6]:
        cut = whole(case(name)[0], [(one.binding, dict(one.tile), dict(one.pieces)) for one in candidate.cuts])
        found = best_below(cut.anyhow, 4 * candidate.bound_cycles, Effort(1.5, deterministic=True), 0).outcome
        if cut.tasks < 45 and found.status == "optimal":
            assert found.value is not None
            assert candidate.bound_cycles <= found.value
            solved += 1
    assert solved > 1


@pytest.mark.parametrize("name", ["gemm and relu tiny", "gate tiny"])
def test_all_candidates_below_a_value_are_found(name: str) -> None:
    found = case(name)[3]
    every = [
        (staying, profiles)
        for staying, cuts in found.cuts.items()
        for profiles in product(*(one.by_profile for one in cuts))
    ]
    bounds = [found.bound(profiles) for _, profiles in every]
    assert found.least_cycles <= min(bounds) == found.least_from(0.0, 1e6)
    for below in sorted(set(bounds))[1:3]:
        wanted = sum(
            prod(len(one.by_profile[p]) for one, p in zip(found.cuts[staying], profiles, strict=True))
            for (staying, profiles), bound in zip(every, bounds, strict=True)
            if bound < below
        )
        listed = found.found(float(below))
        assert listed is None or len(listed) == wanted
        assert listed is None or all(one.bound_cycles < below for one in listed)
    assert found.found(float(min(bounds))) == []


def test_least_of_profiles() -> None:
    other = Profile((Share("unit", "issue", 1, 7),), 1, 9, 9, 9, 9, 9, ())
    assert least([LOADED, other]) == Profile((Share("unit", "issue", 1, 1),), 1, 2, 2, 0, 3, 3, (("A", 0),))
