"""The exact tiling against all plans of small bindings drawn at random."""

from __future__ import annotations

from random import Random

import pytest

from isamap.check.tiling import check_tiling
from isamap.ir.effort import Effort
from isamap.tiling import tile_exactly
from tests.nests import scheduled
from tests.tiling.every_plan import best, random_binding

OBJECTIVES = ("latency", "latency", "energy", "traffic", "edp")
INSTANCES, AT_ONCE = 150, 25


@pytest.mark.parametrize("first", range(0, INSTANCES, AT_ONCE))
def test_the_optimum_is_that_of_all_plans(first: int) -> None:
    """Equal where there is a plan, infeasible where there is none; every answer is right and can be scheduled."""
    for seed in range(first, first + AT_ONCE):
        rng = Random(seed)
        work, binding = random_binding(rng)
        objective = OBJECTIVES[seed % len(OBJECTIVES)]
        least = best(binding, objective)
        found = tile_exactly(binding, objective=objective, effort=Effort(30, 1))
        if least is None:
            assert (found.status, found.answer) == ("infeasible", None), seed
            continue
        assert found.status == "optimal", seed
        assert found.value == pytest.approx(least, rel=2e-3 if objective == "edp" else 1e-9), seed
        assert found.answer is not None
        assert check_tiling(found.answer, work, binding.target) == [], seed
        assert scheduled(binding, found.answer).latency_cycles > 0
