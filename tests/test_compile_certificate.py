"""Small kernels are proved over every match, cut and schedule: as brute force says, and no heuristic is better."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from math import inf

import pytest

from isamap.bounds.cut import CutBound
from isamap.compile import Compiled, Options, compile_workload
from isamap.errors import Infeasible
from isamap.ir.binding import bind
from isamap.ir.effort import Effort
from isamap.mapping.match import map_workload
from isamap.plan.cuts import candidates, tiles
from isamap.scheduling import Whole, best_below, list_schedule, whole
from isamap.scheduling.acyclic.body import Key
from isamap.spec import load_target, load_workload
from isamap.tiling import tilings

EXACT = Options(method="exact", time_limit_s=40.0, deterministic=True)
PROVED = [
    ("gemm", "tiny", {"M": 2, "N": 2, "K": 12}, 18),
    ("gemm", "tiny", {"M": 4, "N": 6, "K": 9}, 60),
    ("gemv", "tiny", {"M": 6, "K": 7}, 25),
    ("conv1d", "tiny", {"K": 2, "C": 2, "P": 6, "R": 3}, 24),
    ("gemm", "tiles", {"M": 16, "N": 16, "K": 64, "in": "s16"}, 136),
    ("batch_gemm", "tiles", {"BATCH": 2, "M": 16, "N": 16, "K": 16, "in": "s16"}, 96),
    ("gemm", "gemmini", {"M": 20, "N": 16, "K": 20}, 204),
]


@pytest.mark.parametrize(("kernel", "machine", "settings", "cycles"), PROVED)
def test_small_kernels_are_proved(kernel: str, machine: str, settings: dict[str, object], cycles: int) -> None:
    answer = compile_workload(load_workload(kernel, settings), load_target(machine), EXACT)
    assert answer.checked
    assert (answer.solved.status, answer.simulation.latency_cycles) == ("optimal", cycles)
    certificate = answer.certificate
    assert certificate is not None
    assert (certificate.value, certificate.bound) == (cycles, cycles)
    assert certificate.kind == ("trusted" if certificate.closed else "verified")
    assert certificate.candidates > 0 < len(certificate.matches)


def test_a_large_kernel_has_the_closed_form_alone() -> None:
    work, target = load_workload("gemm", {"M": 64, "N": 64, "K": 64, "in": "s16", "acc": "s16"}), load_target("p16")
    answer = compile_workload(work, target, Options(method="heuristic"))
    assert answer.certificate is not None
    assert (answer.certificate.kind, answer.certificate.searched) == ("verified", False)
    assert answer.certificate.bound == answer.solved.bound


@pytest.mark.parametrize(
    ("kernel", "machine", "settings"),
    [
        ("gemm", "tiny", {"M": 2, "N": 2, "K": 8}),
        ("gemm", "tiny", {"M": 2, "N": 3, "K": 3}),
        ("gemm", "tiny", {"M": 1, "N": 4, "K": 4}),
        ("conv1d", "tiny", {"K": 1, "C": 1, "P": 3, "R": 2}),
        ("gemv", "tiny", {"M": 3, "K": 4}),
    ],
)
def test_cuts_equal_brute_force(kernel: str, machine: str, settings: dict[str, object]) -> None:
    """Of every cut of at most seven tasks: the best order of all, no less than the bound, no better than the answer."""
    answer = compile_workload(load_workload(kernel, settings), load_target(machine), EXACT)
    assert answer.solved.status == "optimal"
    few = [(bound, cut) for bound, cut in every_cut(answer) if cut.tasks <= 7]
    assert few
    for bound, cut in few[:: max(1, len(few) // 12)]:
        best = min(latency(cut, order) for order in permutations(tasks(cut)))
        found = best_below(cut, 1000, Effort(20.0, 1, 0, True), 0)
        assert found.schedule is not None
        assert found.outcome.status == "optimal"
        assert bound <= best == found.schedule.latency_cycles
        assert answer.simulation.latency_cycles <= best


@pytest.mark.parametrize(("kernel", "machine", "settings", "cycles"), PROVED)
def test_no_heuristic_is_better(kernel: str, machine: str, settings: dict[str, object], cycles: int) -> None:
    work, target = load_workload(kernel, settings), load_target(machine)
    for one in map_workload(work, target)[0]:
        for match in one.with_swap[:4]:
            binding = bind(work, match, target)
            try:
                found = tilings(binding, most=4)
            except Infeasible:  # transfers do not carry its pieces
                continue
            for tiling in found:
                assert list_schedule([(binding, tiling)], target).latency_cycles >= cycles


def every_cut(answer: Compiled) -> Iterator[tuple[int, Whole]]:
    assert answer.certificate is not None
    for match in answer.certificate.matches:
        binding = bind(answer.work, match, answer.target)
        every = (one for tile in tiles(binding) for one in candidates(binding, CutBound(binding, tile), inf))
        for one in every:
            if one is not None and one.bound_cycles <= 1.5 * answer.simulation.latency_cycles:
                yield one.bound_cycles, whole(answer.work, [(binding, dict(one.tile), dict(one.pieces))])


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
        cost, after = costs[key], 0
        if kind == "compute":
            computation = body.computations[n]
            needed = [one for one in costs if one[0] == "load" and one[1] in computation.pieces and one[2] == 0]
            needed += [("compute", c, 0, 0) for c in body.of_tile(computation.tile) if ("compute", c, 0, 0) in ready]
            cost = computation.more if computation.tile in opened else computation.first
            opened.add(computation.tile)
        else:
            needed = [("compute", c, 0, 0) for c in body.of_tile(n)] if kind == "store" else []
        if any(one not in ready for one in needed):
            return inf
        after = max([free.get(cost.queue, 0), *(ready[one] for one in needed)])
        free[cost.queue], ready[key] = after + cost.interval, after + cost.latency
    return max(ready.values())


def test_nothing_is_proved_of_one_way_where_another_may_be_better() -> None:
    """As a band it may take 18 cycles, as far as closed forms know; all cuts were searched of it as it stands."""
    work = load_workload("p16/dw", {"C": 1, "P": 16, "Q": 4})
    answer = compile_workload(work, load_target("p16"), EXACT)
    assert answer.checked
    assert (answer.solved.status, answer.solved.bound) == ("feasible", 18.0)
