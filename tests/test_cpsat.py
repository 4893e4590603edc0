"""Running CP-SAT: limits, history, hints, and Ctrl-C."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest
from ortools.sat.python import cp_model

from isamap import cpsat
from isamap.ir.effort import Effort

ROOT = Path(__file__).resolve().parents[1]


def job_shop(jobs: int, *, hint: str = "") -> cp_model.CpModel:
    """Every job passes four machines in an order of its own; ``hint`` is complete, part of it, or wrong."""
    chance, model = random.Random(jobs), cp_model.CpModel()
    machines: dict[int, list[cp_model.IntervalVar]] = {}
    end, now, hints = model.new_int_var(0, 5000, "end"), 0, []
    for _ in range(jobs):
        ready: cp_model.LinearExprT = 0
        for machine in chance.sample(range(4), 4):
            start, cycles = model.new_int_var(0, 5000, ""), chance.randint(3, 30)
            machines.setdefault(machine, []).append(model.new_fixed_size_interval_var(start, cycles, ""))
            model.add(start >= ready)
            ready = start + cycles
            hints.append((start, now))
            now += cycles
        model.add(end >= ready)
    for intervals in machines.values():
        model.add_no_overlap(intervals)
    model.minimize(end)
    for start, value in hints if hint else []:
        model.add_hint(start, 0 if hint == "wrong" else value)
    if hint in ("complete", "wrong"):
        model.add_hint(end, now)
    return model


def test_an_optimum_with_its_history() -> None:
    told: list[tuple[float | None, float | None]] = []
    solver = cp_model.CpSolver()
    found = cpsat.run(
        solver, job_shop(6, hint="complete"), Effort(20), lambda value, bound: told.append((value, bound))
    )
    assert found.status == "optimal"
    assert found.value == found.bound == solver.objective_value
    assert [(m.value, m.bound) for m in found.history] == told
    assert told[-1] == (found.value, found.bound)


@pytest.mark.parametrize(
    ("hint", "said"), [("", ""), ("complete", "accepted"), ("some", "incomplete"), ("wrong", "infeasible")]
)
def test_what_became_of_the_hint(hint: str, said: str) -> None:
    assert cpsat.run(cp_model.CpSolver(), job_shop(6, hint=hint), Effort(20)).hint == said


def test_no_time_is_unknown() -> None:
    found = cpsat.run(cp_model.CpSolver(), job_shop(40), Effort(0))
    assert (found.status, found.value, found.found) == ("unknown", None, False)


def test_infeasible() -> None:
    model = cp_model.CpModel()
    number = model.new_int_var(0, 3, "")
    model.add(number > 4)
    assert cpsat.run(cp_model.CpSolver(), model, Effort(5)).status == "infeasible"


def test_deterministic_runs_are_equal() -> None:
    effort = Effort(1, deterministic=True)
    one, other = (cpsat.run(cp_model.CpSolver(), job_shop(30, hint="complete"), effort) for _ in range(2))
    assert one == other
    assert one.seconds == 0.0


INTERRUPTED = """
import os, signal, sys, threading
from ortools.sat.python import cp_model
from isamap import cpsat
from isamap.ir.effort import Effort
from tests.test_cpsat import hard

found = cpsat.run(cp_model.CpSolver(), hard(), Effort(60), lambda value, bound: value and ring())
print(found.status, found.interrupted, signal.getsignal(signal.SIGINT) is signal.default_int_handler)
"""


def hard() -> cp_model.CpModel:
    """A packing that nobody proves soon."""
    chance, model = random.Random(1), cp_model.CpModel()
    height, boxes = model.new_int_var(0, 9999, ""), []
    for _ in range(60):
        wide, high, left = chance.randint(2, 40), chance.randint(2, 40), chance.randint(0, 60)
        at = model.new_int_var(0, 9999, "")
        boxes.append(
            (model.new_fixed_size_interval_var(left, wide, ""), model.new_fixed_size_interval_var(at, high, ""))
        )
        model.add(at + high <= height)
    model.add_no_overlap_2d([side for side, _ in boxes], [side for _, side in boxes])
    model.minimize(height)
    return model


def test_ctrl_c_keeps_the_best_answer() -> None:
    """The signal comes when there is a first answer; afterwards Python hears the next one as before."""
    ring = "ring = lambda: os.kill(os.getpid(), signal.SIGINT)\n"
    code = INTERRUPTED.replace("found =", ring + "found =", 1)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=100, cwd=ROOT, check=False
    )
    assert done.stdout.split() == ["feasible", "True", "True"], done.stderr
