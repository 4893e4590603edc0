"""Small kernels of several einsums are proved over every match, cut and place to pass: as brute force says."""

from __future__ import annotations

from itertools import permutations
from math import inf

import pytest

from isamap.compile import Compiled, Options, compile_workload
from isamap.ir.effort import Effort
from isamap.plan.passing import between
from isamap.plan.several import several
from isamap.plan.together import Together
from isamap.scheduling import Whole, best_below, whole
from isamap.scheduling.acyclic.body import Key
from isamap.spec import load_target, load_workload

EXACT = Options(method="exact", time_limit_s=60.0, deterministic=True)
PROVED = [
    ("gemm_relu", "tiny", {"M": 4, "N": 4, "K": 4}, 24),
    ("gemm_relu", "vliw4", {"M": 3, "N": 3, "K": 8}, 25),
    ("gru_gate", "tiny", {"BATCH": 1, "INPUTS": 2, "UNITS": 2}, 10),
    ("depthwise_pointwise", "vliw4", {"C": 2, "K": 2, "P": 3, "R": 2}, 28),
    ("attention_products", "vliw4", {"M": 2, "N": 2, "D": 3}, 27),
]


@pytest.mark.parametrize(("kernel", "machine", "sizes", "cycles"), PROVED)
def test_small_kernels_are_proved(kernel: str, machine: str, sizes: dict[str, int], cycles: int) -> None:
    answer = compile_workload(load_workload(kernel, sizes), load_target(machine), EXACT)
    assert answer.checked
    assert (answer.solved.status, answer.simulation.latency_cycles) == ("optimal", cycles)
    certificate = answer.certificate
    assert certificate is not None
    assert (certificate.value, certificate.bound) == (cycles, cycles)
    assert all(len(closed.cuts) == len(answer.work.einsums) for closed in certificate.closed)


def test_cuts_of_two_einsums_equal_brute_force() -> None:
    """Of some of at most seven tasks: the best order of all, no less than the bound, no better than the answer."""
    work, target = load_workload("gemm_relu", {"M": 2, "N": 1, "K": 4}), load_target("tiny")
    answer = compile_workload(work, target, EXACT)
    assert answer.solved.status == "optimal"
    seen = set()
    every = candidates(answer)
    cuts = [whole(work, [(o.binding, dict(o.tile), dict(o.pieces)) for o in one.cuts]) for one in every]
    few = [(candidate, cut) for candidate, cut in zip(every, cuts, strict=True) if cut.tasks <= 7]
    for candidate, cut in few[:: max(1, len(few) // 12)]:
        best = min(latency(cut, order) for order in permutations(tasks(cut)))
        found = best_below(cut, 1000, Effort(20.0, 1, 0, True), 0)
        assert found.schedule is not None
        assert found.outcome.status == "optimal"
        assert candidate.bound_cycles <= best == found.schedule.latency_cycles
        assert answer.simulation.latency_cycles <= best
        seen.add((candidate.staying, best))
    assert {staying for staying, _ in seen} == {(), (("T", "local"),)}


def candidates(answer: Compiled) -> list[Together]:
    assert answer.certificate is not None
    matches = answer.certificate.matches or [m for one in answer.matches for m in one.with_swap]
    found = several(answer.work, answer.target, matches, 1e6, 10_000, lambda: False)
    assert found is not None
    listed = found.found(2.5 * answer.simulation.latency_cycles)
    assert listed is not None
    return listed


def tasks(cut: Whole) -> list[Key]:
    return [key for key, _ in cut.reading.body.tasks() if key[2] == 0]


def latency(cut: Whole, order: tuple[Key, ...]) -> float:
    """When all is stored if the tasks of every queue come in ``order``, each as soon as it can, where all fits."""
    body, costs = cut.reading.body, dict(cut.reading.body.tasks())
    free: dict[str, int] = {}
    ready: dict[Key, int] = {}
    opened: set[int] = set()
    for key in order:
        kind, n, *_ = key
        cost = costs[key]
        if kind == "compute":
            computation = body.computations[n]
            needed = [one for one in costs if one[0] == "load" and one[1] in computation.pieces]
            needed += [("compute", c, 0, 0) for c in body.of_tile(computation.tile) if ("compute", c, 0, 0) in ready]
            needed += [("compute", c, 0, 0) for tile in computation.tiles for c in body.of_tile(tile)]
            cost = computation.more if computation.tile in opened else computation.first
            opened.add(computation.tile)
        elif kind == "load":
            needed = [one for one in costs if one[0] == "store" and one[1] in body.pieces[n].tiles]
        else:
            needed = [("compute", c, 0, 0) for c in body.of_tile(n)]
        if any(one not in ready for one in needed):
            return inf
        start = max([free.get(cost.queue, 0), *(ready[one] for one in needed)])
        free[cost.queue], ready[key] = start + cost.interval, start + cost.latency
    return max(ready.values())


def test_kernels_that_do_not_simply_follow_each_other_are_not_searched() -> None:
    work = load_workload("gemm_relu", {"M": 2, "N": 2, "K": 2})
    assert between(work) == ["T"]
    assert several(work, load_target("tiny"), [], 100.0, 1000, lambda: False) is None
