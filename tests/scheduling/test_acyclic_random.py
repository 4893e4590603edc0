"""Random bodies: the solver's best latency is that of trying everything, and so is the verdict that nothing fits."""

from __future__ import annotations

from random import Random

import pytest

from isamap.ir.effort import Effort
from isamap.scheduling.acyclic.solve import solve
from tests.scheduling.bodies import horizon, random_body, random_pair
from tests.scheduling.everything import TooManyStates, least_latency

MOST_STATES = 200  # beyond, an instance is passed over: it would take seconds to try everything


@pytest.mark.parametrize("part", range(5))
def test_the_best_of_everything_tried(part: int) -> None:
    """A hundred instances each, some of them impossible."""
    compared, impossible, seed = 0, 0, 1000 * part
    while compared < 100:
        seed += 1
        given = random_body(Random(seed))
        try:
            wanted = least_latency(given, MOST_STATES)
        except TooManyStates:
            continue
        answer = solve(given, horizon(given), Effort(10, deterministic=True))
        found = answer.plan.latency_cycles if answer.plan is not None else None
        assert answer.outcome.status == ("infeasible" if wanted is None else "optimal"), f"seed {seed}"
        assert found == wanted, f"seed {seed}"
        compared, impossible = compared + 1, impossible + (wanted is None)
    assert 10 < impossible < 75


def test_two_einsums_equal_everything_tried() -> None:
    """Through the outer memory and on chip; some do not fit."""
    compared, impossible, chained, seed = 0, 0, 0, 0
    while compared < 150:
        seed += 1
        given = random_pair(Random(seed))
        try:
            wanted = least_latency(given, 10 * MOST_STATES)
        except TooManyStates:
            continue
        answer = solve(given, horizon(given), Effort(10, deterministic=True))
        found = answer.plan.latency_cycles if answer.plan is not None else None
        assert answer.outcome.status == ("infeasible" if wanted is None else "optimal"), f"seed {seed}"
        assert found == wanted, f"seed {seed}"
        compared, impossible = compared + 1, impossible + (wanted is None)
        chained += bool(given.alike)
    assert 5 < impossible < 75
    assert chained > 20


def test_what_may_change_places_changes_nothing() -> None:
    """The symmetry rules alter no optimum; without them a proof may take longer than it is given."""
    seen = 0
    for seed in range(40):
        given = random_body(Random(seed))
        if not given.alike:
            continue
        effort = Effort(2, deterministic=True)
        best = solve(given, horizon(given), effort).outcome
        free = solve(given, horizon(given), effort, without=("alike", "copies")).outcome
        if best.status == "optimal" == free.status:
            assert best.value == free.value
            seen += 1
        assert (best.status == "infeasible") == (free.status == "infeasible")
    assert seen > 5
