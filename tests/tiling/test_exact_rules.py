"""Every rule of the formulation is needed: a small instance with a known optimum that is wrong without it."""

from __future__ import annotations

from functools import cache

import pytest
from ortools.sat.python import cp_model

from isamap.ir.binding import Binding
from isamap.spec import load_target, load_workload
from isamap.tiling.exact.formulation import REDUNDANT, RULES
from isamap.tiling.exact.formulation import __doc__ as text
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


OPTIMA = {  # in quarters of a cycle and one for each issue; in 1/1024 of a byte and one for each issue
    # A, B and C cross once, 32 bytes each: four pieces of A are held, B and C come and go in eight; 16 computations, 8
    # drains.
    ("gemm", "traffic"): 1024 * 96 + 4 + 8 + 8 + 16 + 8,
    # Where pieces are loaded ahead there is no room for all of A: it comes twice, B and C once, in 16 + 8 + 8 cycles of
    # the bus; 1 + 1 cycles until the first computation, 1 + 2 after the last; 16 + 8 + 4 transfers and 16 + 4 others.
    ("gemm", "latency"): 4 * (32 + 5) + 48,
    # Four tiles of 2 cycles, one cycle for the second row of A to come, and 4 at the ends; 4 computations and drains, 4
    # stores and 2 + 2 loads.
    ("points", "latency"): 4 * (8 + 1 + 4) + 16,
    # The bus is busy for 3 * 32 + 9 + 36 cycles with three bands of the image, the filter and 18 tiles of two points
    # (126 cycles of computing). While a band comes (32), four tiles (7 each) can wait. Ends: 32 + 9 + 2 + 1.
    ("window", "latency"): 4 * (141 + 44) + 58,
    # 100 x 100 points are summed over, at most 4096 at a time: A, B and the one tile of C in three issues each but for
    # one drain and one store.
    ("two reductions", "traffic"): 1024 * (40_000 + 40_000 + 8) + 3 * 3 + 2,
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
