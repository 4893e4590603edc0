"""Every rule of the formulation is needed: a small instance with a known optimum that is wrong without it."""

from __future__ import annotations

from functools import cache

import pytest
from ortools.sat.python import cp_model

from isamap.ir.binding import Binding
from isamap.spec import load_target, load_workload
from isamap.tiling.exact.formulation import REDUNDANT, RULES, __doc__ as text
from isamap.tiling.exact.gather import givens
from isamap.tiling.exact.variables import Model, variables
from tests.nests import S16, binding_of, bindings_of
from tests.tiling.every_plan import with_capacity

TWO_REDUCTIONS = """
name: two
sizes: {M: 2, N: 2, K: 100, L: 100}
tensors:
  A: {dtype: s16, shape: [M, K, L]}
  B: {dtype: s16, shape: [K, L, N]}
  C: {dtype: s16, shape: [M, N]}
einsums:
  - C[m,n] += A[m,k,l] * B[k,l,n]
"""


@cache
def instance(name: str) -> Binding:
    """A kernel on p16 with a small array, a narrow bus and hardly any scratchpad."""
    if name == "two reductions":
        return bindings_of(load_workload(TWO_REDUCTIONS), "p16")[0]
    kernel, sizes, side, bus, spad = {
        "gemm": ("gemm", {"M": 4, "N": 4, "K": 4}, 2, 4, 40),
        "points": ("gemm", {"M": 2, "N": 2, "K": 2}, 1, 8, 100),
        "window": ("depthwise_conv2d", {"C": 1, "P": 6, "Q": 6, "R": 3, "S": 3}, 2, 2, 200),
    }[name]
    machine = load_target("p16", {"array_rows": side, "array_columns": side, "bus_bytes_per_cycle": bus})
    return binding_of(kernel, with_capacity(machine, "spad", spad), sizes | S16)


OPTIMA = {
    # 2 x 2 x 4 at a time. A, B and C are 32 bytes each and cross once, in 8 + 8 + 8 cycles of the bus, where the units
    # are busy for 16; 44 transfers, computations and drains take 1/1024 byte each.
    ("gemm", "traffic"): 1024 * 96 + 44,
    ("gemm", "latency"): 196,
    # One point at a time: 4 tiles of 2 cycles; what is held for both rows comes while the first one is computed.
    ("points", "latency"): 68,
    # 9 cycles of two-byte lanes per tile and a piece of a window that takes longer than three tiles.
    ("window", "latency"): 798,
    # 100 x 100 points are summed over, 4096 at a time at most: three issues on the one tile.
    ("two reductions", "traffic"): 0,
}

NEEDED = {  # rule: an instance, an objective, and what the model believes without it
    "cut": ("gemm", "latency"),  # that blocks and tiles are as few as it likes
    "range": ("two reductions", "traffic"),  # that one issue sums over 10,000 points
    "order": ("gemm", "latency"),  # that A stays across the loop over n, and B across m outside of it
    "again": ("gemm", "latency"),  # that every piece comes once
    "kept": ("gemm", "latency"),  # that one slot holds a whole tensor
    "sums": ("gemm", "traffic"),  # that a sum that is let go is complete
    "runs": ("points", "latency"),  # that all of what is held is in use until it is let go
    "pieces": ("gemm", "latency"),  # that pieces weigh nothing
    "buffers": ("gemm", "latency"),  # that nothing needs a slot
    "accumulate": ("gemm", "traffic"),  # that two accumulators hold any number of tiles
    "capacity": ("gemm", "latency"),  # that everything fits
    "work": ("gemm", "latency"),  # that units do nothing
    "carry": ("gemm", "traffic"),  # that nothing moves
    "busy": ("gemm", "latency"),  # that queues serve everyone at once
    "bursts": ("points", "latency"),  # that pieces are there as soon as a slot is free
    "backlog": ("window", "latency"),  # that stores never wait for a long load
    "ends": ("gemm", "latency"),  # that it ends before it begins
    "cost": ("gemm", "latency"),  # that there is nothing to minimise
}


def model_without(binding: Binding, objective: str, *dropped: str) -> Model:
    m = variables(givens(binding), objective)
    for name, rule in RULES.items():
        if name not in dropped:
            rule(m)
    return m


def optimum(m: Model) -> float | None:
    """The least value, None where there is none."""
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_deterministic_time = 60
    assert solver.solve(m.model) == cp_model.OPTIMAL
    return solver.objective_value if m.model.has_objective() else None


@cache
def proved(name: str, objective: str) -> float | None:
    return optimum(model_without(instance(name), objective))


@pytest.mark.parametrize(("name", "objective"), OPTIMA)
def test_the_optimum_is_what_it_is_said_to_be(name: str, objective: str) -> None:
    assert proved(name, objective) == OPTIMA[name, objective]


@pytest.mark.parametrize("rule", NEEDED)
def test_no_rule_can_be_dropped(rule: str) -> None:
    name, objective = NEEDED[rule]
    found = optimum(model_without(instance(name), objective, rule))
    assert found is None or found < OPTIMA[name, objective]


def test_a_hold_across_blocks_is_one_across_tiles() -> None:
    """Rule blocks: A cannot stay across the blocks of n and be let go between the tiles of m."""
    feasible = {}
    for dropped in ((), ("blocks",)):
        m = model_without(instance("gemm"), "latency", *dropped)
        m.model.add(m["outer", "A", "n"] == 1)
        m.model.add(m["inner", "A", "m"] == 0)
        m.model.clear_objective()
        feasible[dropped] = cp_model.CpSolver().solve(m.model) in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    assert feasible == {(): False, ("blocks",): True}


def test_redundant_rules_change_no_optimum() -> None:
    for name, objective in (("gemm", "latency"), ("gemm", "traffic"), ("window", "latency")):
        m = model_without(instance(name), objective)
        for rule in REDUNDANT.values():
            rule(m)
        assert optimum(m) == OPTIMA[name, objective]


def test_the_docstring_has_every_rule() -> None:
    assert text is not None
    named = {line[12:24].strip() for line in text.split("Rules")[1].split("Objective")[0].splitlines()[0:]}
    named |= {text.split("Rules")[1].split()[0], "bounds"}
    assert set(RULES) | set(REDUNDANT) <= named
    assert set(NEEDED) | {"blocks"} == set(RULES)
