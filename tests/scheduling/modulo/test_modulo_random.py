"""Random loop bodies: interval, bytes and length are those of trying everything, and so is the verdict of none."""

from __future__ import annotations

from random import Random

import pytest

from isamap.check.modulo import check_modulo
from isamap.errors import Infeasible
from isamap.ir.effort import Effort
from isamap.ir.loop_body import LoopBody
from isamap.scheduling.modulo import pipeline
from isamap.scheduling.modulo.ask import ask
from isamap.scheduling.modulo.bound import interval_bound, roomy_interval
from isamap.scheduling.modulo.formulation import formulate
from isamap.scheduling.modulo.greedy import greedy
from tests.scheduling.modulo.bodies import Best, best, random_body

EFFORT = Effort(20, deterministic=True)


def solved(given: LoopBody) -> Best | None:
    """By the solver, everything proved and checked."""
    try:
        found = pipeline(given, EFFORT)
    except Infeasible:
        return None
    schedule = found.solved.answer
    assert schedule is not None
    assert check_modulo(schedule, given) == []
    assert found.solved.status == "optimal"
    answer = (schedule.initiation_interval_cycles, schedule.buffer_bytes(given), schedule.length_cycles(given))
    assert answer == (found.solved.bound, found.bytes_bound, found.length_bound_cycles)
    assert set(found.hints) <= {"accepted"}
    return answer


@pytest.mark.parametrize("part", range(4))
def test_the_best_of_everything_tried(part: int) -> None:
    """A hundred bodies each, some of which no interval makes fit, and some whose interval is above its bound."""
    impossible, above, deep = 0, 0, 0
    for seed in range(100 * part, 100 * part + 100):
        given = random_body(Random(seed))
        wanted = best(given)
        assert solved(given) == wanted, f"seed {seed}"
        impossible += wanted is None
        above += wanted is not None and wanted[0] > interval_bound(given)
        deep += wanted is not None and wanted[1] > sum(buffer.slot_bytes for buffer in given.buffers)
    assert impossible > 0
    assert above > 5
    assert deep > 5


def test_greedy_schedules_are_sound() -> None:
    """And never below the bound; most bodies that have a schedule get one."""
    found, possible = 0, 0
    for seed in range(60):
        given = random_body(Random(seed))
        schedule = greedy(given)
        possible += best(given) is not None
        if schedule is not None:
            assert check_modulo(schedule, given) == [], f"seed {seed}"
            assert schedule.initiation_interval_cycles >= interval_bound(given)
            found += 1
    assert found > 0.9 * possible


def test_what_is_possible_at_an_interval_is_so_at_the_next() -> None:
    """And what is impossible at the roomy one is so beyond."""
    for seed in range(40):
        given = random_body(Random(seed))
        last = roomy_interval(given)
        verdicts = [ask(formulate(given, n), EFFORT).outcome.status for n in range(1, last + 4)]
        assert set(verdicts) <= {"optimal", "infeasible"}
        assert verdicts == sorted(verdicts), f"seed {seed}"  # infeasible ones first
        assert len(set(verdicts[last - 1 :])) == 1
